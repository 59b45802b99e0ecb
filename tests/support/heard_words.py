"""Stored transcripts of the films of reviews: what engines are said to have heard in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.jobcontext.services import open_transcript_store
from subtitled.plugin import Chunk, Cue, Language, TimeSpan, Transcript, Word
from subtitled.transcripts.models import TrackAnalysis

FILM_SECONDS = 600.0
ENGLISH = Language("en")


def speak(cues: Sequence[Cue], delay: float = 0.0) -> list[Word]:
    """Return the words of cues, which share the time of each evenly."""
    words = []
    for cue in cues:
        texts = cue.text.split()
        step = cue.duration / len(texts)
        for place, text in enumerate(texts):
            start = cue.start + delay + step * place
            words.append(Word(text=f" {text}", start=start, end=start + step * 0.9, confidence=0.9))
    return words


def respell(words: Sequence[Word], spellings: dict[str, str]) -> list[Word]:
    """Return words as an engine heard them that understands some otherwise."""
    return [
        replace(word, text=f" {spellings.get(word.text.strip(), word.text.strip())}")
        for word in words
    ]


def store_transcript(
    configuration: Configuration,
    fingerprint: str,
    variant: str,
    words: Sequence[Word],
    *,
    language: Language = ENGLISH,
    track: int = 1,
    seconds: float = FILM_SECONDS,
) -> None:
    """Store what an engine heard in a film, as one chunk.

    Args:
        configuration: The configuration, for the state folder.
        fingerprint: The fingerprint of the film.
        variant: The engine with a hash of its settings, such as ``whisper-0123``.
        words: What it heard.
        language: The language that is spoken.
        track: The track.
        seconds: How long the film is.
    """
    store = open_transcript_store(resolve_state_dir(configuration.settings))
    whole = TimeSpan(0.0, seconds)
    analysis = TrackAnalysis(duration=seconds, speech=(whole,), language=language)
    store.save_analysis(fingerprint, track, analysis)
    heard = Transcript(
        language=language, words=tuple(words), engine=f"{variant.rpartition('-')[0]} large"
    )
    store.save_chunk(fingerprint, track, variant, Chunk(whole, (whole,)), heard)
