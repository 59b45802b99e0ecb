"""Segmentation of words into cues: in order, separated, inside the duration, nothing lost."""

from __future__ import annotations

import itertools
import math
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitled.plugin import Language, Word
from subtitled.subtitles.rules import measure_width, select_cue_rules
from subtitled.subtitles.segmentation.function_words import load_function_words
from subtitled.subtitles.segmentation.segmenter import segment_words
from subtitled.subtitles.segmentation.word_repair import clean_text, repair_words

EN = Language("en")
LIMITS = select_cue_rules(EN, translation=False)

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
_words = st.lists(st.builds(Word, text=_texts, start=_times, end=_times), max_size=40)


def _letters(text: str) -> str:
    return "".join(text.split())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_words, st.sampled_from(["en", "fr", "zh", "ja", "th", "ar", "ko"]), st.floats(0.5, 200))
def test_dirty_words_give_clean_cues_and_nothing_is_lost(
    words: list[Word], tag: str, duration: float
) -> None:
    language = Language(tag)
    cues = segment_words(words, language, select_cue_rules(language, translation=False), duration)
    starts = "".join(_letters(word.text) for word in repair_words(words, duration))
    assert _letters("".join(cue.text for cue in cues)) == starts
    for cue in cues:
        assert 0 <= cue.start < cue.end <= duration + 0.002
    for one, following in zip(cues, cues[1:], strict=False):
        assert one.end <= following.start


def _speak(text: str, rate: float = 15.0) -> list[Word]:
    words, now = [], 0.0
    for word in text.split():
        length = len(word) / rate
        words.append(Word(text=f" {word}", start=now, end=now + length))
        now += length + (0.4 if word[-1] in ".?!" else 0.03)
    return words


TEXT = (
    "When in the course of human events, it becomes necessary for one people to dissolve the "
    "political bands which have connected them with another, they should declare the causes. "
    "We hold these truths to be self-evident. That all men are created equal, that they are "
    "endowed by their Creator with certain unalienable rights. Is it so? Yes."
)


def test_ordinary_speech_keeps_every_limit() -> None:
    cues = segment_words(_speak(TEXT), EN, LIMITS, 60.0)
    assert len(cues) > 5
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(measure_width(line, EN) <= 42 for line in lines)
        assert cue.duration >= LIMITS.min_duration - 0.002
        assert cue.duration <= 7.001
        assert len(cue.text) / cue.duration <= 20.5
    for one, following in zip(cues, cues[1:], strict=False):
        assert following.start - one.end >= LIMITS.min_gap - 0.002


def test_no_cue_ends_on_an_article() -> None:
    cues = segment_words(_speak(TEXT), EN, LIMITS, 60.0)
    assert not [cue for cue in cues if cue.text.split()[-1] in ("the", "a", "of", "to", "with")]


SPEECHES = {
    "es": "En un pueblo de la costa vivía un hombre que nunca había visto la nieve y que soñaba "
    "con ella todas las noches. Una mañana, cuando el sol todavía no había salido, tomó "
    "el tren de la sierra para ver si era verdad lo que contaban los viajeros en la "
    "taberna.",
    "de": "In einem kleinen Dorf an der Küste lebte ein Mann, der noch nie den Schnee gesehen "
    "hatte und der jede Nacht von ihm träumte. Eines Morgens nahm er den ersten Zug in "
    "die Berge, um zu sehen, ob es wahr war, was die Reisenden in der Wirtschaft "
    "erzählten.",
    "fr": "Dans un petit village de la côte vivait un homme qui n'avait jamais vu la neige et "
    "qui rêvait d'elle toutes les nuits. Un matin, avant que le soleil ne se lève, il "
    "prit le train de la montagne pour voir si les voyageurs de l'auberge avaient dit la "
    "vérité.",
    "pl": "W małej wsi na wybrzeżu mieszkał człowiek, który nigdy nie widział śniegu i który "
    "śnił o nim każdej nocy. Pewnego ranka, zanim wzeszło słońce, wsiadł do pociągu w "
    "góry, żeby zobaczyć, czy to prawda, co opowiadali podróżni w gospodzie.",
    "ru": "В маленькой деревне на берегу жил человек, который никогда не видел снега и который "
    "видел его во сне каждую ночь. Однажды утром, пока солнце ещё не взошло, он сел на "
    "поезд в горы, чтобы узнать, правду ли рассказывали путники в трактире.",
    "sv": "I en liten by vid kusten bodde en man som aldrig hade sett snö och som drömde om den "
    "varje natt. En morgon innan solen hade gått upp tog han tåget till fjällen för att "
    "se om det var sant som resenärerna på värdshuset hade berättat.",
}


@pytest.mark.parametrize(("tag", "text"), SPEECHES.items())
@pytest.mark.parametrize("profile", ["netflix", "ard"])
def test_no_line_of_a_story_ends_on_a_word_that_leans(tag: str, text: str, profile: str) -> None:
    language = Language(tag)
    limits = select_cue_rules(language, translation=False, profile=profile)
    cues = segment_words(_speak(text, 13.0), language, limits, 60.0)
    small = load_function_words(tag)
    lines = [line for cue in cues for line in cue.text.split("\n")]
    assert len(cues) >= 4
    assert " ".join(lines) == text
    ends = [line.split()[-1].lower() for line in lines]
    assert [word for word in ends if small.is_leaning(word) and word not in small.closing] == []
    assert all(len(line) <= limits.max_line_length for line in lines)


def test_a_long_pause_parts_two_cues() -> None:
    words = [Word(text=" Hello", start=0, end=0.4), Word(text=" there", start=3.0, end=3.4)]
    assert [cue.text for cue in segment_words(words, EN, LIMITS, 10)] == ["Hello", "there"]


def test_chinese_is_broken_without_spaces_and_never_before_punctuation() -> None:
    zh = Language("zh-Hans")
    text = "今天的天气非常好，我们一起去公园散步吧。然后我们去吃饭，好不好？"
    words = [Word(text=c, start=n * 0.2, end=n * 0.2 + 0.2) for n, c in enumerate(text)]
    limits = select_cue_rules(zh, translation=False)
    cues = segment_words(words, zh, limits, 30)
    assert "".join(cue.text.replace("\n", "") for cue in cues) == text
    for cue in cues:
        for line in cue.text.split("\n"):
            assert measure_width(line, zh) <= 16
            assert line[0] not in "，。？"


def _in_order(words: list[Word]) -> str:
    """Return the expected text, independent of the code: by time, untimed words after the last."""
    timed, last = [], 0.0
    for word in words:
        if _letters(clean_text(word.text)):
            last = max(0.0, word.start) if math.isfinite(word.start) else last
            timed.append((last, word))
    return "".join(_letters(clean_text(w.text)) for _, w in sorted(timed, key=lambda pair: pair[0]))


_hostile_times = st.one_of(
    st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 1e9]),
    st.floats(0, 30),
    st.integers(0, 40).map(lambda tick: tick / 50),
)
_hostile_words = st.lists(
    st.builds(Word, text=_texts, start=_hostile_times, end=_hostile_times), max_size=40
)
_tags = st.sampled_from(["en", "fr", "de", "zh-Hans", "ja", "ko", "th", "ar", "hi"]).map(Language)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_hostile_words, _tags, st.none() | st.floats(0.5, 60), st.booleans())
def test_every_word_is_read_once_and_in_the_order_of_time(
    words: list[Word], language: Language, duration: float | None, translation: bool
) -> None:
    limits = select_cue_rules(language, translation=translation)
    cues = segment_words(words, language, limits, duration)
    assert _letters("".join(cue.text for cue in cues)) == _in_order(words)
    assert all(cue.text.strip() for cue in cues)
    for cue in cues:
        assert 0 <= cue.start < cue.end
        assert duration is None or cue.end <= duration + 0.002
    for one, following in itertools.pairwise(cues):
        assert one.end <= following.start


_pauses = st.lists(
    st.tuples(
        st.floats(0.0, 3.0), st.floats(0.1, 1.5), st.integers(1, 12), st.sampled_from(",.? ")
    ),
    min_size=1,
    max_size=60,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_pauses, _tags.filter(lambda tag: tag in ("en", "fr", "de", "ar", "hi")))
def test_words_of_a_length_that_can_be_keep_lines_gap_and_longest_time(
    spoken: list[tuple[float, float, int, str]], language: Language
) -> None:
    words, now = [], 0.0
    for pause, length, letters, mark in spoken:
        now += pause
        words.append(Word(text=f" {'x' * letters}{mark.strip()}", start=now, end=now + length))
        now += length
    limits = select_cue_rules(language, translation=False)
    cues = segment_words(words, language, limits, now + 1)
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= limits.max_lines
        assert all(measure_width(line, language) <= limits.max_line_length for line in lines)
        assert cue.duration <= limits.max_duration + 0.002
    for one, following in itertools.pairwise(cues):
        assert following.start - one.end >= limits.min_gap - 0.002
    for cue in cues:
        # Times are rounded to milliseconds.
        nearest = min(abs(cue.start - word.start) for word in words)
        assert nearest < 0.0011, "a cue comes when its first word is spoken"


def test_cue_never_ends_before_its_words() -> None:
    words = _speak(TEXT)
    cues = segment_words(words, EN, LIMITS, 60.0)
    output = iter(words)
    for cue in cues:
        mine = [next(output) for _ in cue.text.split()]
        assert cue.start <= mine[0].start + 0.001
        assert cue.end >= mine[-1].end - LIMITS.min_gap - 0.001


def test_a_word_longer_than_the_screen_is_spread_over_cues_that_fit() -> None:
    cues = segment_words([Word(text=" " + "x" * 500, start=1.0, end=3.0)], EN, LIMITS, 60.0)
    assert _letters("".join(cue.text for cue in cues)) == "x" * 500
    assert all(measure_width(line, EN) <= 42 for cue in cues for line in cue.text.split("\n"))


@pytest.mark.parametrize(
    "words",
    [
        [],
        [Word(text="\n", start=0, end=1)],
        [Word(text=" \t", start=1, end=2), Word(text="", start=3, end=4)],
    ],
)
def test_no_words_make_no_cue(words: list[Word]) -> None:
    assert segment_words(words, EN, LIMITS, 10.0) == ()


@pytest.mark.thorough
def test_an_hour_of_speech_is_cut_in_seconds() -> None:
    words = _speak(" ".join([TEXT] * 150))
    begun = time.process_time()
    cues = segment_words(words, EN, LIMITS, words[-1].end + 1)
    assert len(words) > 8000
    assert len(" ".join(cue.text for cue in cues).split()) == len(words)
    assert time.process_time() - begun < 4, "10 000 words in 2 s, with room for a slow machine"
