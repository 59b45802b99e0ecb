"""Subtitles that somebody else made, as what others are translated from: with their own times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.jobcontext.context import JobContext
from subtitled.media.extract import MAX_TEXT_BYTES, extract_text
from subtitled.media.ffmpeg import unreadable_error
from subtitled.media.probe import MediaInfo
from subtitled.plugin import Cue, InputRejectedError, Language, TransientError
from subtitled.policy.requirements import Origin, Source
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.language_id import find_language_mismatch

MIN_CUES = 3
"""Cues of a text that is worth translating."""
MAX_SECONDS_PER_CUE = 120.0
"""Seconds of the medium for each cue from which on a text is only some signs, or foreign parts."""


@dataclass(frozen=True, slots=True)
class SubtitleSource:
    """The text subtitles in one media file and beside it."""

    ctx: JobContext
    facts: MediaInfo

    def digest(self, source: Source) -> str:
        """What a text is at this moment: a step, so that one that is changed later is noticed."""
        return hashlib.sha256(self._bytes(source)).hexdigest()

    def cues(self, source: Source, digest: str) -> tuple[Cue, ...]:
        """Its cues in order, without overlap, as they were when ``digest`` was taken."""
        data = self._bytes(source)
        if hashlib.sha256(data).hexdigest() != digest:
            raise TransientError(
                f"{source.location} was changed while it was translated",
                "It is taken up again as it is then",
            )
        suffix = "srt" if source.origin is Origin.EMBEDDED else Path(source.location).suffix[1:]
        return normalise_cues(read_cues(data, suffix))

    def rejection_reason(self, cues: Sequence[Cue], source: Source) -> str | None:
        """Why a text is not to be translated from, or None."""
        where = f"stream {source.location}" if source.origin is Origin.EMBEDDED else source.location
        length = self.facts.duration
        if len(cues) < MIN_CUES or len(cues) * MAX_SECONDS_PER_CUE < length:
            return f"{where} has only {len(cues)} cues in {length / 60:.0f} minutes"
        found = find_language_mismatch([cue.text for cue in cues], source.language)
        if found is None:
            return None
        said = found.english_name if isinstance(found, Language) else found
        return f"{where} is said to be in {source.language.english_name}, but is {said}"

    def _bytes(self, source: Source) -> bytes:
        job, scratch = self.ctx.job, self.ctx.services.scratch
        if source.origin is Origin.EMBEDDED:
            kept = scratch / f"{job.fingerprint}-stream{source.location}.srt"
            if kept.exists():
                return kept.read_bytes()
            kept.parent.mkdir(parents=True, exist_ok=True)
            return extract_text(job.media, int(source.location), self.facts.duration, kept)
        path = (job.output_folder or job.media.parent) / source.location
        try:
            if path.stat().st_size > MAX_TEXT_BYTES:
                raise InputRejectedError(
                    f"{source.location} is too large for a subtitle", "Look what it is"
                )
            return path.read_bytes()
        except OSError as error:
            raise unreadable_error(path, error) from error


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
