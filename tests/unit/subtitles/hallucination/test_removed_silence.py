"""What is clearly said beside a long pause stays, with its own times, whatever the pause."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from subtitled.plugin import Language, SegmentScores, TimeSpan, Transcript, Word
from subtitled.subtitles.hallucination import FilterContext, filter_hallucinations, load_phrases
from subtitled.subtitles.hallucination.passages import split_passages
from subtitled.subtitles.rules import select_cue_rules
from subtitled.subtitles.segmentation.removed_silence import confine_to_speech
from subtitled.subtitles.segmentation.segmenter import segment_words
from subtitled.transcription.lost_speech import find_lost_speech

EN = Language("en")
TEXTS = (
    "And so my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country."
).split()


def spoken_with_pauses(pause: float) -> tuple[list[Word], list[TimeSpan]]:
    """Return a sentence with three pauses, the words over the seams as Whisper returns them."""
    words: list[Word] = []
    spans: list[TimeSpan] = []
    now, number = pause, 0
    for count in (5, 9, 8):
        first = now
        for _ in range(count):
            words.append(
                Word(text=f" {TEXTS[number]}", start=now + 0.3, end=now + 0.55, confidence=0.95)
            )
            now, number = now + 0.25, number + 1
        spans.append(TimeSpan(first, now + 0.6))
        now += 0.6 + pause
    # The word after a pause begins in front of the pause, right after the word before.
    for first in (5, 14):
        before, after = words[first - 1], words[first]
        words[first] = Word(
            text=after.text, start=before.end + 0.2, end=after.end, confidence=after.confidence
        )
    return words, spans


def filtered(
    words: Sequence[Word], spans: Sequence[TimeSpan], language: Language = EN
) -> tuple[tuple[Word, ...], list[str]]:
    context = FilterContext(
        language=language, duration=spans[-1].end + 60, phrases=load_phrases(None)
    )
    scores = SegmentScores(
        start=words[0].start,
        end=words[-1].end,
        avg_logprob=-0.14,
        no_speech_prob=0.06,
        compression_ratio=1.4,
    )
    transcript = Transcript(language=language, words=tuple(words), segment_scores=(scores,))
    left, gone = filter_hallucinations(transcript, context, spans)
    return left, [removal.reason for removal in gone]


@pytest.mark.parametrize("pause", [1.0, 5.0, 60.0, 120.0, 300.0, 7200.0])
def test_clear_speech_around_a_pause_of_any_length_stays_in_three_passages(pause: float) -> None:
    words, spans = spoken_with_pauses(pause)
    left, gone = filtered(words, spans)
    assert gone == []
    assert [word.text.strip() for word in left] == TEXTS
    assert [len(passage.words) for passage in split_passages(left)] == [5, 9, 8]
    for first, span in ((5, spans[1]), (14, spans[2])):
        assert abs(left[first].start - (span.start + 0.3)) <= 0.3
    assert find_lost_speech(spans, [], words) == []


def test_no_cue_stands_in_a_pause() -> None:
    words, spans = spoken_with_pauses(60.0)
    left, _ = filtered(words, spans)
    cues = segment_words(left, EN, select_cue_rules(EN, translation=False), spans[-1].end + 60)
    for cue in cues:
        assert any(span.start <= cue.start <= span.end for span in spans)


def test_a_phrase_without_word_times_is_laid_out_over_the_speech_on_both_sides() -> None:
    spans = [TimeSpan(10, 12), TimeSpan(100, 104)]
    phrase = Word(
        text=" ask not what your country can do for you today",
        start=10.0,
        end=104.0,
        confidence=0.9,
    )
    left, gone = filtered([phrase], spans)
    assert gone == []
    assert "".join(word.text for word in left) == phrase.text
    assert all(word.end <= 12 or word.start >= 100 for word in left)
    assert any(word.end <= 12 for word in left) and any(word.start >= 100 for word in left)


def test_a_phrase_of_a_script_without_spaces_is_laid_out_too() -> None:
    spans = [TimeSpan(10, 12), TimeSpan(100, 104)]
    phrase = Word(text="今日はとても良い天気ですね", start=10.0, end=104.0, confidence=0.9)
    words = confine_to_speech([phrase], spans, Language("ja"))
    assert "".join(word.text for word in words) == phrase.text
    assert all(word.end <= 12 or word.start >= 100 for word in words)


def test_times_that_are_unknown_stay_unknown() -> None:
    word = Word(text=" hello", start=float("nan"), end=float("inf"))
    (same,) = confine_to_speech([word], [TimeSpan(0, 1), TimeSpan(5, 6)], EN)
    assert same is word


def test_a_speaker_who_pauses_after_each_word_is_not_measured_by_the_clock() -> None:
    spans = [TimeSpan(10 + 20 * n, 11 + 20 * n) for n in range(5)]
    texts = (" one", " two", " three", " four", " five")
    ends = [10.7 + 20 * n for n in range(5)]
    words = [
        Word(text=text, start=start, end=end, confidence=0.4)
        for text, start, end in zip(texts, [10.3, *ends], ends, strict=False)
    ]
    left, gone = filtered(words, spans)
    assert gone == []
    assert [round(word.start) for word in left] == [10, 30, 50, 70, 90]


def test_text_that_was_laid_over_silence_alone_still_goes() -> None:
    spans = [TimeSpan(10, 12), TimeSpan(300, 302)]
    words = [
        Word(text=" So", start=100.0, end=130.0, confidence=0.3),
        Word(text=" there", start=130.0, end=190.0, confidence=0.3),
    ]
    left, gone = filtered(words, spans)
    assert left == () and len(gone) == 1


def test_equal_answers_far_apart_are_no_loop() -> None:
    spans = [TimeSpan(10 + 90 * n, 11 + 90 * n) for n in range(4)]
    words = [
        Word(text=" Yes.", start=10.3 + 90 * n, end=10.45 + 90 * n, confidence=0.45)
        for n in range(4)
    ]
    left, gone = filtered(words, spans)
    assert len(left) == 4, gone


def test_speech_in_the_pause_of_a_doubtful_segment_is_not_judged_by_its_scores() -> None:
    spans = [TimeSpan(0, 4), TimeSpan(50, 54), TimeSpan(90, 94)]
    words = [
        Word(text=" Zzz", start=0.3, end=1.0, confidence=0.2),
        Word(text=" Hello", start=50.3, end=51.0, confidence=0.9),
        Word(text=" there.", start=51.0, end=51.6, confidence=0.9),
        Word(text=" zzz", start=90.3, end=91.0, confidence=0.2),
    ]
    scores = (
        SegmentScores(start=0.3, end=91.0, avg_logprob=-1.6, no_speech_prob=0.9),
        SegmentScores(start=50.3, end=51.6, avg_logprob=-0.2, no_speech_prob=0.1),
    )
    context = FilterContext(language=EN, duration=100.0, phrases=load_phrases(None))
    transcript = Transcript(language=EN, words=tuple(words), segment_scores=scores)
    left, _ = filter_hallucinations(transcript, context, spans)
    assert [word.text for word in left] == [" Hello", " there."]


def test_a_mark_after_a_pause_does_not_lengthen_the_word_before_it() -> None:
    words = [
        Word(text="はい", start=1.0, end=1.4, confidence=0.9),
        Word(text="。", start=61.0, end=61.1, confidence=0.9),
        Word(text="次", start=61.2, end=61.5, confidence=0.9),
    ]
    ja = Language("ja")
    first, second = segment_words(words, ja, select_cue_rules(ja, translation=False), 70.0)
    assert first.text == "はい。" and first.end < 10
    assert second.start > 60


def test_words_that_share_the_time_of_a_phrase_evenly_are_laid_over_the_speech() -> None:
    spans = [TimeSpan(10, 12), TimeSpan(100, 104)]
    texts = " ask not what your country can do for you today".split()
    step = 94 / len(texts)
    words = [
        Word(
            text=f" {text}",
            start=10 + n * step,
            end=10 + (n + 1) * step,
            confidence=0.9,
            is_estimated=True,
        )
        for n, text in enumerate(texts)
    ]
    left, gone = filtered(words, spans)
    assert gone == []
    assert [word.text.strip() for word in left] == texts
    assert all(word.is_estimated for word in left)
    assert all(word.end <= 12 or word.start >= 100 for word in left)
    untouched = confine_to_speech(left, spans, EN)
    assert untouched == list(left)
