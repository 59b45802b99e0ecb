"""The check of times by speech: right ones stay right, and what is wrong is found and measured."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import pytest

from subtitled.plugin import Cue, Language, TimeSpan, Word
from subtitled.subtitles.synchronisation import (
    SyncReport,
    SyncVerdict,
    correct_cues,
    proves_gain,
)
from subtitled.subtitles.synchronisation.check import MAX_CUES, check_synchronisation
from subtitled.subtitles.synchronisation.media_speech import MediaSpeech
from subtitled.subtitles.synchronisation.word_evidence import find_beginning

PADDING = 0.3
"""Seconds that voice activity detection adds on both sides of speech."""
ENGLISH = Language("en")


def speak(seconds: float = 600.0, seed: int = 1) -> tuple[list[TimeSpan], list[Cue], list[Word]]:
    """Return the speech of a programme, its right cues, and the words that are said."""
    chance = random.Random(seed)
    speech, cues, words = [], [], []
    at = chance.uniform(3, 20)
    while at < seconds:
        length = chance.uniform(1.0, 4.5)
        speech.append(TimeSpan(at - PADDING, at + length + PADDING))
        texts = [f"word{chance.randrange(500)}" for _ in range(max(2, round(length * 2.5)))]
        cues.append(Cue(max(0.0, at - 0.1), at + length + 0.2, " ".join(texts)))
        step = length / len(texts)
        words += [
            Word(text=f" {text}", start=at + step * n, end=at + step * (n + 0.9))
            for n, text in enumerate(texts)
        ]
        at += length + 2 * PADDING + 0.1 + chance.expovariate(0.5)
    return speech, cues, words


SPEECH, CUES, WORDS = speak()
SPEECH_ALONE = MediaSpeech(speech=SPEECH)
SPEECH_WITH_WORDS = MediaSpeech(speech=SPEECH, words=WORDS, language=ENGLISH)


def move(cues: list[Cue], change: Callable[[float], float]) -> list[Cue]:
    moved = [Cue(change(cue.start), change(cue.end), cue.text) for cue in cues]
    return [cue for cue in moved if cue.start >= 0]


def median_error(cues: list[Cue], report: SyncReport) -> float:
    """Return the median distance of corrected cues from the right ones with the same text."""
    right: dict[str, list[float]] = {}
    for cue in CUES:
        right.setdefault(cue.text, []).append(cue.start)
    return median(
        min(abs(cue.start - start) for start in right[cue.text])
        for cue in correct_cues(cues, report)
        if cue.text in right
    )


def condense(cues: list[Cue]) -> list[Cue]:
    return [cue for number, cue in enumerate(cues) if number % 5]


def linger(cues: list[Cue]) -> list[Cue]:
    following = [*(cue.start for cue in cues[1:]), cues[-1].end + 2]
    return [
        Cue(cue.start, min(cue.end + 1.5, after), cue.text)
        for cue, after in zip(cues, following, strict=True)
    ]


def merge(cues: list[Cue]) -> list[Cue]:
    pairs = zip(cues[::2], cues[1::2], strict=False)
    return [
        Cue(one.start, max(one.start + 1, min(two.end, one.start + 7)), f"{one.text}\n{two.text}")
        for one, two in pairs
    ]


def lead(cues: list[Cue]) -> list[Cue]:
    return [Cue(max(0.0, cue.start - 0.2), cue.end, cue.text) for cue in cues]


def add_sounds(cues: list[Cue]) -> list[Cue]:
    sounds = [Cue(9.0 * n, 9.0 * n + 2, "[door slams]") for n in range(60)]
    return sorted([*cues, *sounds], key=lambda cue: cue.start)


HABITS: dict[str, Callable[[list[Cue]], list[Cue]]] = {
    "plain": list,
    "condensed": condense,
    "lingering": linger,
    "merged": merge,
    "leading": lead,
    "with sounds": add_sounds,
}


@pytest.mark.parametrize("habit", HABITS)
def test_a_right_subtitle_is_in_sync_whatever_the_habits_of_its_maker(habit: str) -> None:
    report = check_synchronisation(HABITS[habit](CUES), SPEECH_ALONE)
    assert report.verdict is SyncVerdict.IN_SYNC, report
    assert not report.hint


@pytest.mark.parametrize("seconds", [-41.3, -1.0, 0.7, 17.0])
@pytest.mark.parametrize("habit", ["plain", "condensed", "with sounds"])
def test_an_offset_is_found_and_measured(habit: str, seconds: float) -> None:
    cues = move(HABITS[habit](CUES), lambda time: time + seconds)
    report = check_synchronisation(cues, SPEECH_ALONE)
    assert report.verdict is SyncVerdict.OFFSET, report
    assert report.offset == pytest.approx(-seconds, abs=0.25)
    assert ("too late" if seconds > 0 else "too early") in report.reason
    assert median_error(cues, report) < 0.2


@pytest.mark.parametrize(
    ("subtitle", "media", "shift"),
    [(25, 24, 0.0), (24, 25, -6.0), (25, 23.976, 4.0), (23.976, 24, 0.0), (30, 25, 0.0)],
)
def test_a_known_frame_rate_ratio_is_found(subtitle: float, media: float, shift: float) -> None:
    factor = subtitle / media
    # 0.1 % is not half a second in ten minutes, so that programme is longer.
    speech, right, _ = speak(1500.0 if abs(factor - 1) < 0.01 else 600.0)
    cues = move(right, lambda time: time / factor + shift)
    report = check_synchronisation(cues, MediaSpeech(speech=speech))
    assert report.verdict is SyncVerdict.RATIO, report
    assert report.ratio.factor == pytest.approx(factor, rel=2e-5)
    assert f"{subtitle} frames" in report.reason
    corrected = correct_cues(cues, report)
    kept = right[len(right) - len(cues) :]
    errors = [abs(one.start - two.start) for one, two in zip(corrected, kept, strict=True)]
    assert median(errors) < 0.2


def test_a_ratio_that_no_film_has_is_not_made_up() -> None:
    cues = move(CUES, lambda time: time * 1.13)
    assert check_synchronisation(cues, SPEECH_ALONE).verdict is SyncVerdict.CANNOT_TELL


def test_advertisements_are_found_as_breaks_where_they_were() -> None:
    cues = move(CUES, lambda time: time + (0.0 if time < 200 else 30.0 if time < 400 else 52.0))
    report = check_synchronisation(cues, SPEECH_ALONE)
    assert report.verdict is SyncVerdict.BREAKS, report
    assert [round(part.offset) for part in report.parts] == [0, -30, -52]
    assert report.parts[1].start == pytest.approx(230, abs=12)
    assert report.parts[2].start == pytest.approx(452, abs=12)
    assert "its beginning is right; from 00:0" in report.reason
    assert median_error(cues, report) < 0.2


@pytest.mark.parametrize(
    "cues",
    [
        pytest.param(CUES[:8], id="a few cues"),
        pytest.param(CUES[::12], id="forced ones"),
        pytest.param([replace(cue, text="[music]") for cue in CUES], id="only sounds"),
        pytest.param([], id="none"),
    ],
)
def test_what_the_speech_cannot_tell_is_not_called_wrong(cues: list[Cue]) -> None:
    for shown in (cues, move(cues, lambda time: time + 5.0)):
        report = check_synchronisation(shown, SPEECH_ALONE)
        assert report.verdict is SyncVerdict.CANNOT_TELL, report
        assert report.reason


def test_the_subtitle_of_another_film_gets_no_offset() -> None:
    for seed in range(2, 6):
        other = speak(seed=seed)[1]
        assert check_synchronisation(other, SPEECH_ALONE).verdict is SyncVerdict.CANNOT_TELL


def test_words_tell_the_subtitle_of_another_film() -> None:
    other = [replace(cue, text=cue.text.replace("word", "term")) for cue in speak(seed=2)[1]]
    report = check_synchronisation(other, SPEECH_WITH_WORDS)
    assert report.verdict is SyncVerdict.OTHER_FILM, report
    assert not proves_gain(report)


def test_music_without_speech_tells_nothing() -> None:
    report = check_synchronisation(CUES, MediaSpeech(speech=[TimeSpan(10.0, 590.0)]))
    assert report.verdict is SyncVerdict.CANNOT_TELL
    assert "too little speech" in report.reason


def test_words_prove_the_gain_of_other_times() -> None:
    cues = move(CUES, lambda time: time + 2.5)
    by_voice = check_synchronisation(cues, SPEECH_ALONE)
    assert by_voice.verdict.is_wrong
    assert not proves_gain(by_voice), "voice activity alone is no proof"
    report = check_synchronisation(cues, SPEECH_WITH_WORDS)
    assert proves_gain(report)
    assert report.evidence.error_before == pytest.approx(2.4, abs=0.1)
    assert report.evidence.error_after is not None
    assert report.evidence.error_after < 0.2


def test_words_that_begin_in_the_pause_before_them_move_no_correction() -> None:
    """A recogniser begins such words too early. By words is no worse than by voice."""
    chance = random.Random(3)
    before = [cue.start + 0.1 for cue in CUES]
    words = [
        replace(word, start=word.start - chance.uniform(0.15, 0.55))
        if any(abs(word.start - start) < 0.01 for start in before)
        else word
        for word in WORDS
    ]
    media_speech = MediaSpeech(speech=SPEECH, words=words, language=ENGLISH)
    for seconds in (-17.0, -0.8, 0.9, 33.0):
        cues = move(CUES, lambda time, by=seconds: time + by)  # type: ignore[misc]
        report = check_synchronisation(cues, media_speech)
        assert report.verdict is SyncVerdict.OFFSET, report
        by_voice = median_error(cues, check_synchronisation(cues, SPEECH_ALONE))
        assert median_error(cues, report) <= max(0.1, by_voice)
    assert check_synchronisation(CUES, media_speech).verdict is SyncVerdict.IN_SYNC


@pytest.mark.parametrize(
    ("start", "end", "onsets", "said"),
    [
        pytest.param(9.6, 10.4, [10.0], 10.0, id="begun in the pause"),
        pytest.param(5.0, 10.4, [10.0], 10.0, id="stretched over the pause"),
        pytest.param(10.1, 10.4, [10.0], 10.0, id="begun a little late"),
        pytest.param(12.0, 12.4, [10.0], 12.0, id="amid speech"),
        pytest.param(12.0, 12.4, [10.0, 13.0], 12.0, id="before the next pause"),
        pytest.param(12.0, 12.4, [], 12.0, id="without voice activity"),
    ],
)
def test_the_first_word_after_a_pause_begins_with_the_voice(
    start: float, end: float, onsets: list[float], said: float
) -> None:
    assert find_beginning(Word(text="sea", start=start, end=end), onsets) == said


def test_a_right_subtitle_has_no_gain_to_prove() -> None:
    report = check_synchronisation(CUES, SPEECH_WITH_WORDS)
    assert report.verdict is SyncVerdict.IN_SYNC
    assert not proves_gain(report)
    assert "by words" in report.reason


def test_misheard_words_do_not_move_a_right_subtitle() -> None:
    chance = random.Random(5)
    words = [replace(word, text=" what") if chance.random() < 0.5 else word for word in WORDS]
    media_speech = MediaSpeech(speech=SPEECH, words=words, language=ENGLISH)
    assert check_synchronisation(CUES, media_speech).verdict is SyncVerdict.IN_SYNC


def test_corrected_cues_are_not_before_the_beginning_and_keep_their_texts() -> None:
    cues = move(CUES, lambda time: time + 3.0)
    report = check_synchronisation(cues, SPEECH_ALONE)
    early = [Cue(0.2, 1.0, "Logo"), *cues]
    corrected = correct_cues(early, report)
    assert [cue.text for cue in corrected] == [cue.text for cue in early]
    assert all(0 <= cue.start < cue.end for cue in corrected)


def test_without_a_finding_the_times_stay() -> None:
    report = check_synchronisation(CUES[:3], SPEECH_ALONE)
    assert correct_cues(CUES, report) == tuple(CUES)


def test_a_cue_that_no_offset_brings_to_the_speech_counts_for_nothing() -> None:
    credit = Cue(359_990.0, 359_999.9, "Nobody says this.")
    assert check_synchronisation([*CUES, credit], SPEECH_ALONE) == check_synchronisation(
        CUES, SPEECH_ALONE
    )


def test_more_cues_than_a_film_has_are_not_compared() -> None:
    cues = [Cue(n * 0.11, n * 0.11 + 0.1, "Hello there.") for n in range(MAX_CUES + 1)]
    speech = [TimeSpan(n * 10.0, n * 10.0 + 5.0) for n in range(60)]
    report = check_synchronisation(cues, MediaSpeech(speech=speech))
    assert report.verdict is SyncVerdict.CANNOT_TELL
    assert "too many" in report.reason


@pytest.mark.parametrize("shown", [0.001, 0.02, 0.1, 0.3])
def test_a_last_cue_that_flashes_up_is_no_reason_to_fail(shown: float) -> None:
    """Subtitles of other programmes end later than the speech, some with a cue of a moment."""
    for last in (CUES[-1].end + 1.0, CUES[-1].end + 700.0):
        for shift in (0.0, 0.013, 0.027, 0.041):
            flash = Cue(last + shift, last + shift + shown, "word1 word2")
            report = check_synchronisation([*CUES, flash], SPEECH_ALONE)
            assert report.verdict is SyncVerdict.IN_SYNC
