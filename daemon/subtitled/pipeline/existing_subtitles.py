"""Existing subtitles made by humans, which are translated at their own times."""

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
"""Fewest cues of a text that is worth translating."""
MAX_SECONDS_PER_CUE = 120.0
"""Seconds of the media file for each cue above which a text has only signs or foreign parts."""


@dataclass(frozen=True, slots=True)
class SubtitleSource:
    """The text subtitles in a media file and beside it."""

    ctx: JobContext
    facts: MediaInfo

    def digest(self, source: Source) -> str:
        """Return the hash of a source. It is a step, so that a later change is noticed."""
        return hashlib.sha256(self._bytes(source)).hexdigest()

    def cues(self, source: Source, digest: str) -> tuple[Cue, ...]:
        """Return the cues in order and without overlap.

        Args:
            source: The stream or sidecar.
            digest: What :meth:`digest` returned for it.

        Raises:
            TransientError: The source has changed since.
            InputRejectedError: It cannot be read, or is too large.
        """
        data = self._bytes(source)
        if hashlib.sha256(data).hexdigest() != digest:
            raise TransientError(
                f"{source.location} was changed while it was translated",
                "It is read again at the next try",
            )
        suffix = "srt" if source.origin is Origin.EMBEDDED else Path(source.location).suffix[1:]
        return normalise_cues(read_cues(data, suffix))

    def rejection_reason(self, cues: Sequence[Cue], source: Source) -> str | None:
        """Return why a text must not be translated from, or None."""
        where = f"stream {source.location}" if source.origin is Origin.EMBEDDED else source.location
        duration = self.facts.duration
        if len(cues) < MIN_CUES or len(cues) * MAX_SECONDS_PER_CUE < duration:
            return f"{where} has only {len(cues)} cues in {duration / 60:.0f} minutes"
        mismatch = find_language_mismatch([cue.text for cue in cues], source.language)
        if mismatch is None:
            return None
        actual = mismatch.english_name if isinstance(mismatch, Language) else mismatch
        return f"{where} is labelled {source.language.english_name}, but is {actual}"

    def _bytes(self, source: Source) -> bytes:
        job, scratch = self.ctx.job, self.ctx.services.scratch
        if source.origin is Origin.EMBEDDED:
            extracted = scratch / f"{job.fingerprint}-stream{source.location}.srt"
            if extracted.exists():
                return extracted.read_bytes()
            extracted.parent.mkdir(parents=True, exist_ok=True)
            stream, tracks = int(source.location), self.facts.subtitle_tracks
            codec = next((track.codec for track in tracks if track.index == stream), "")
            return extract_text(job.media, stream, self.facts.duration, extracted, codec)
        path = (job.output_folder or job.media.parent) / source.location
        try:
            if path.stat().st_size > MAX_TEXT_BYTES:
                raise InputRejectedError(
                    f"{source.location} is too large for a subtitle",
                    "Check what kind of file it is",
                )
            return path.read_bytes()
        except OSError as error:
            raise unreadable_error(path, error) from error


def normalise_cues(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """Sort cues, drop empty ones, and end each at the start of the next.

    The texts of cues that start together, such as signs over speech, are joined.
    """
    result: list[Cue] = []
    for cue in sorted(cues, key=lambda cue: (cue.start, cue.end)):
        text = cue.text.strip()
        if not text or cue.end <= cue.start:
            continue
        if result and cue.start <= result[-1].start:
            if text not in result[-1].text:
                result[-1] = replace(result[-1], text=f"{result[-1].text}\n{text}")
            continue
        if result and result[-1].end > cue.start:
            result[-1] = replace(result[-1], end=cue.start)
        result.append(replace(cue, text=text))
    return tuple(result)
