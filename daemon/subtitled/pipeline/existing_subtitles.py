"""Subtitles that somebody else made, as what others are translated from: with their own times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.jobcontext.context import JobContext
from subtitled.library.wishes import Origin, Source
from subtitled.media.extract import LARGEST, extract_text
from subtitled.media.probe import MediaFacts
from subtitled.media.problems import unreadable
from subtitled.plugin import Cue, Language, Rejected, Temporary
from subtitled.subtitles.formats import read
from subtitled.subtitles.identification import objection

LEAST = 3
"""Cues of a text that is worth translating."""
SPARSE = 120.0
"""Seconds of the medium for each cue from which on a text is only some signs, or foreign parts."""


@dataclass(frozen=True, slots=True)
class SubtitleSource:
    """The text subtitles in one media file and beside it."""

    ctx: JobContext
    facts: MediaFacts

    def digest(self, source: Source) -> str:
        """What a text is at this moment: a step, so that one that is changed later is noticed."""
        return hashlib.sha256(self._bytes(source)).hexdigest()

    def cues(self, source: Source, digest: str) -> tuple[Cue, ...]:
        """Its cues in order, without overlap, as they were when ``digest`` was taken."""
        data = self._bytes(source)
        if hashlib.sha256(data).hexdigest() != digest:
            raise Temporary(
                f"{source.where} was changed while it was translated",
                "It is taken up again as it is then",
            )
        suffix = "srt" if source.origin is Origin.EMBEDDED else Path(source.where).suffix[1:]
        return normalise_cues(read(data, suffix))

    def rejection_reason(self, cues: Sequence[Cue], source: Source) -> str | None:
        """Why a text is not to be translated from, or None."""
        where = f"stream {source.where}" if source.origin is Origin.EMBEDDED else source.where
        length = self.facts.duration
        if len(cues) < LEAST or len(cues) * SPARSE < length:
            return f"{where} has only {len(cues)} cues in {length / 60:.0f} minutes"
        found = objection([cue.text for cue in cues], source.language)
        if found is None:
            return None
        said = found.english_name if isinstance(found, Language) else found
        return f"{where} is said to be in {source.language.english_name}, but is {said}"

    def _bytes(self, source: Source) -> bytes:
        job, scratch = self.ctx.job, self.ctx.services.scratch
        if source.origin is Origin.EMBEDDED:
            kept = scratch / f"{job.fingerprint}-stream{source.where}.srt"
            if kept.exists():
                return kept.read_bytes()
            kept.parent.mkdir(parents=True, exist_ok=True)
            return extract_text(job.media, int(source.where), self.facts.duration, kept)
        path = (job.folder or job.media.parent) / source.where
        try:
            if path.stat().st_size > LARGEST:
                raise Rejected(f"{source.where} is too large for a subtitle", "Look what it is")
            return path.read_bytes()
        except OSError as error:
            raise unreadable(path, error) from error


def normalise_cues(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """Cues by their start, none empty, each ending where the next begins at the latest.

    Of those that begin together (signs over speech) the texts are joined.
    """
    found: list[Cue] = []
    for cue in sorted(cues, key=lambda cue: (cue.start, cue.end)):
        text = cue.text.strip()
        if not text or cue.end <= cue.start:
            continue
        if found and cue.start <= found[-1].start:
            if text not in found[-1].text:
                found[-1] = replace(found[-1], text=f"{found[-1].text}\n{text}")
            continue
        if found and found[-1].end > cue.start:
            found[-1] = replace(found[-1], end=cue.start)
        found.append(replace(cue, text=text))
    return tuple(found)
