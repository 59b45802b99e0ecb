"""Language segments of a media file."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Chunk, Language, LanguageGuess, TimeSpan
from subtitled.plugin.speech_windows import chunk_speech
from subtitled.transcription.language_detection import (
    LanguageClues,
    WindowDetector,
    WindowGuesses,
    detect_language,
)
from subtitled.transcription.language_segments import (
    MAX_WINDOW_SECONDS,
    chunk_by_language,
    find_foreign_speech,
    language_windows,
    overlap_seconds,
    segment_languages,
)
from subtitled.transcripts.models import LanguageSegment, TrackAnalysis

EN, DE, NO, DA = Language("en"), Language("de"), Language("no"), Language("da")


def guess_windows(*answer: tuple[float, float, dict[str, float]]) -> list[LanguageGuess]:
    return [
        LanguageGuess(TimeSpan(start, end), {Language(tag): p for tag, p in tongues.items()})
        for start, end, tongues in answer
    ]


def minutes(*tongues: dict[str, float], length: float = 10.0) -> list[LanguageGuess]:
    """Return windows of these lengths, a second apart."""
    return guess_windows(
        *((n * (length + 1), n * (length + 1) + length, one) for n, one in enumerate(tongues))
    )


def languages(found: tuple[LanguageSegment, ...]) -> list[str]:
    return [str(run.language) for run in found]


SURE_EN, SURE_DE = {"en": 0.95, "de": 0.02}, {"de": 0.95, "en": 0.02}


def test_a_change_of_language_is_found_in_the_pause() -> None:
    found = segment_languages(minutes(SURE_EN, SURE_EN, SURE_DE, SURE_DE), EN, 60.0)
    assert found == (
        LanguageSegment(TimeSpan(0.0, 21.5), EN),
        LanguageSegment(TimeSpan(21.5, 60.0), DE),
    )


def test_one_doubtful_piece_is_no_foreign_part_and_one_certain_piece_is() -> None:
    doubtful = {"de": 0.6, "en": 0.3}
    assert languages(segment_languages(minutes(SURE_EN, doubtful, SURE_EN), EN, 33.0)) == ["en"]
    certain = {"de": 0.99}
    assert languages(segment_languages(minutes(SURE_EN, certain, SURE_EN), EN, 33.0)) == [
        "en",
        "de",
        "en",
    ]


def test_a_cry_in_another_language_is_no_part_of_its_own() -> None:
    guesses = guess_windows((0, 10, SURE_EN), (11, 11.8, {"de": 0.99}), (12, 22, SURE_EN))
    assert languages(segment_languages(guesses, EN, 22.0)) == ["en"]


def test_what_sounds_like_the_main_language_is_taken_for_it() -> None:
    danish = {"da": 0.9, "no": 0.05}
    norwegian = {"no": 0.9, "da": 0.05}
    assert languages(
        segment_languages(minutes(norwegian, danish, danish, norwegian), NO, 44.0)
    ) == ["no"]


def test_silent_media_file_is_one_language_segment() -> None:
    assert segment_languages([], EN, 12.0) == (LanguageSegment(TimeSpan(0.0, 12.0), EN),)


times = st.lists(st.floats(0.1, 30.0), min_size=0, max_size=40)


def _speech(gaps: list[float]) -> list[TimeSpan]:
    edges = list(itertools.accumulate(gaps))
    return [TimeSpan(edges[n], edges[n + 1]) for n in range(0, len(edges) - 1, 2)]


@given(times)
def test_all_speech_is_listened_to_once_in_pieces_that_are_short(gaps: list[float]) -> None:
    speech = _speech(gaps)
    found = language_windows(speech)
    assert all(one.duration <= MAX_WINDOW_SECONDS + 1e-6 for one in found)
    assert all(a.end <= b.start + 1e-6 for a, b in itertools.pairwise(found))
    for one in speech:
        covered = sum(overlap_seconds(one, piece) for piece in found)
        assert covered == pytest.approx(one.duration, abs=1e-6)


@given(times, st.data())
def test_language_segments_and_their_chunks_lose_no_speech(
    gaps: list[float], data: st.DataObject
) -> None:
    speech = _speech(gaps)
    total = (speech[-1].end if speech else 0.0) + 3.0
    guesses = [
        LanguageGuess(piece, data.draw(st.sampled_from([{EN: 0.97}, {DE: 0.97}, {}])))
        for piece in language_windows(speech)
    ]
    parts = segment_languages(guesses, EN, total)
    assert parts[0].span.start == 0.0
    assert parts[-1].span.end == total
    assert all(
        a.span.end == b.span.start and a.language != b.language
        for a, b in itertools.pairwise(parts)
    )

    def cut(answer: list[TimeSpan], end: float, quiet: list[TimeSpan]) -> list[Chunk]:
        return chunk_speech(answer, 20.0, end, quiet)

    whole = chunk_by_language(parts, speech, total, [], None, cut)
    if speech:
        assert whole[0].span.start == 0.0
        assert whole[-1].span.end == total
    assert all(a.span.end == b.span.start for a, b in itertools.pairwise(whole))
    answer = sum(one.duration for chunk in whole for one in chunk.speech)
    assert answer == pytest.approx(sum(one.duration for one in speech), abs=1e-6)
    by_language = [chunk_by_language(parts, speech, total, [], one, cut) for one in (EN, DE)]
    if len(parts) > 1:
        apart = sorted((s for some in by_language for s in some), key=lambda s: s.span)
        assert apart == whole


def test_what_is_foreign_is_measured_in_speech() -> None:
    parts = (LanguageSegment(TimeSpan(0, 50), EN), LanguageSegment(TimeSpan(50, 100), DE))
    speech = [TimeSpan(0, 30), TimeSpan(60, 70)]
    found = find_foreign_speech(parts, speech, EN)
    assert found is not None
    assert (found.languages, found.share) == ((DE,), 0.25)
    assert find_foreign_speech(None, speech, EN) is None


class Ear:
    """Guess German from the 100th second on."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, windows: Sequence[TimeSpan]) -> WindowGuesses:
        self.asked.append(len(windows))
        return WindowGuesses(
            tuple(LanguageGuess(w, {DE if w.start >= 100 else EN: 0.95}) for w in windows)
        )


def test_windows_of_one_language_are_enough_unless_foreign_parts_are_wanted() -> None:
    analysis = TrackAnalysis(
        duration=90.0, speech=tuple(TimeSpan(n, n + 8) for n in range(0, 90, 10))
    )
    ear = Ear()
    detectors = [WindowDetector("ear", ear)]
    found = detect_language(analysis, LanguageClues(), detectors)
    assert (found.language, found.language_segments, len(ear.asked)) == (EN, None, 1)
    closely = detect_language(analysis, LanguageClues(per_segment=True), detectors)
    assert closely.language_segments == (LanguageSegment(TimeSpan(0.0, 90.0), EN),)


def test_windows_of_two_languages_cause_a_full_identification() -> None:
    analysis = TrackAnalysis(
        duration=200.0, speech=tuple(TimeSpan(n, n + 8) for n in range(0, 200, 10))
    )
    found = detect_language(analysis, LanguageClues(), [WindowDetector("ear", Ear())])
    assert found.language_segments is not None
    assert [run.language for run in found.language_segments] == [EN, DE]
    assert found.language_segments[0].span.end == pytest.approx(99.0)
    assert "parts are in" in found.language_reason


def test_a_language_that_the_windows_told_stays_if_all_of_the_speech_tells_none() -> None:
    """An engine may find too few words in short windows."""
    analysis = TrackAnalysis(duration=90.0, speech=(TimeSpan(0, 30), TimeSpan(40, 80)))
    answers = iter(({EN: 0.95}, {}))

    def hear(windows: Sequence[TimeSpan]) -> WindowGuesses:
        answer = next(answers)
        return WindowGuesses(tuple(LanguageGuess(window, answer) for window in windows))

    clues = LanguageClues(per_segment=True)
    found = detect_language(analysis, clues, [WindowDetector("ear", hear)])
    assert found.language == EN
    assert found.language_segments == (LanguageSegment(TimeSpan(0.0, 90.0), EN),)


def test_without_language_detection_the_tag_decides() -> None:
    analysis = TrackAnalysis(duration=9.0, speech=(TimeSpan(0, 5),))
    found = detect_language(analysis, LanguageClues(tag=DE, per_segment=True), ())
    assert (found.language, found.language_segments) == (DE, None)
