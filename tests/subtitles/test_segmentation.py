"""Words to cues: in order, apart, inside the medium, nothing lost."""

from __future__ import annotations

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitled.plugin import Language, Word
from subtitled.subtitles.limits import limits_for, width
from subtitled.subtitles.repair import repair
from subtitled.subtitles.segmentation import segment

EN = Language("en")
LIMITS = limits_for(EN, translation=False)

_texts = st.one_of(
    st.sampled_from(
        [" the", " a", " fox,", " jumps.", "。", "字", "幕", " 42", "{x}", "-->", "\n", ""]
    ),
    st.text(max_size=6),
    st.just("x" * 200),
)
_times = st.one_of(
    st.floats(0, 100), st.floats(-5, 500), st.just(math.nan), st.just(math.inf), st.just(0.0)
)
_words = st.lists(st.builds(Word, _texts, _times, _times), max_size=40)


def _letters(text: str) -> str:
    return "".join(text.split())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_words, st.sampled_from(["en", "fr", "zh", "ja", "th", "ar", "ko"]), st.floats(0.5, 200))
def test_dirty_words_give_clean_cues_and_nothing_is_lost(
    words: list[Word], tag: str, duration: float
) -> None:
    language = Language(tag)
    cues = segment(words, language, limits_for(language, translation=False), duration)
    said = "".join(_letters(word.text) for word in repair(words, duration))
    assert _letters("".join(cue.text for cue in cues)) == said
    for cue in cues:
        assert 0 <= cue.start < cue.end <= duration + 0.002
    for one, following in zip(cues, cues[1:], strict=False):
        assert one.end <= following.start


def _speak(text: str, rate: float = 15.0) -> list[Word]:
    words, now = [], 0.0
    for word in text.split():
        length = len(word) / rate
        words.append(Word(f" {word}", now, now + length))
        now += length + (0.4 if word[-1] in ".?!" else 0.03)
    return words


TEXT = (
    "When in the course of human events, it becomes necessary for one people to dissolve the "
    "political bands which have connected them with another, they should declare the causes. "
    "We hold these truths to be self-evident. That all men are created equal, that they are "
    "endowed by their Creator with certain unalienable rights. Is it so? Yes."
)


def test_ordinary_speech_keeps_every_limit() -> None:
    cues = segment(_speak(TEXT), EN, LIMITS, 60.0)
    assert len(cues) > 5
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(width(line, EN) <= 42 for line in lines)
        assert cue.duration >= LIMITS.min_duration - 0.002
        assert cue.duration <= 7.001
        assert len(cue.text) / cue.duration <= 20.5
    for one, following in zip(cues, cues[1:], strict=False):
        assert following.start - one.end >= LIMITS.gap - 0.002


def test_no_cue_ends_on_an_article() -> None:
    cues = segment(_speak(TEXT), EN, LIMITS, 60.0)
    assert not [cue for cue in cues if cue.text.split()[-1] in ("the", "a", "of", "to", "with")]


def test_a_long_pause_parts_two_cues() -> None:
    words = [Word(" Hello", 0, 0.4), Word(" there", 3.0, 3.4)]
    assert [cue.text for cue in segment(words, EN, LIMITS, 10)] == ["Hello", "there"]


def test_chinese_is_broken_without_spaces_and_never_before_punctuation() -> None:
    zh = Language("zh-Hans")
    text = "今天的天气非常好，我们一起去公园散步吧。然后我们去吃饭，好不好？"
    words = [Word(c, n * 0.2, n * 0.2 + 0.2) for n, c in enumerate(text)]
    limits = limits_for(zh, translation=False)
    cues = segment(words, zh, limits, 30)
    assert "".join(cue.text.replace("\n", "") for cue in cues) == text
    for cue in cues:
        for line in cue.text.split("\n"):
            assert width(line, zh) <= 16
            assert line[0] not in "，。？"
