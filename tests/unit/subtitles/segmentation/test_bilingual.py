"""Bilingual cues."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Cue, InputRejectedError, Language
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.rules import select_cue_rules
from subtitled.subtitles.segmentation.bilingual import (
    BILINGUAL_FORMATS,
    BilingualCue,
    pair_cues,
    render_bilingual,
)

EN, ZH, AR = Language("en"), Language("zh-Hans"), Language("ar")
BOTH = (ZH, EN)
LIMITS = (select_cue_rules(ZH, translation=True), select_cue_rules(EN, translation=False))


def test_simultaneous_texts_are_in_one_cue() -> None:
    upper = [Cue(0, 2, "你好"), Cue(3, 5, "再见")]
    lower = [Cue(0.1, 1.9, "Hello."), Cue(3.2, 5.5, "Good\nbye.")]
    assert pair_cues(upper, lower, BOTH, LIMITS) == (
        BilingualCue(0, 2, "你好", "Hello."),
        BilingualCue(3, 5, "再见", "Good bye."),
    )


def test_several_lower_cues_are_joined_as_long_as_they_fit() -> None:
    upper = [Cue(0, 6, "你好吗？")]
    short = [Cue(0, 2, "How"), Cue(2, 4, "are you?")]
    assert pair_cues(upper, short, BOTH, LIMITS) == (
        BilingualCue(0, 6, "你好吗？", "How are you?"),
    )
    long = [Cue(0, 3, "a word " * 10), Cue(3, 6, "another " * 9)]
    first, second = pair_cues(upper, long, BOTH, LIMITS)
    assert (first.end, second.start, second.end) == (3, 3, 6)
    assert first.upper == second.upper == "你好吗？"
    assert max(first.lower.count("\n"), second.lower.count("\n")) < LIMITS[1].max_lines


def test_what_meets_nothing_stands_alone() -> None:
    found = pair_cues([Cue(0, 1, "一")], [Cue(2, 3, "two")], BOTH, LIMITS)
    assert found == (BilingualCue(0, 1, "一", ""), BilingualCue(2, 3, "", "two"))


@st.composite
def _cues(draw: st.DrawFn, text: st.SearchStrategy[str]) -> list[Cue]:
    cues, at = [], 0.0
    for _ in range(draw(st.integers(0, 12))):
        at += draw(st.sampled_from([0.0, 0.1, 1.0, 4.0]))
        length = draw(st.sampled_from([0.9, 2.0, 5.0, 7.0]))
        cues.append(Cue(at, at + length, draw(text)))
        at += length
    return cues


WORDS = st.lists(st.from_regex("[a-z]{1,9}", fullmatch=True), min_size=1, max_size=14).map(" ".join)
HAN = st.text("我你他好不是在有這中國人，", min_size=1, max_size=30).filter(lambda t: t.strip("，"))


@settings(max_examples=30, deadline=None)
@given(_cues(HAN), _cues(WORDS), st.sampled_from(BILINGUAL_FORMATS))
def test_no_text_is_lost_nothing_overlaps_and_every_format_carries_it(
    upper: list[Cue], lower: list[Cue], fmt: str
) -> None:
    found = pair_cues(upper, lower, BOTH, LIMITS)
    below = " ".join(both.lower for both in found).split()
    assert below == " ".join(cue.text for cue in lower).split()
    assert {both.upper for both in found} - {""} == {
        both.upper for both in pair_cues(upper, [], BOTH, LIMITS)
    }
    times = [(both.start, both.end) for both in found]
    assert all(start < end for start, end in times)
    assert len(set(times)) == len(times)
    assert all(one.end <= other.start for one, other in pairwise(found))
    cues = read_cues(render_bilingual(found, BOTH, fmt), fmt)
    texts = ["\n".join(filter(None, (both.upper, both.lower))) for both in found]
    assert [cue.text for cue in cues] == texts


def test_ass_has_a_style_for_each_language_and_ffmpeg_reads_it(tmp_path: Path) -> None:
    both = (
        BilingualCue(0, 2, "你好\n世界", "Hello {world}"),
        BilingualCue(3, 4, "", "alone"),
        BilingualCue(5, 6, "上", ""),
    )
    path = tmp_path / "a.ass"
    path.write_bytes(render_bilingual(both, BOTH, "ass"))
    text = path.read_text("utf-8")
    assert "Style: Lower,Noto Sans,39" in text
    assert "你好\\N世界\\N{\\rLower}Hello ｛world｝" in text
    assert "{\\rLower}alone" in text
    assert text.count("\\rLower") == 2
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-show_packets", "-of", "json", str(path)],
        capture_output=True,
        check=True,
        text=True,
    )
    assert len(json.loads(shown.stdout)["packets"]) == 3
    assert not shown.stderr


def test_lines_of_an_rtl_language_keep_their_marks_and_the_other_has_none() -> None:
    both = (BilingualCue(0, 2, "مرحبا.", "Hello."),)
    (cue,) = read_cues(render_bilingual(both, (AR, EN), "srt"), "srt")
    assert cue.text == "\u202bمرحبا.\u202c\nHello."
    (turned,) = read_cues(
        render_bilingual((BilingualCue(0, 2, "Hello.", "مرحبا."),), (EN, AR), "srt"), "srt"
    )
    assert turned.text == "Hello.\n\u202bمرحبا.\u202c"


def test_formats_that_show_no_cues_are_refused() -> None:
    with pytest.raises(InputRejectedError):
        render_bilingual((BilingualCue(0, 1, "a", "b"),), BOTH, "lrc")
