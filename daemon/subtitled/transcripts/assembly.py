"""Transcripts of a whole track, joined from the chunks in the store."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import Chunk, TimeSpan, Transcript

from .store import TranscriptStore


def assemble_chunks(
    store: TranscriptStore, fingerprint: str, track: int, variant: str, chunks: Sequence[Chunk]
) -> Transcript | None:
    """Join the effective transcripts of chunks; None if one is missing."""
    parts = [store.effective_transcript(fingerprint, track, variant, chunk) for chunk in chunks]
    present = [part for part in parts if part is not None]
    if len(present) != len(parts) or not present:
        return None
    engines = ", ".join(dict.fromkeys(part.engine for part in present if part.engine))
    return _join(present, engines, variant)


def assemble_track(
    store: TranscriptStore, fingerprint: str, track: int, variant: str
) -> Transcript | None:
    """Join the chunks of a track, whatever its chunk duration was.

    Returns:
        A transcript of the whole track, or None if a part of it is missing.
    """
    analysis = store.analysis(fingerprint, track)
    covered_until, parts = 0, []
    for begin, end in store.stored_spans(fingerprint, track, variant):
        if begin != covered_until:
            continue  # Another chunk duration was used for it.
        part = store.effective_by_name(fingerprint, track, variant, f"{begin}-{end}")
        if part is not None:
            parts.append(part)
            covered_until = end
    if analysis is None or not parts or covered_until < round(analysis.duration * 1000):
        return None
    return _join(parts, parts[0].engine, parts[0].variant)


def list_stored_parts(
    store: TranscriptStore, fingerprint: str, track: int, variant: str, *, is_effective: bool = True
) -> list[Transcript]:
    """Return the words of :func:`list_stored_chunks` without their spans."""
    chunks = list_stored_chunks(store, fingerprint, track, variant, is_effective=is_effective)
    return [part for _, part in chunks]


def list_stored_chunks(
    store: TranscriptStore, fingerprint: str, track: int, variant: str, *, is_effective: bool = True
) -> list[tuple[TimeSpan, Transcript]]:
    """Return the stored chunks of a track, which may have gaps, in order and without overlap.

    ``is_effective`` takes the words of a fallback for those of the variant.
    """
    place = (fingerprint, track, variant)
    covered_until, chunks = 0, []
    for begin, end in store.stored_spans(*place):
        part = store.effective_by_name(*place, f"{begin}-{end}", is_effective)
        if part is not None and begin >= covered_until:
            chunks.append((TimeSpan(begin / 1000, end / 1000), part))
            covered_until = end
    return chunks


def _join(parts: Sequence[Transcript], engine: str, variant: str) -> Transcript:
    return Transcript(
        language=parts[0].language,
        words=tuple(word for part in parts for word in part.words),
        engine=engine,
        variant=variant,
        segment_scores=tuple(score for part in parts for score in part.segment_scores),
    )
