"""Timecode: labels, drop-frame, days, and what a container states."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.media.start_timecode import find_doubts, find_start_timecode
from subtitled.media.timecode import (
    StartTimecode,
    TimecodeError,
    TimecodeRate,
    find_rate,
    format_timecode,
    parse_timecode,
)

NTSC = Fraction(30000, 1001)
RATES = [
    TimecodeRate(Fraction(24000, 1001)),
    TimecodeRate(Fraction(24)),
    TimecodeRate(Fraction(25)),
    TimecodeRate(NTSC),
    TimecodeRate(NTSC, is_drop_frame=True),
    TimecodeRate(Fraction(30)),
    TimecodeRate(Fraction(50)),
    TimecodeRate(Fraction(60000, 1001), is_drop_frame=True),
    TimecodeRate(Fraction(120000, 1001), is_drop_frame=True),
]


def test_an_hour_of_drop_frame_has_107_892_labels_and_each_comes_back() -> None:
    rate = TimecodeRate(NTSC, is_drop_frame=True)
    labels = [format_timecode(frame, rate) for frame in range(107_892)]
    assert len(set(labels)) == 107_892
    read = (parse_timecode(label, NTSC) for label in labels)
    assert all(found == (frame, rate) for frame, found in enumerate(read))
    assert labels[-1] == "00:59:59;29"
    assert format_timecode(107_892, rate) == "01:00:00;00"
    skipped = {f"00:{m:02d}:00;{f:02d}" for m in range(60) if m % 10 for f in (0, 1)}
    assert len(skipped) == 108
    assert not skipped & set(labels)


def test_a_label_that_drop_frame_leaves_out_is_refused() -> None:
    for minute in range(60):
        for frame in (0, 1):
            label = f"00:{minute:02d}:00;{frame:02d}"
            if minute % 10:
                with pytest.raises(TimecodeError, match="leaves out"):
                    parse_timecode(label, NTSC)
            else:
                assert parse_timecode(label, NTSC)[0] >= 0


@given(st.sampled_from(RATES), st.data())
def test_every_frame_of_a_day_has_one_label(rate: TimecodeRate, data: st.DataObject) -> None:
    frame = data.draw(st.integers(0, rate.frames_a_day - 1))
    label = format_timecode(frame, rate)
    assert parse_timecode(label, rate.fps) == (frame, rate)
    assert format_timecode(frame + rate.frames_a_day, rate) == label
    assert (format_timecode(frame + 1, rate) > label) == (frame + 1 < rate.frames_a_day)


@given(st.sampled_from(RATES), st.floats(0, 86_000))
def test_a_label_is_at_most_half_a_frame_from_its_time(rate: TimecodeRate, seconds: float) -> None:
    start = StartTimecode(0, rate)
    frame = start.frame_at(seconds)
    assert abs(start.seconds_of(frame) - seconds) <= float(1 / rate.fps) / 2 + 1e-9


def test_drop_frame_keeps_up_with_the_clock_and_non_drop_frame_does_not() -> None:
    assert StartTimecode(0, TimecodeRate(NTSC, True)).label_at(3600) == "01:00:00;00"
    assert StartTimecode(0, TimecodeRate(NTSC)).label_at(3600) == "00:59:56:12"


def test_a_programme_that_begins_before_midnight_goes_on_from_zero() -> None:
    frame, rate = parse_timecode("23:59:59:00", 25)
    start = StartTimecode(frame, rate)
    assert start.label_at(1.0) == "00:00:00:00"
    assert start.seconds_of(parse_timecode("00:00:01:00", 25)[0]) == 2.0


@pytest.mark.parametrize(
    ("stated", "exact"),
    [
        (29.97, NTSC),
        (Fraction(2997, 100), NTSC),
        (Fraction(19001, 634), NTSC),
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (25.0, Fraction(25)),
        (30.0, Fraction(30)),
        (12.5, Fraction(25, 2)),
    ],
)
def test_a_rounded_rate_is_the_rate_of_television(
    stated: float | Fraction, exact: Fraction
) -> None:
    assert find_rate(stated).fps == exact


@pytest.mark.parametrize(
    ("label", "fps"),
    [
        ("01:00:00;00", 25),
        ("01:00:00;00", 30),
        ("01:00:00;00", 24000 / 1001),
        ("24:00:00:00", 25),
        ("00:60:00:00", 25),
        ("00:00:60:00", 25),
        ("00:00:00:25", 25),
        ("00:00:00:30", NTSC),
        ("1:2:3", 25),
        ("", 25),
        ("٠١:00:00:00", 25),
        ("01:00:00:00", 0.2),
        ("01:00:00:00", 1000),
    ],
)
def test_an_impossible_timecode_is_refused_with_a_cure(label: str, fps: float) -> None:
    with pytest.raises(TimecodeError) as refused:
        parse_timecode(label, fps)
    assert refused.value.hint


@pytest.mark.parametrize("fps", [Fraction(10**400), Fraction(10**400 + 1, 3), Fraction(1, 10**400)])
def test_a_rate_beyond_the_numbers_of_the_machine_is_refused(fps: Fraction) -> None:
    with pytest.raises(TimecodeError, match="frames per second have no timecode"):
        find_rate(fps)


def _video(rate: str, **more: Any) -> dict[str, Any]:
    return {"codec_type": "video", "avg_frame_rate": rate, **more}


def test_the_timecode_track_counts_at_its_own_rate() -> None:
    track = {
        "codec_type": "data",
        "codec_tag_string": "tmcd",
        "avg_frame_rate": "30/1",
        "tags": {"timecode": "10:00:00:29"},
    }
    start = find_start_timecode([_video("60/1", tags={"timecode": "10:00:00:58"}), track], {})
    assert start is not None
    assert (str(start), start.rate.fps) == ("10:00:00:29", Fraction(30))


def test_the_material_package_is_believed_before_the_streams() -> None:
    video = _video("25/1", tags={"timecode": "00:00:00:00"})
    start = find_start_timecode([video], {"tags": {"TIMECODE": "10:00:00:00"}})
    assert str(start) == "10:00:00:00"


def test_samples_since_midnight_are_a_timecode_where_a_rate_is_known() -> None:
    sound = {"codec_type": "audio", "sample_rate": "48000"}
    container = {"tags": {"time_reference": str(48_000 * 3600)}}
    assert find_start_timecode([sound], container) is None
    assert str(find_start_timecode([sound], container, find_rate(25))) == "01:00:00:00"
    ntsc = find_start_timecode([sound], container, find_rate(NTSC))
    assert re.fullmatch(r"00:59:56:12", str(ntsc))


def test_a_cover_states_no_rate() -> None:
    sound = {"codec_type": "audio", "sample_rate": "48000"}
    cover = _video("90000/1", disposition={"attached_pic": 1})
    container = {"tags": {"time_reference": "48000"}}
    assert find_start_timecode([cover, sound], container) is None
    assert str(find_start_timecode([cover, sound, _video("25/1")], container)) == "00:00:01:00"


@pytest.mark.parametrize("samples", ["-1", "nan", "1e999", "", "abc", str(10**30), "0.5"])
def test_samples_that_lie_are_no_timecode(samples: str) -> None:
    sound = {"codec_type": "audio", "sample_rate": "48000"}
    container = {"tags": {"time_reference": samples}}
    assert find_start_timecode([sound], container, find_rate(25)) is None


@pytest.mark.parametrize("rate", ["0/0", "", "1/0", "-25/1", "abc"])
def test_a_label_without_a_rate_is_no_timecode(rate: str) -> None:
    assert find_start_timecode([_video(rate)], {"tags": {"timecode": "01:00:00:00"}}) is None


def test_drop_frame_at_25_names_the_container_that_states_it() -> None:
    with pytest.raises(TimecodeError, match=r"the container states: drop-frame.*25"):
        find_start_timecode([_video("25/1")], {"tags": {"timecode": "01:00:00;00"}})


@pytest.mark.parametrize(
    ("parts", "picture", "told"),
    [
        ("1", "25/1", ""),
        ("1", "50/1", ""),
        ("3", "25/1", "3 parts and may jump"),
        ("1", "24000/1001", "23.976 frames per second, which contradicts"),
    ],
)
def test_a_timecode_that_jumps_and_a_rate_that_contradicts_are_told(
    parts: str, picture: str, told: str
) -> None:
    video = {"codec_type": "video", "avg_frame_rate": picture}
    track = {
        "codec_type": "data",
        "codec_tag_string": "tmcd",
        "avg_frame_rate": "25/1",
        "nb_frames": parts,
        "tags": {"timecode": "10:00:00:00"},
    }
    start = find_start_timecode([video, track], {})
    assert start is not None
    doubts = find_doubts([video, track], start)
    assert told in doubts and bool(told) == bool(doubts)
