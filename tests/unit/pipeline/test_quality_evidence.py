"""What is stored about a text is gathered for quality estimation."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.glossary.selection import Glossary
from subtitled.glossary.terms import Term
from subtitled.pipeline.quality_evidence import TextOrigin, TextSource, gather_evidence
from subtitled.plugin import Chunk, Cue, Language, SegmentScores, TimeSpan, Transcript, Word
from subtitled.subtitles.hallucination import RemovedText
from subtitled.subtitles.quality_estimation import Evidence, MissedTerm, OtherReading
from subtitled.transcripts.models import FallbackRecord, TrackAnalysis
from subtitled.transcripts.store import TranscriptStore
from subtitled.translation.cache import save_untranslated

EN, ES = Language("en"), Language("es")
PRINT, TRACK, MAIN, OTHER = "ab12", 1, "whisper-1", "qwen-1"
FIRST = Chunk(TimeSpan(0, 10), (TimeSpan(0, 9),))
SECOND = Chunk(TimeSpan(10, 20), (TimeSpan(11, 19),))
ANALYSIS = TrackAnalysis(
    duration=20.0, speech=(*FIRST.speech, *SECOND.speech), quiet_speech=(TimeSpan(18, 19),)
)


def _transcript(text: str, start: float, language: Language = EN, engine: str = "") -> Transcript:
    words = tuple(
        Word(text=f" {part}", start=start + n, end=start + n + 0.9, confidence=0.9)
        for n, part in enumerate(text.split())
    )
    scores = (SegmentScores(start=start, end=words[-1].end, avg_logprob=-0.2),)
    return Transcript(language=language, words=words, engine=engine, segment_scores=scores)


@pytest.fixture
def store(tmp_path: Path) -> TranscriptStore:
    store = TranscriptStore(tmp_path)
    store.save_analysis(PRINT, TRACK, ANALYSIS)
    store.save_chunk(PRINT, TRACK, MAIN, FIRST, _transcript("This is Winterfell.", 1.0))
    store.save_chunk(PRINT, TRACK, MAIN, SECOND, _transcript("Nobody lives there now.", 12.0))
    return store


def _gather(store: TranscriptStore, *cues: Cue, **values: object) -> Evidence:
    source = {"fingerprint": PRINT, "language": EN, "origins": (TextOrigin(TRACK, MAIN),)}
    return gather_evidence(store, TextSource(**source | values), cues)  # type: ignore[arg-type]


def _text(words: tuple[Word, ...]) -> str:
    return "".join(word.text for word in words).strip()


def test_the_words_of_all_chunks_are_there_with_their_scores_and_the_speech(
    store: TranscriptStore,
) -> None:
    evidence = _gather(store)
    assert _text(evidence.words) == "This is Winterfell. Nobody lives there now."
    assert [scores.start for scores in evidence.segment_scores] == [1.0, 12.0]
    assert evidence.speech == ANALYSIS.speech
    assert evidence.faint_speech == ANALYSIS.quiet_speech
    assert evidence.other_readings == ()
    assert not evidence.is_translation


def test_words_that_were_left_out_are_no_words_of_the_text(store: TranscriptStore) -> None:
    removed = RemovedText(12.0, 14.9, "Nobody lives there", "a loop")
    lost = RemovedText(3.5, 6.5, "", "3.0 s of speech in which no word was recognised")
    store.save_removals(PRINT, TRACK, MAIN, (lost, removed), (FIRST, SECOND))
    evidence = _gather(store)
    assert _text(evidence.words) == "This is Winterfell. now."
    assert evidence.left_out == (lost, removed)


def test_what_another_engine_understood_is_another_reading(store: TranscriptStore) -> None:
    other = _transcript("No body lives there, no.", 12.0, engine="Qwen 3")
    store.save_chunk(PRINT, TRACK, OTHER, SECOND, other)
    assert _gather(store).other_readings == (OtherReading("Qwen 3", other.words),)


def test_an_engine_whose_fallback_counts_is_another_reading(store: TranscriptStore) -> None:
    believed = _transcript("Nobody loves air now.", 12.0, engine="Qwen 3")
    store.save_chunk(PRINT, TRACK, OTHER, SECOND, believed)
    store.save_fallback(PRINT, TRACK, MAIN, SECOND, FallbackRecord("qwen", OTHER))
    evidence = _gather(store)
    assert _text(evidence.words) == "This is Winterfell. Nobody loves air now."
    readings = [_text(reading.words) for reading in evidence.other_readings]
    assert "This is Winterfell. Nobody lives there now." in readings


def test_a_translation_by_an_engine_is_no_other_reading(store: TranscriptStore) -> None:
    spanish = _transcript("Nadie vive ahí ahora.", 12.0, ES)
    store.save_chunk(PRINT, TRACK, "whisper-es", SECOND, spanish)
    assert _gather(store).other_readings == ()


def test_a_translation_has_its_notes_and_the_terms_that_are_missing(
    store: TranscriptStore,
) -> None:
    note = RemovedText(12.0, 15.9, "Nobody lives there now.", "left in English: too long")
    save_untranslated(store.track_folder(PRINT, TRACK) / "openai-1", (note,))
    save_untranslated(
        store.track_folder(PRINT, TRACK) / "older-1", (RemovedText(1.0, 2.0, "This", "other"),)
    )
    term = Term(source="Winterfell", translations=((ES, "Invernalia"),))
    evidence = _gather(
        store,
        Cue(1.0, 4.0, "Esto es Winterfell."),
        language=ES,
        origins=(TextOrigin(TRACK, MAIN, "openai-1"),),
        glossary=Glossary(terms=(term,)),
    )
    assert evidence.is_translation
    assert evidence.untranslated == (note,)
    assert evidence.missed_terms == (MissedTerm(1.0, "Winterfell", "Invernalia"),)


def test_a_line_that_is_clearly_in_another_language_is_noted(store: TranscriptStore) -> None:
    evidence = _gather(
        store,
        Cue(1.0, 4.0, "Nobody has seen him since the day before yesterday."),
        Cue(5.0, 8.0, "Nadie lo ha visto desde anteayer por la mañana."),
    )
    assert evidence.other_languages == {1: ES}


@pytest.mark.parametrize("origins", [(), (TextOrigin(7, "gone"),), (TextOrigin(TRACK, ""),)])
def test_what_is_not_stored_is_missing(
    store: TranscriptStore, origins: tuple[TextOrigin, ...]
) -> None:
    evidence = _gather(store, origins=origins)
    assert evidence.words == ()
    assert evidence.segment_scores == ()


def test_a_damaged_chunk_is_missing_and_the_rest_is_there(store: TranscriptStore) -> None:
    (store.track_folder(PRINT, TRACK) / MAIN / "0-10000.json").write_text("{")
    assert _text(_gather(store).words) == "Nobody lives there now."
