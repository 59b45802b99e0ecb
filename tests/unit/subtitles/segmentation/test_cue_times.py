"""Display times of cues for any words: in order, inside the duration, separated."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Language, TimeSpan, Word
from subtitled.subtitles.rules import CueRules, measure_width, select_cue_rules
from subtitled.subtitles.segmentation.line_breaking import break_lines
from subtitled.subtitles.segmentation.segmenter import MIN_DISPLAY_MS, place_cues, segment_words
from subtitled.subtitles.segmentation.syntax import is_sentence_end
from subtitled.subtitles.segmentation.units import split_units
from subtitled.subtitles.segmentation.word_repair import repair_words

_heard = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 3)), min_size=1, max_size=30)


@settings(deadline=None)
@given(_heard, st.floats(0.1, 120))
def test_cues_are_in_order_inside_and_apart_wherever_there_is_room(
    hypothesis: list[tuple[float, float]], duration: float
) -> None:
    limits = CueRules()
    spoken = [TimeSpan(start, start + length) for start, length in sorted(hypothesis)]
    placed = place_cues(spoken, [10.0] * len(spoken), limits, duration)
    assert placed[0].start >= 0
    assert placed[-1].end <= duration
    gap = math.ceil(limits.min_gap * 1000) / 1000
    roomy = len(spoken) * (MIN_DISPLAY_MS / 1000 + gap) <= math.floor(duration * 1000) / 1000
    for time in placed:
        assert time.duration > 0
    for one, following in itertools.pairwise(placed):
        assert following.start >= one.end
        if roomy:
            assert following.start - one.end >= limits.min_gap


def test_a_gap_that_would_flicker_is_closed_and_a_long_one_is_left() -> None:
    times = place_cues(
        [TimeSpan(1, 3), TimeSpan(3.3, 5), TimeSpan(7, 9)], [10.0] * 3, CueRules(), duration=20
    )
    assert times[1].start - times[0].end == pytest.approx(0.084)
    assert times[2].start - times[1].end > 1


@pytest.mark.parametrize("tag", ["ja", "zh-Hans", "ko", "th", "en"])
def test_dense_speech_fits_its_lines_in_every_script(tag: str) -> None:
    language, dice = Language(tag), random.Random(3)
    limits = select_cue_rules(language, translation=False)
    parts = {
        "en": lambda: " " + "x" * dice.randint(1, 12),
        "ko": lambda: " " + "한" * dice.randint(1, 5),
        "th": lambda: "ก" * dice.randint(1, 6),
    }
    part = parts.get(tag, lambda: dice.choice(["漢", "か", "A", "字典", "、"]))
    words = [Word(text=part(), start=n * 0.17, end=n * 0.17 + 0.15) for n in range(600)]
    for cue in segment_words(words, language, limits, 110):
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert max(measure_width(line, language) for line in lines) <= limits.max_line_length


@pytest.mark.parametrize("duration", [0.0, -1.0, math.nan, math.inf])
def test_a_length_that_is_none_counts_as_unknown(duration: float) -> None:
    (cue,) = segment_words(
        [Word(text=" Hello", start=1, end=2)], Language("en"), CueRules(), duration
    )
    assert (cue.start, cue.text) == (1, "Hello")


def test_two_speakers_do_not_share_a_cue() -> None:
    words = [
        Word(text=" Yes", start=0, end=1, speaker="a"),
        Word(text=" no", start=1.1, end=2, speaker="b"),
    ]
    assert len(segment_words(words, Language("en"), CueRules(), 5)) == 2


@pytest.mark.parametrize(
    ("tag", "lines"),
    [("en", "-Yes.\n-No."), ("es", "- Yes.\n- No."), ("nl", "Yes.\n-No."), ("ja", None)],
)
def test_two_short_turns_share_a_cue_where_alone_they_would_flash_by(
    tag: str, lines: str | None
) -> None:
    language = Language(tag)
    space = "" if tag == "ja" else " "
    words = [
        Word(text=f"{space}Yes.", start=1.0, end=1.3, speaker="a"),
        Word(text=f"{space}No.", start=1.4, end=1.7, speaker="b"),
        Word(text=f"{space}Now", start=2.2, end=2.6, speaker="a"),
        Word(text=f"{space}go.", start=2.6, end=3.5, speaker="a"),
    ]
    cues = segment_words(words, language, select_cue_rules(language, translation=False), 5)
    if lines is None:
        assert [cue.text for cue in cues] == ["Yes.", "No.", "Nowgo."]
    else:
        assert [cue.text for cue in cues] == [lines, "Now go."]


def test_unknown_speakers_are_not_distinguished() -> None:
    words = [
        Word(text=" Yes,", start=1, end=1.3, speaker="a"),
        Word(text=" of course.", start=1.4, end=2.2),
    ]
    (cue,) = segment_words(words, Language("en"), CueRules(), 5)
    assert cue.text == "Yes, of course."


def test_a_title_before_a_name_ends_no_sentence() -> None:
    assert not is_sentence_end(" Mr.")
    assert not is_sentence_end(" J.")
    assert is_sentence_end(" here.")
    assert is_sentence_end(' said."')


def test_a_whole_phrase_for_a_word_is_cut_at_its_spaces() -> None:
    phrase = " This is what an engine without word times gives: one long piece, a whole sentence."
    cues = segment_words([Word(text=phrase, start=0, end=6)], Language("en"), CueRules(), 10)
    assert " ".join(" ".join(cue.text.split()) for cue in cues) == phrase.strip()
    assert all(
        measure_width(line, Language("en")) <= 42 for cue in cues for line in cue.text.split("\n")
    )


def test_a_word_that_swallowed_a_pause_is_shown_when_it_is_spoken() -> None:
    before, long, after = repair_words(
        [
            Word(text=" a", start=0, end=0.2),
            Word(text=" b", start=1.0, end=9.0),
            Word(text=" c", start=9, end=10),
        ]
    )
    assert (long.start, long.end) == (7.0, 9.0), "the pause was in front of it"
    before, long, after = repair_words(
        [
            Word(text=" a", start=0, end=1),
            Word(text=" b", start=1, end=9),
            Word(text=" c", start=20, end=21),
        ]
    )
    assert (before.start, long.start, long.end, after.start) == (0, 1, 3, 20)


@pytest.mark.parametrize(
    "texts",
    [
        [" Well", ",", " we", "'re", " here", "."],
        ["Well", ", ", "we", "'re ", "here", "."],
        ["Well", ",", " ", "we", "'re", " ", "here", "."],
        ["▁Well", ",", "▁we", "'re", "▁he", "re", "."],
        [" Well,", " we're", "\u202e here", "\ufffd.\n"],
        ["\u00a0Well, we're here.\u200b"],
    ],
)
def test_words_come_together_however_a_recogniser_cuts_them(texts: list[str]) -> None:
    words = [Word(text=text, start=1 + n * 0.3, end=1.3 + n * 0.3) for n, text in enumerate(texts)]
    (cue,) = segment_words(words, Language("en"), CueRules(), 10)
    assert cue.text.strip("\u200b\u00a0") == "Well, we're here."


def test_a_segment_that_begins_without_a_space_begins_a_word() -> None:
    words = [
        Word(text="We", start=0, end=0.3),
        Word(text=" go", start=0.3, end=0.6),
        Word(text="now", start=1.2, end=1.5),
        Word(text="'s", start=1.5, end=2),
    ]
    words += [
        Word(text=" the", start=2, end=2.2),
        Word(text="Time", start=2.2, end=2.5, speaker="b"),
    ]
    cues = segment_words(words, Language("en"), CueRules(), 9)
    assert " ".join(cue.text for cue in cues) == "We go now's the Time"


def test_punctuation_that_is_a_word_of_its_own_stays_with_its_word() -> None:
    texts = ["Is", "it", "true", "?", "It", "is", "!"]
    words = [Word(text=text, start=1 + n * 0.3, end=1.3 + n * 0.3) for n, text in enumerate(texts)]
    assert " ".join(cue.text for cue in segment_words(words, Language("en"), CueRules(), 9)) == (
        "Is it true? It is!"
    )
    french = [
        Word(text=text, start=n, end=n + 0.9)
        for n, text in enumerate([" C'est", " vrai", " ?", " Oui"])
    ]
    cues = segment_words(french, Language("fr"), CueRules(), 9)
    assert "vrai\u00a0?" in " ".join(cue.text for cue in cues)


def test_characters_of_japanese_become_phrases_with_the_times_of_their_characters() -> None:
    text = "明日は学校へ行きます。"
    words = [Word(text=c, start=1 + n * 0.2, end=1.2 + n * 0.2) for n, c in enumerate(text)]
    language = Language("ja")
    limits = select_cue_rules(language, translation=False)
    atoms = split_units(words, language, limits)
    assert [atom.text for atom in atoms] == ["明日は", "学校へ", "行きます。"]
    assert [atom.start for atom in atoms] == pytest.approx([1.0, 1.6, 2.2])
    assert atoms[-1].end == pytest.approx(3.2)


def test_a_word_of_a_recogniser_is_not_parted_by_phrases() -> None:
    language = Language("zh-Hant")
    limits = select_cue_rules(language, translation=False)
    words = [
        Word(text=text, start=n, end=n + 1)
        for n, text in enumerate(["我", "告訴", "你", "這件", "事情"])
    ]
    atoms = [atom.text for atom in split_units(words, language, limits)]
    assert not any(atom.endswith(("告", "這", "事")) for atom in atoms)


def test_no_phrase_goes_on_over_a_breath() -> None:
    language = Language("ja")
    words = [
        Word(text="明日", start=1, end=1.4),
        Word(text="は", start=3, end=3.2),
        Word(text="晴れ", start=3.2, end=4),
    ]
    atoms = split_units(words, language, select_cue_rules(language, translation=False))
    assert atoms[0].text == "明日"


def test_spaces_that_an_engine_forgot_are_put_back() -> None:
    words = [
        Word(text=text, start=n, end=n + 0.5)
        for n, text in enumerate(["We", "are", "here", "today."])
    ]
    (cue,) = segment_words(words, Language("en"), CueRules(), 10)
    assert cue.text == "We are here today."


def test_french_is_not_broken_before_its_punctuation() -> None:
    text = "Vous croyez que cela va vraiment marcher\u00a0? Je ne le crois pas du tout\u00a0!"
    lines = break_lines(text, Language("fr"), CueRules()).split("\n")
    assert lines[0].endswith("marcher\u00a0?")
