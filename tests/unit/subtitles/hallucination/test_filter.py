"""The hallucination filter removes what nobody said and keeps real repetition and songs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Language, SegmentScores, SetupError, TimeSpan, Transcript, Word
from subtitled.subtitles.hallucination import (
    FilterContext,
    HallucinationPhrases,
    RemovedText,
    filter_hallucinations,
    load_phrases,
)
from subtitled.subtitles.hallucination.passages import normalise_text
from subtitled.subtitles.segmentation.removed_silence import confine_to_speech

EN = Language("en")
PHRASES = load_phrases()
LONG = 600.0


def make_words(
    text: str,
    start: float = 100.0,
    each: float | None = None,
    confidence: float | None = 0.9,
    pause: float = 0.1,
) -> list[Word]:
    """Return the words of a text from ``start`` on: 12 letters a second, or ``each`` seconds."""
    words, now = [], start
    for part in text.split():
        length = len(part) / 12 if each is None else each
        words.append(Word(text=f" {part}", start=now, end=now + length, confidence=confidence))
        now += length + pause
    return words


def guarded(
    words: Sequence[Word],
    *,
    language: Language = EN,
    speech: Sequence[TimeSpan] | None = None,
    quiet: Sequence[TimeSpan] = (),
    evidence: tuple[SegmentScores, ...] = (),
    terms: Sequence[str] = (),
) -> tuple[str, tuple[RemovedText, ...]]:
    """Return the remaining text and what was removed. By default all audio is speech."""
    speech_spans = [TimeSpan(0, LONG)] if speech is None else speech
    transcript = Transcript(language=language, words=tuple(words), segment_scores=evidence)
    context = FilterContext(language=language, duration=LONG, phrases=PHRASES, hotwords=terms)
    left, gone = filter_hallucinations(transcript, context, speech_spans, quiet)
    return "".join(word.text for word in left).strip(), gone


def stays(words: Sequence[Word], language: Language = EN) -> bool:
    left, gone = guarded(words, language=language)
    return gone == () and left == "".join(word.text for word in words).strip()


# Real repetition


@pytest.mark.parametrize(
    "text",
    [
        "No no no!",
        "No, no, no, no, no!",
        "Row, row, row your boat, gently down the stream.",
        "Ten! Nine! Eight! Seven! Six! Five! Four! Three! Two! One! Liftoff!",
        "One, two, three, four. One, two, three, four. Two, two, three, four. Left, right.",
        "Attica! Attica! Attica! Attica! Attica! Attica!",
        "Tomorrow, and tomorrow, and tomorrow, creeps in this petty pace from day to day",
        "Let it be, let it be, let it be, let it be, whisper words of wisdom, let it be.",
        "Na na na na na na na na, hey hey hey, goodbye.",
        "The bells, bells, bells, bells, bells, bells, bells, to the rhyming of the bells!",
        "Never, never, never, never give up.",
        "It costs 1000000000 dollars.",
        "Thank you very much for that kind word.",
        "Music was my first love (and it will be my last).",
    ],
)
def test_songs_chants_poems_and_counting_survive(text: str) -> None:
    assert stays(make_words(text))


def test_chant_of_half_a_minute_is_kept_where_there_is_speech() -> None:
    words: list[Word] = []
    for number in range(15):
        words += make_words("We want justice now!", 10 + 2.2 * number)
    assert stays(words)


def test_a_refrain_that_comes_back_survives() -> None:
    words: list[Word] = []
    for number in range(6):
        words += make_words("Hallelujah, hallelujah.", 20 * number)
        words += make_words(f"This is verse number {number} of the song.", 20 * number + 6)
    assert stays(words)


@pytest.mark.parametrize(("language", "text"), [("ja", "はいはいはい"), ("zh", "好好好好好")])
def test_repetition_in_scripts_without_spaces_survives(language: str, text: str) -> None:
    words = [
        Word(text=c, start=5 + n * 0.2, end=5.15 + n * 0.2, confidence=0.9)
        for n, c in enumerate(text)
    ]
    assert stays(words, Language(language))


# Loops


@pytest.mark.parametrize("count", [4, 8, 20])
def test_a_loop_at_no_time_at_all_leaves_one(count: int) -> None:
    loop = make_words("I will go home " * count, each=0.001, pause=0.0)
    left, gone = guarded([*make_words("Then he said:", 90), *loop])
    assert left == "Then he said: I will go home"
    assert [removal.reason for removal in gone] == [f"a loop: “I will go home” {count} times"]


def test_a_loop_spread_over_a_minute_leaves_one() -> None:
    left, gone = guarded(make_words("Yes. " * 12, each=5.0))
    assert left == "Yes."
    assert "a loop" in gone[0].reason


def test_a_loop_of_which_the_engine_is_not_sure_leaves_one() -> None:
    left, gone = guarded(make_words("going down " * 5, confidence=0.3))
    assert left == "going down"
    assert gone[0].text == ("going down " * 4).strip()


def test_loop_over_low_energy_is_reduced_to_one_or_nothing() -> None:
    words = make_words("so far away " * 5)
    left, _ = guarded(words, quiet=[TimeSpan(90, 200)])
    assert left == "so far away"


def test_what_goes_on_beyond_all_reason_is_a_loop_even_in_clear_sound() -> None:
    left, _ = guarded(make_words("ninety " * 40))
    assert left == "ninety"


def test_equal_sentences_for_long_leave_the_first() -> None:
    sentence = "I do not know what it is that they want from me today."
    words: list[Word] = []
    for number in range(3):
        words += make_words(sentence, 10 + 6.0 * number, confidence=0.4)
    left, gone = guarded(words)
    assert left == sentence
    assert [removal.text for removal in gone] == [sentence] * 2
    assert stays([replace(word, confidence=0.9) for word in words])


def test_short_syllables_need_more_repeats() -> None:
    assert stays(make_words("no no no no no", confidence=0.3))
    left, _ = guarded(make_words("no no no no no no", confidence=0.3))
    assert left == "no"


@pytest.mark.parametrize(
    ("word", "left"),
    [
        ("啊啊啊啊啊啊啊啊", "啊啊啊啊"),
        ("ｗｗｗｗｗｗｗ", "ｗｗｗｗ"),
        ("hahahahahahahahaha", "hahahaha"),
        ("Nooooooooooo!", "Noooo!"),
        ("1000000", "1000000"),
        ("Mississippi", "Mississippi"),
    ],
)
def test_letters_without_end_are_cut_to_four(word: str, left: str) -> None:
    assert guarded(make_words(word))[0] == left


# Non-speech tokens


@pytest.mark.parametrize(
    "text",
    [
        "[Music]",
        "(upbeat music)",
        "*laughs*",
        "♪",
        "♪ ♪ ♪",
        "【音楽】",
        "[BLANK_AUDIO]",
        "[ Silence ]",
        "<|nospeech|>",
        ">>",
        "...",
        "（拍手）",
        "[Musique]",
    ],
)
def test_symbols_without_speech_are_removed(text: str) -> None:
    left, gone = guarded([*make_words("Hello there."), *make_words(text, 110)])
    assert left == "Hello there."
    assert gone


def test_symbols_are_removed_from_speech_that_is_kept() -> None:
    words = [
        Word(text=" <|en|>Well,", start=1, end=1.5),
        Word(text=" >>", start=1.5, end=1.6),
        Word(text=" hello", start=1.6, end=2),
    ]
    words += [
        Word(text=" [", start=2, end=2.1),
        Word(text="Mus", start=2.1, end=2.2),
        Word(text="ic", start=2.2, end=2.3),
        Word(text="] you", start=2.3, end=3),
    ]
    left, gone = guarded(words)
    assert left == "Well, hello you"
    assert [removal.text for removal in gone] == ["<|en|>", ">>", "[Music]"]
    assert {removal.reason for removal in gone} == {"a token that is no speech"}
    assert guarded(make_words(">>Who is there?"))[0] == "Who is there?"


@pytest.mark.parametrize(
    "text", ["♪ Oh happy day ♪", "(I never liked the music they played)", "5 > 3", "[sic]"]
)
def test_brackets_and_notes_around_speech_stay(text: str) -> None:
    assert stays(make_words(text))


# Speech overlap and engine scores


def test_words_outside_speech_go_unless_the_engine_is_sure() -> None:
    speech = [TimeSpan(0, 90)]
    left, gone = guarded(make_words("Something odd here.", confidence=0.6), speech=speech)
    assert (left, gone[0].reason) == ("", "outside speech")
    assert guarded(make_words("Something odd here.", confidence=0.95), speech=speech)[0] != ""
    guessed = [replace(word, is_estimated=True) for word in make_words("Something odd here.")]
    assert guarded(guessed, speech=speech)[0] != ""


def test_guesses_in_faint_sound_go_and_whispers_that_are_understood_stay() -> None:
    quiet = [TimeSpan(95, 120)]
    assert guarded(make_words("Mumble jumble.", confidence=0.2), quiet=quiet)[0] == ""
    assert guarded(make_words("Come closer.", confidence=0.7), quiet=quiet)[0] == "Come closer."


def test_impossible_speaking_rate_is_removed_only_with_doubtful_scores() -> None:
    fast = make_words("This whole sentence takes no time.", each=0.01, pause=0.0)
    assert stays(fast)
    left, gone = guarded([replace(word, confidence=0.4) for word in fast])
    assert left == ""
    assert "letters in" in gone[0].reason


def test_the_engines_own_doubt_counts() -> None:
    words = [*make_words("We will be right there."), *make_words("Lorem ipsum dolor.", 200)]
    silent = SegmentScores(start=199, end=210, avg_logprob=-1.4, no_speech_prob=0.8)
    left, gone = guarded(words, evidence=(silent,))
    assert left == "We will be right there."
    assert "reports no speech (probability 80%" in gone[0].reason
    sure = SegmentScores(start=199, end=210, avg_logprob=-0.3, no_speech_prob=0.8)
    assert guarded(words, evidence=(sure,))[1] == ()


def test_a_song_of_which_the_engine_is_sure_stays_however_well_it_compresses() -> None:
    words = make_words("La la land, we are in la la land, oh la la land, all in la la land tonight")
    sung = SegmentScores(
        start=99, end=120, avg_logprob=-0.2, no_speech_prob=0.1, compression_ratio=3.0
    )
    assert guarded(words, evidence=(sung,))[1] == ()
    caught = replace(sung, avg_logprob=-0.9)
    assert "a loop of the engine" in guarded(words, evidence=(caught,))[1][0].reason


# Any input

_TEXTS = st.lists(
    st.sampled_from(
        ["a", "no", "[Music]", "♪", "Thank you.", "amara.org", "<|x|>", "(", "]", "啊" * 9]
    )
    | st.text(max_size=8),
    max_size=60,
)
_TIMES = st.floats(-10, 700) | st.sampled_from([0.0, math.inf, -math.inf])
_SPEECH = st.lists(st.floats(0, 600), max_size=12, unique=True).map(
    lambda edges: [TimeSpan(*pair) for pair in zip(*[iter(sorted(edges))] * 2, strict=False)]
)


@settings(deadline=None)
@given(_TEXTS, st.data(), _SPEECH)
def test_every_word_is_kept_or_reported_as_removed(
    texts: list[str], data: st.DataObject, speech: list[TimeSpan]
) -> None:
    words = []
    for text in texts:
        start, end = sorted((data.draw(_TIMES), data.draw(_TIMES)))
        words.append(
            Word(text=text, start=start, end=end, confidence=data.draw(st.none() | st.floats(0, 1)))
        )
    transcript = Transcript(language=EN, words=tuple(words))
    context = FilterContext(language=EN, duration=LONG, phrases=PHRASES)
    left, gone = filter_hallucinations(transcript, context, speech)
    assert _count_signs(left) <= _count_signs(words)
    confined = confine_to_speech(words, speech, EN)
    places = {(word.start, word.end) for word in confined}
    assert {(word.start, word.end) for word in left} <= places
    kept = "".join(normalise_text(word.text) for word in left)
    received = "".join(normalise_text(removal.text) for removal in gone)
    everything = "".join(normalise_text(word.text) for word in words)
    for letter in set(everything):
        assert kept.count(letter) + received.count(letter) >= everything.count(letter)
    assert list(gone) == sorted(gone, key=lambda removal: (removal.start, removal.end))
    assert all(removal.reason for removal in gone)
    assert transcript.words == tuple(words)


def _count_signs(words: Iterable[Word]) -> int:
    """Count the characters but blanks: a word of several that lies over a pause is parted."""
    return sum(len("".join(word.text.split())) for word in words)


def test_ten_thousand_words_take_no_time_to_speak_of() -> None:
    words = make_words("the quick brown fox jumps over it. " * 1400, 0.0)
    begin = time.process_time()
    guarded(words, speech=[TimeSpan(n, n + 0.9) for n in range(6000)])
    assert time.process_time() - begin < 5


# The lists


def test_lists_of_the_users_add_to_ours(tmp_path: Path) -> None:
    folder = tmp_path / "phrases"
    folder.mkdir()
    (folder / "mine.toml").write_text('[hard]\nany = ["myfansubs"]\n[soft]\nen = ["Rock on"]\n')
    (folder / "notes.txt").write_text("not a list")
    phrases = load_phrases(folder)
    assert isinstance(phrases, HallucinationPhrases)
    assert ("myfansubs",) in phrases.hard
    assert ("en", "rockon") in phrases.soft
    assert phrases.soft > PHRASES.soft
    assert load_phrases(folder / "mine.toml") == phrases
    words = tuple(make_words("Translated by MyFansubs"))
    context = FilterContext(language=EN, duration=LONG, phrases=phrases)
    kept, _ = filter_hallucinations(
        Transcript(language=EN, words=words), context, [TimeSpan(0, LONG)]
    )
    assert kept == ()


@pytest.mark.parametrize(
    "text",
    [
        "[hard",
        "[hart]\nen = []",
        "[soft]\nengrish = ['x']",
        "[soft]\nen = 'x'",
        "[hard]\nen = ['…']",
    ],
)
def test_invalid_phrase_list_is_rejected_with_a_hint(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SetupError, match=r"mine\.toml") as caught:
        load_phrases(path)
    assert "daemon.hallucination_phrases" in caught.value.hint
    with pytest.raises(SetupError):
        load_phrases(tmp_path / "gone.toml")
