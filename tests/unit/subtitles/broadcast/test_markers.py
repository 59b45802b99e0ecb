"""Markers for Resolve, Final Cut Pro and Avid."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pycmx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.media.timecode import StartTimecode, format_timecode, parse_timecode
from subtitled.plugin import InputRejectedError
from subtitled.subtitles.broadcast.export import MarkerFormat, render_markers
from subtitled.subtitles.broadcast.markers import Marker, MarkerKind, Timeline, place_markers

STARTS = [
    ("10:00:00:00", 25.0),
    ("00:59:59;29", 29.97),
    ("01:00:00:00", 29.97),
    ("00:00:00:00", 23.976),
    ("23:59:50:00", 24.0),
    ("01:00:00;00", 59.94),
    ("09:58:00:00", 50.0),
]
KINDS = list(MarkerKind)


def _timeline(label: str = "10:00:00:00", fps: float = 25.0) -> Timeline:
    start = StartTimecode(*parse_timecode(label, fps))
    return Timeline(title="Ein Film & <mehr>", start=start, duration=60.0)


def _mark(
    start: float, text: str, kind: MarkerKind = MarkerKind.SENTENCE, note: str = ""
) -> Marker:
    return Marker(start=start, end=start + 1.5, kind=kind, text=text, note=note)


def _write(markers: list[Marker], fmt: MarkerFormat, timeline: Timeline) -> str:
    (content,) = render_markers(markers, fmt, timeline).values()
    return content.decode()


@pytest.mark.parametrize(("label", "fps"), STARTS)
@settings(max_examples=10)
@given(times=st.lists(st.floats(0, 7200), min_size=1, max_size=40))
def test_each_format_has_each_marker_at_the_nearest_frame(
    label: str, fps: float, times: list[float]
) -> None:
    timeline = _timeline(label, fps)
    markers = [_mark(time, "words", KINDS[n % 3]) for n, time in enumerate(times)]
    rate = timeline.start.rate
    frames = sorted({timeline.start.frame_at(time) for time in times})
    labels = [format_timecode(frame, rate) for frame in frames]
    edl = pycmx.parse_cmx3600(io.StringIO(_write(markers, "resolve-edl", timeline)))
    assert [event.edits[0].record_in for event in edl.events] == labels
    assert [event.number for event in edl.events] == list(range(1, len(labels) + 1))
    avid = _write(markers, "avid-markers", timeline).splitlines()
    assert [line.split("\t")[1] for line in avid] == labels
    root = ElementTree.fromstring(_write(markers, "fcpxml", timeline))
    marks = [one for one in root.iter() if one.tag in ("marker", "chapter-marker")]
    exact = [Fraction(mark.attrib["start"].removesuffix("s")) * rate.fps for mark in marks]
    assert exact == frames
    lengths = [Fraction(mark.attrib["duration"].removesuffix("s")) * rate.fps for mark in marks]
    assert all(length.denominator == 1 and length >= 1 for length in lengths)


def test_a_timeline_of_final_cut_pro_begins_at_the_timecode_of_its_media() -> None:
    media = Path("/media/Ein Film \udcff.mov")
    timeline = replace(
        _timeline("01:00:00;00", 29.97), media=media, has_video=True, audio_channels=2
    )
    root = ElementTree.fromstring(_write([_mark(70.0, "late")], "fcpxml", timeline))
    (sequence,) = root.iter("sequence")
    (clip,) = root.iter("asset-clip")
    (asset,) = root.iter("asset")
    (source,) = root.iter("media-rep")
    assert sequence.attrib["tcFormat"] == "DF"
    start = timeline.start.frame * Fraction(1001, 30000)
    for one, name in ((sequence, "tcStart"), (clip, "offset"), (clip, "start"), (asset, "start")):
        assert Fraction(one.attrib[name].removesuffix("s")) == start
    # The clip is long enough for the marker, though the media is said to be shorter.
    assert Fraction(clip.attrib["duration"].removesuffix("s")) > 71
    assert source.attrib["src"] == "file:///media/Ein%20Film%20%FF.mov"


def test_markers_without_a_media_file_are_on_a_gap() -> None:
    root = ElementTree.fromstring(_write([_mark(1.0, "a")], "fcpxml", _timeline()))
    assert [gap.tag for spine in root.iter("spine") for gap in spine] == ["gap"]
    assert not list(root.iter("asset"))


def test_what_is_to_be_looked_at_is_a_to_do_and_a_chapter_a_chapter() -> None:
    markers = [_mark(float(n), kind, kind) for n, kind in enumerate(KINDS)]
    root = ElementTree.fromstring(_write(markers, "fcpxml", _timeline()))
    found = {m.attrib["value"]: m for m in root.iter() if m.tag.endswith("marker")}
    assert found["chapter"].tag == "chapter-marker"
    assert found["finding"].attrib["completed"] == "0"
    assert "completed" not in found["sentence"].attrib


def test_markers_at_one_frame_are_one_with_the_text_of_all() -> None:
    markers = [
        _mark(2.0, "Hello there", MarkerKind.SENTENCE, "Anna"),
        _mark(2.01, "too fast", MarkerKind.FINDING, "Hello there"),
        _mark(2.0, "The guest", MarkerKind.CHAPTER),
    ]
    (placed,) = place_markers(markers, _timeline().start)
    assert (placed.kind, placed.name) == (MarkerKind.CHAPTER, "The guest")
    assert placed.comment == (
        "chapter; finding: Hello there: too fast; sentence: Anna: Hello there"
    )
    (line,) = _write(markers, "avid-markers", _timeline()).splitlines()
    assert line.split("\t")[3:5] == [
        "blue",
        "chapter: The guest; finding: Hello there: too fast; sentence: Anna: Hello there",
    ]


HOSTILE = [
    "FCM: DROP FRAME",
    "TITLE: x",
    "002  AX  V  C  00:00:00:00",
    "* LOC: 01:00:00:00 RED",
    "a |C:ResolveColorRed |M:other |D:9",
    "tab\there\nand a new line\r",
    "control \x00\x07\x1b \ud800 \ufffe",
    "<b>&\"'",
    " ",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_taken_for_a_part_of_the_format(text: str) -> None:
    markers = [_mark(1.0, text, note=text), _mark(9.0, "the next")]
    edl = _write(markers, "resolve-edl", _timeline())
    lines = edl.splitlines()
    assert [line[:4] for line in lines if line[:3].isdigit()] == ["001 ", "002 "]
    assert lines[1] == "FCM: NON-DROP FRAME"
    assert all(line.count("|") in (0, 3) for line in lines)
    parsed = pycmx.parse_cmx3600(io.StringIO(edl))
    assert [event.edits[0].record_in for event in parsed.events] == ["10:00:01:00", "10:00:09:00"]
    avid = _write(markers, "avid-markers", _timeline())
    assert [line.count("\t") for line in avid.split("\n")[:-1]] == [5, 5]
    root = ElementTree.fromstring(_write(markers, "fcpxml", _timeline()))
    assert len(list(root.iter("marker"))) == 2


def test_a_long_text_is_cut_after_a_word_in_the_name_and_whole_in_the_note() -> None:
    text = "Ein langer Satz, der in sechzig Zeichen gewiss keinen Platz mehr findet."
    (placed,) = place_markers([_mark(1.0, text)], _timeline().start)
    assert placed.name == "Ein langer Satz, der in sechzig Zeichen gewiss keinen Platz…"
    assert placed.comment == f"sentence: {text}"
    (unbroken,) = place_markers([_mark(1.0, "長" * 80)], _timeline().start)
    assert unbroken.name == "長" * 59 + "…"


def test_more_markers_than_an_edit_list_can_number_make_several() -> None:
    markers = [_mark(n / 5, str(n)) for n in range(2000)]
    written = render_markers(markers, "resolve-edl", _timeline())
    assert list(written) == ["markers1.edl", "markers2.edl", "markers3.edl"]
    counts = [content.count(b"|M:") for content in written.values()]
    assert counts == [999, 999, 2]


@pytest.mark.parametrize(
    ("fmt", "label", "fps", "told"),
    [
        ("fcpxml", "01:00:00:00", 12.5, "12.5"),
        ("resolve-edl", "01:00:00:000", 120.0, "120"),
    ],
)
def test_a_rate_that_a_format_cannot_count_is_refused_with_those_that_it_can(
    fmt: MarkerFormat, label: str, fps: float, told: str
) -> None:
    with pytest.raises(InputRejectedError, match=told) as refused:
        render_markers([_mark(1.0, "a")], fmt, _timeline(label, fps))
    assert "--rate" in refused.value.hint


def test_nothing_to_mark_and_a_marker_beyond_the_day_are_refused() -> None:
    with pytest.raises(InputRejectedError, match="nothing to mark"):
        render_markers([], "resolve-edl", _timeline())
    with pytest.raises(InputRejectedError, match="24"):
        render_markers([_mark(86_400.0, "a")], "avid-markers", _timeline())


def test_timecode_goes_on_after_midnight() -> None:
    timeline = _timeline("23:59:59:00", 25.0)
    (line,) = _write([_mark(2.0, "a")], "avid-markers", timeline).splitlines()
    assert line.split("\t")[1] == "00:00:01:00"
