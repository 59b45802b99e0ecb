"""A line with two times and no arrow holds the times of a cue and is nobody's text."""

from __future__ import annotations

import pytest

from subtitled.subtitles.formats import read_text

FILE = (
    "1\n00:00:01,000 --> 00:00:02,000\nOne\n\n2\n{times}\nTwo\n\n"
    "3\n00:00:05,000 --> 00:00:06,000\nThree\n"
)
TEXTS = [(1.0, "One"), (3.0, "Two"), (5.0, "Three")]


@pytest.mark.parametrize(
    "between", [" ", "\t", ",", " - ", " -- ", " --- ", " > ", " >> ", " ~ ", " to ", " | "]
)
@pytest.mark.parametrize("is_dense", [True, False])
def test_any_sign_between_two_times_is_read(between: str, is_dense: bool) -> None:
    text = FILE.format(times=f"00:00:03,000{between}00:00:04,000")
    read = read_text(text.replace("\n\n", "\n") if is_dense else text, "srt")
    assert [(cue.start, cue.text) for cue in read.cues] == TEXTS
    assert not read.dropped


@pytest.mark.parametrize("times", ["00:00:03'000 --> 00:00:04'000", "00:00:03´000-00:00:04´000"])
def test_other_signs_before_the_milliseconds_are_read(times: str) -> None:
    cues = read_text(FILE.format(times=times), "srt").cues
    assert [(cue.start, cue.text) for cue in cues] == TEXTS


def test_a_lone_time_is_told_and_not_published() -> None:
    read = read_text(FILE.format(times="00:00:03,000"), "srt")
    assert [cue.text for cue in read.cues] == ["One", "Three"]
    assert "00:00:03,000" in str(read.dropped[0])


@pytest.mark.parametrize(
    "line", ["It was 12:30:15 by my watch.", "From 10:30:00 to 11:30:00", "1:2:3:4:5"]
)
def test_clock_times_in_speech_stay(line: str) -> None:
    text = FILE.format(times="00:00:03,000 --> 00:00:04,000").replace("Two", line)
    assert read_text(text, "srt").cues[1].text == line


def test_captions_of_youtubes_sbv_are_read() -> None:
    text = "0:00:01.000,0:00:02.000\nOne\n\n0:00:03.000,0:00:04.000\nTwo\n"
    assert [cue.text for cue in read_text(text, "srt").cues] == ["One", "Two"]
