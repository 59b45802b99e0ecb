"""Properties of the cues of any words, in every language and profile."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitled.plugin import Cue, Language, Word
from subtitled.subtitles.profiles import PROFILES
from subtitled.subtitles.rules import (
    AUDIENCES,
    CueRules,
    measure_width,
    select_cue_rules,
    with_overrides,
)
from subtitled.subtitles.scripts import split_graphemes
from subtitled.subtitles.segmentation.segmenter import MIN_DISPLAY_MS, segment_words
from subtitled.subtitles.segmentation.word_repair import clean_text

TAGS = (
    *("en es fr de it pt-BR nl pl ru uk cs sk sr sv da no fi tr hu ro el bg vi id ko".split()),
    *("ar fa he hi zh-Hans zh-Hant yue ja th lo km my und".split()),
)
TEXTS = (
    " the",
    " of",
    " fox,",
    " jumps.",
    "-evident",
    "n't",
    " Mr.",
    " 10",
    " 000",
    "{x}",
    "-->",
    "今日は",
    "天気",
    "、",
    "。",
    "「",
    "」",
    "ッ",
    "ー",
    "字",
    "幕，",
    "한국어",
    " 수",
    " 있다.",
    "สวัสดี",
    "ครับ",
    "เ",
    "ะ",
    " ",
    "ສະບາຍ",
    "ខ្ញុំ",
    "ကျွန်တော်",
    "क्षमा",
    "कीजिए।",
    " שלום",
    "!",
    " مرحبا،",
    " بِسْمِ",
    "\u200f",
    "\u202e",
    " «",
    " »",
    " ?",
    " –",
    "…",
    "\u2581go",
    "👩‍👩‍👧‍👦",
    "🇩🇪",
    "👍🏽",
    "e\u0301",
    "\u0301",
    "x" * 90,
    "字" * 90,
    "ก" * 90,
    "\ufffd",
    "\x00",
    "",
)
texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=6))
times = st.one_of(
    st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 7200.0, 1e9]),
    st.floats(0, 60),
    st.integers(0, 60).map(lambda tick: tick / 20),
)
speakers = st.sampled_from([None, "a", "b"])
dirty = st.lists(st.builds(Word, text=texts, start=times, end=times, speaker=speakers), max_size=50)
languages = st.sampled_from(TAGS).map(Language)
limits_of_all = st.builds(
    lambda profile, audience, translation: (
        lambda language: select_cue_rules(
            language, translation=translation, profile=profile, audience=audience
        )
    ),
    st.sampled_from(tuple(PROFILES)),
    st.sampled_from(AUDIENCES),
    st.booleans(),
)
thorough = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])


def letters(text: str) -> str:
    return "".join(c for c in text if not c.isspace() and c not in "-–—")


def spoken_text(words: list[Word]) -> str:
    """Return the expected text, independent of the code: by time, untimed words after the last."""
    timed, last = [], 0.0
    for word in words:
        if clean_text(word.text).strip():
            last = max(0.0, word.start) if math.isfinite(word.start) else last
            timed.append((last, word))
    return "".join(clean_text(word.text) for _, word in sorted(timed, key=lambda pair: pair[0]))


def check(cues: tuple[Cue, ...], language: Language, limits: CueRules, duration: float) -> None:
    """Check the properties that do not depend on the words."""
    gap = math.ceil(limits.min_gap * 1000) / 1000
    roomy = len(cues) * (MIN_DISPLAY_MS / 1000 + gap) <= duration
    for cue in cues:
        assert math.isfinite(cue.start) and math.isfinite(cue.end)
        assert 0 <= cue.start < cue.end <= duration + 1e-9
        assert cue.end - cue.start <= limits.max_duration + 0.001
        for line in cue.text.split("\n"):
            assert line == line.strip() != ""
            one = len(split_graphemes(line)) == 1
            assert one or measure_width(line, language) <= limits.max_line_length
        if len(cues) * 2 < duration * 1000:
            assert len(cue.text.split("\n")) <= limits.max_lines
    for before, after in itertools.pairwise(cues):
        assert before.end <= after.start
        if roomy:
            assert after.start - before.end >= limits.min_gap - 1e-9


@pytest.mark.thorough
@thorough
@given(dirty, languages, limits_of_all, st.floats(5, 7200))
def test_dirty_words_give_clean_cues_by_every_profile(words, language, of, duration) -> None:  # type: ignore[no-untyped-def]
    limits = of(language)
    cues = segment_words(words, language, limits, duration)
    check(cues, language, limits, duration)
    assert letters("".join(cue.text for cue in cues)) == letters(spoken_text(words))


@thorough
@given(dirty, languages, st.floats(0.001, 5))
def test_media_file_without_space_still_has_all_words_in_order_inside(
    words: list[Word], language: Language, duration: float
) -> None:
    limits = select_cue_rules(language, translation=False)
    cues = segment_words(words, language, limits, duration)
    assert letters("".join(cue.text for cue in cues)) == letters(spoken_text(words))
    for cue in cues:
        assert 0 <= cue.start < cue.end <= duration + 1e-9
    for before, after in itertools.pairwise(cues):
        assert before.end <= after.start


own = st.fixed_dictionaries(
    {},
    optional={
        "max_line_length": st.floats(8, 100),
        "max_lines": st.integers(1, 4),
        "max_cps": st.floats(1, 60),
        "target_cps": st.floats(1, 60),
        "min_duration": st.floats(0, 3),
        "max_duration": st.floats(3, 60),
        "min_gap": st.floats(0, 1),
        "chain_gap": st.floats(0, 5),
        "max_extension": st.floats(0, 10),
    },
)


@thorough
@given(dirty, languages, own)
def test_the_promises_hold_for_limits_of_a_users_own(words, language, values) -> None:  # type: ignore[no-untyped-def]
    limits = with_overrides(select_cue_rules(language, translation=False), values)
    assert limits.target_cps <= limits.max_cps and limits.min_gap <= limits.chain_gap
    cues = segment_words(words, language, limits, 3600.0)
    check(cues, language, limits, 3600.0)
    assert letters("".join(cue.text for cue in cues)) == letters(spoken_text(words))


spoken = st.lists(
    st.tuples(st.floats(0.0, 3.0), st.floats(0.4, 1.5), st.sampled_from(TEXTS[:5]), speakers),
    min_size=1,
    max_size=40,
)


@pytest.mark.thorough
@thorough
@given(spoken, st.sampled_from(["en", "nl", "es"]).map(Language))
def test_each_cue_comes_with_its_first_word_and_outlasts_its_last(
    parts: list[tuple[float, float, str, str | None]], language: Language
) -> None:
    words, now = [], 0.0
    for pause, length, text, speaker in parts:
        now += pause
        words.append(
            Word(
                text=f" {text.strip('-')}",
                start=now,
                end=now + length,
                confidence=None,
                speaker=speaker,
            )
        )
        now += length
    limits = select_cue_rules(language, translation=False)
    unsaid = iter(words)
    for cue in segment_words(words, language, limits, now + 1):
        count = len([part for part in cue.text.split() if part.strip("-")])
        mine = [next(unsaid) for _ in range(count)]
        assert cue.start == pytest.approx(mine[0].start, abs=0.002)
        assert cue.end >= mine[-1].end - limits.min_gap - 0.002
    assert next(unsaid, None) is None


VOCABULARY = {
    "en": (" the", " of", " evident", " fox,", " jumps.", " Mr.", " 10", " 000", " –", " (so)"),
    "fr": (" la", " de", " maison", " ?", " «", " »", " l'été,", " voilà."),
    "ko": (" 한국어", " 수", " 있다.", " 그리고", " 나는"),
    "ja": ("今日", "は", "天気", "、", "。", "「", "」", "がいい", "スマホ", "ー", "A"),
    "zh-Hant": ("告訴", "你", "的", "，", "。", "事情", "因為", "iPhone", "15"),
    "th": ("สวัสดี", "ครับ", "วันนี้", " แต่", "ไม่", "ดี", "ๆ"),
    "my": ("ကျွန်တော်", "တို့", "သည်။", "ကောင်း"),
}
vocabulary = st.sampled_from(sorted(VOCABULARY)).flatmap(
    lambda tag: st.tuples(
        st.just(Language(tag)),
        st.lists(
            st.tuples(st.sampled_from(VOCABULARY[tag]), st.floats(0, 0.8), st.floats(0.05, 0.9)),
            min_size=1,
            max_size=60,
        ),
    )
)


@thorough
@given(vocabulary, st.sampled_from(tuple(PROFILES)))
def test_no_word_of_the_recogniser_is_in_two_cues(
    spoken: tuple[Language, list[tuple[str, float, float]]], profile: str
) -> None:
    language, parts = spoken
    words, now = [], 1.0
    for text, pause, length in parts:
        words.append(Word(text=text, start=now + pause, end=now + pause + length))
        now += pause + length
    limits = select_cue_rules(language, translation=False, profile=profile)
    cues = segment_words(words, language, limits, now + 60)
    borders = set(itertools.accumulate(len(letters(word.text)) for word in words))
    for end in itertools.accumulate(len(letters(cue.text)) for cue in cues):
        assert end in borders


@pytest.mark.thorough
@pytest.mark.parametrize("tag", ["en", "ja", "zh-Hans", "th", "ko", "ar", "hi", "my"])
def test_the_worst_there_is_in_every_kind_of_script(tag: str) -> None:
    language = Language(tag)
    words = [
        Word(text=" two hours", start=0, end=7200),
        Word(text=" " + "x" * 10_000, start=math.nan, end=math.inf),
        Word(text="字" * 4_000, start=5, end=4),
        Word(text="👩‍👩‍👧‍👦" * 500, start=5, end=5),
        Word(text="e" + "\u0301" * 5_000, start=-3, end=-2),
        Word(text=" שלום hello שלום", start=3, end=3),
    ]
    limits = select_cue_rules(language, translation=True)
    cues = segment_words(words, language, limits, 7200.0)
    check(cues, language, limits, 7200.0)
    assert letters("".join(cue.text for cue in cues)) == letters(spoken_text(words))
