"""Forced alignment, or estimated times that are marked so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import (
    Audio,
    Chunk,
    InputRejectedError,
    Language,
    TimeSpan,
    Transcript,
    TransientError,
    Word,
)
from subtitled.subtitles.hallucination.passages import normalise_text
from subtitled.transcription.forced_alignment import (
    MAX_PASSAGE_SECONDS,
    Aligner,
    align_transcript,
    spread_crowded_words,
)

EN = Language("en")
AUDIO = Audio(Path("/dev/null"))
CHUNK = Chunk(TimeSpan(0, 60), (TimeSpan(1, 20), TimeSpan(30, 58)))


def _evenly(confidence: float = 0.8) -> Aligner:
    """An aligner that spreads words evenly."""

    def align(audio: Audio, chunk: Chunk, text: str, language: Language) -> Sequence[Word]:
        texts = text.split()
        step = chunk.span.duration / len(texts)
        start = chunk.span.start
        return [
            Word(
                text=f" {one}",
                start=start + n * step,
                end=start + (n + 0.9) * step,
                confidence=confidence,
            )
            for n, one in enumerate(texts)
        ]

    return align


def _said(*phrases: Word) -> Transcript:
    return Transcript(language=EN, words=phrases)


def test_a_text_is_found_in_the_sound_with_the_aligners_confidence() -> None:
    result = align_transcript(
        _said(Word(text="One two three. Four!", start=0, end=60)), CHUNK, AUDIO, _evenly(), "here"
    )
    assert [word.text for word in result.words] == [" One", " two", " three.", " Four!"]
    assert not any(word.is_estimated for word in result.words)
    assert {word.confidence for word in result.words} == {0.8}
    assert str(result) == "times found by here"


def test_without_an_aligner_times_are_marked_as_estimated() -> None:
    result = align_transcript(
        _said(Word(text="One two three. Four!", start=0, end=60)), CHUNK, AUDIO, None
    )
    assert [normalise_text(word.text) for word in result.words] == ["one", "two", "three", "four"]
    assert all(word.is_estimated for word in result.words)
    assert "estimated: no configured engine" in str(result)


def test_an_alignment_that_does_not_convince_is_not_believed() -> None:
    def lossy(audio: Audio, chunk: Chunk, text: str, language: Language) -> Sequence[Word]:
        return _evenly()(audio, chunk, text, language)[:-1]

    def backward(audio: Audio, chunk: Chunk, text: str, language: Language) -> Sequence[Word]:
        return _evenly()(audio, chunk, text, language)[::-1]

    def outside(audio: Audio, chunk: Chunk, text: str, language: Language) -> Sequence[Word]:
        return [
            Word(text=word.text, start=word.start + 99, end=word.end + 99)
            for word in backward(*args)
        ][::-1]

    args = (AUDIO, CHUNK, "one two three four five", EN)
    text = _said(Word(text="one two three four five", start=0, end=60))
    for align in (lossy, backward, outside, _evenly(confidence=0.02)):
        result = align_transcript(text, CHUNK, AUDIO, align, "here")
        assert all(word.is_estimated for word in result.words)
        assert len(result.words) == 5
        assert "alignment" in str(result)


def test_an_aligner_that_fails_costs_no_word() -> None:
    for problem in (InputRejectedError("it does not know that"), TransientError("it crashed")):

        def fails(
            audio: Audio,
            chunk: Chunk,
            text: str,
            language: Language,
            problem: Exception = problem,
        ) -> Sequence[Word]:
            raise problem

        result = align_transcript(
            _said(Word(text="one two", start=0, end=60)), CHUNK, AUDIO, fails, "here"
        )
        assert len(result.words) == 2
        assert "here could not align" in str(result)


def test_phrases_with_times_are_aligned_some_at_a_time_and_keep_their_speakers() -> None:
    asked: list[Chunk] = []

    def noting(audio: Audio, chunk: Chunk, text: str, language: Language) -> Sequence[Word]:
        asked.append(chunk)
        return _evenly()(audio, chunk, text, language)

    phrases = [
        Word(
            text=f" This is phrase {n}.",
            start=n * 5.0 + 1,
            end=n * 5.0 + 5,
            confidence=None,
            speaker=f"speaker {n % 2}",
        )
        for n in range(11)
    ]
    result = align_transcript(_said(*phrases), CHUNK, AUDIO, noting, "here")
    assert len(asked) > 1
    assert all(one.span.duration <= MAX_PASSAGE_SECONDS + 1 for one in asked)
    for before, after in zip(asked, asked[1:], strict=False):
        assert before.span.end <= after.span.start + 1e-9
    assert len(result.words) == 44
    for number in range(11):
        words = result.words[number * 4 : number * 4 + 4]
        assert {word.speaker for word in words} == {f"speaker {number % 2}"}
        assert normalise_text(words[-1].text) == str(number)


WORDS = st.lists(
    st.tuples(st.text("abcdefgh", min_size=1, max_size=12), st.floats(0, 2), st.floats(0, 2)),
    min_size=1,
    max_size=30,
)


@given(WORDS)
def test_crowded_words_get_room_and_nothing_is_lost_or_out_of_order(
    drawn: list[tuple[str, float, float]],
) -> None:
    words, now = [], 0.0
    for text, pause, length in drawn:
        # Many of no length at all, as alignments give them.
        start = now + (pause if pause > 1 else 0.0)
        now = start + (length if length > 1 else 0.0)
        words.append(Word(text=f" {text}", start=start, end=now, confidence=0.5))
    end = now + 60.0
    repaired = spread_crowded_words(words, end)
    assert [word.text for word in repaired] == [word.text for word in words]
    last = 0.0
    for word in repaired:
        assert last - 1e-6 <= word.start < word.end <= end + 1e-6
        last = word.start
    for before, after in zip(repaired, repaired[1:], strict=False):
        assert before.end <= after.start + 1e-6


def test_words_with_room_stay_where_they_are() -> None:
    words = [
        Word(text=" well", start=0.0, end=0.4),
        Word(text=" then", start=0.5, end=0.9),
        Word(text=" go", start=3.0, end=3.2),
    ]
    assert spread_crowded_words(words, 10.0) == words


def test_crowded_words_are_not_spread_over_a_pause() -> None:
    speech = [TimeSpan(10.0, 12.0), TimeSpan(300.0, 302.0)]
    words = [
        Word(text=" everybody", start=10.3, end=11.7, confidence=0.9),
        *(
            Word(text=text, start=300.3, end=300.3, confidence=0.5)
            for text in (" understands", " immediately")
        ),
        Word(text=" that", start=300.31, end=300.5, confidence=0.9),
    ]
    repaired = spread_crowded_words(words, 302.0, speech)
    assert [word.text for word in repaired] == [word.text for word in words]
    for word in repaired:
        assert word.end <= 12.0 or word.start >= 300.0
    for before, after in zip(repaired, repaired[1:], strict=False):
        assert before.end <= after.start + 1e-6
    assert not any(word.end - word.start < 0.02 for word in repaired)
