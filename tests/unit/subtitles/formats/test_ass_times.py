"""Other times for the events of ASS and SSA files: nothing else in the file changes."""

from __future__ import annotations

import pytest

from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.formats.ass_times import move_times

ASS = """[Script Info]
Title: A: B
[V4+ Styles]
Format: Name, Fontname, Start
Style: Sign,Impact,0:00:01.00
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:01.00,0:00:02.00,Sign,,0,0,0,,a note
Dialogue: 0,0:00:01.00,0:00:02.50,Sign,,0,0,0,,{\\pos(1,2)}One, at 0:00:01.00, two
Dialogue: 0,soon,0:00:02.50,Sign,,0,0,0,,never shown
[Fonts]
fontname: a.ttf
"""
SSA = """[Events]
Format: Marked, End, Start, Style, Text
Dialogue: Marked=0,0:00:09.00,0:00:07.00,x,Last
"""


def later(start: float, end: float) -> tuple[float, float]:
    return start + 3600.5, end + 3600.5


def test_only_the_times_of_events_differ() -> None:
    assert move_times(ASS, later) == (
        ASS.replace("0,0:00:01.00,0:00:02.00,", "0,1:00:01.50,1:00:02.50,").replace(
            "0,0:00:01.00,0:00:02.50,", "0,1:00:01.50,1:00:03.00,"
        )
    )


@pytest.mark.parametrize("text", [ASS, SSA, ASS.replace("\nFormat: Layer", "\nformat : Layer")])
def test_the_cues_come_out_at_the_new_times(text: str) -> None:
    before, after = read_cues(text.encode(), "ass"), read_cues(move_times(text, later).encode(), "")
    assert [cue.text for cue in after] == [cue.text for cue in before]
    for old, new in zip(before, after, strict=True):
        assert (new.start, new.end) == pytest.approx(later(old.start, old.end))


@pytest.mark.parametrize("line", ["Dialogue:", "Dialogue: 0", "Dialogue: 0,0:00:01.00", "Format:"])
def test_a_line_that_is_cut_stays(line: str) -> None:
    text = f"[Events]\n{line}\n"
    assert move_times(text, later) == text
