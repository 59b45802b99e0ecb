"""Existing subtitles made by humans, which are translated at their own times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.jobcontext.context import JobContext
from subtitled.media.errors import unreadable_error
from subtitled.media.extract import MAX_TEXT_BYTES, extract_text
from subtitled.media.probe import MediaInfo
from subtitled.plugin import Cue, InputRejectedError, Language, SubtitleKind, TransientError
from subtitled.plugin.limits import read_file
from subtitled.policy.requirements import Origin, Source
from subtitled.subtitles.formats import ReadResult
from subtitled.subtitles.judgement import (
    MediaLength,
    TextJudgement,
    TextVerdict,
    judge_cues,
    judge_for_media,
    judge_text,
    latest_time,
)

MAX_JOINED_CHARS = 1000
"""Characters of cues that start together above which no more are joined."""
MIN_CUES = 3
"""Fewest cues of a text that is worth translating."""


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
        is_embedded = source.origin is Origin.EMBEDDED
        suffix = "srt" if is_embedded else Path(source.location).suffix[1:].lower()
        judgement, cues = judge_text(data, suffix, source.language, self.facts.frame_rate or None)
        if judgement.problem:
            raise InputRejectedError(
                f"{_name(source)}: {judgement.problem}", "Replace or remove it"
            )
        shift = self._judge(judgement, source).shift
        shifted = (replace(cue, start=cue.start + shift, end=cue.end + shift) for cue in cues)
        return normalise_cues([cue for cue in shifted if self._is_inside(cue)])

    def rejection_reason(self, cues: Sequence[Cue], source: Source) -> str | None:
        """Return why a text must not be translated from, or None."""
        where, duration = _name(source), self.facts.duration
        if len(cues) < MIN_CUES:
            return f"{where} has only {len(cues)} cues in {duration / 60:.0f} minutes"
        judgement = judge_cues(ReadResult(cues=tuple(cues), format="srt"))
        if problem := self._judge(judgement, source).source_problem:
            return f"{where}: {problem}"
        mismatch = judgement.evidence.find_mismatch(source.language)
        if mismatch is None:
            return None
        actual = mismatch.english_name if isinstance(mismatch, Language) else mismatch
        return f"{where} is labelled {source.language.english_name}, but is {actual}"

    def _judge(self, judgement: TextJudgement, source: Source) -> TextVerdict:
        length = MediaLength(self.facts.duration, has_video=self.facts.has_video)
        return judge_for_media(judgement, source.language, SubtitleKind.FULL, frozenset(), length)

    def _is_inside(self, cue: Cue) -> bool:
        """Return whether a cue is within the media file."""
        duration = self.facts.duration
        return cue.start >= 0 and (duration <= 0 or cue.start < latest_time(duration))

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
            return read_file(path, MAX_TEXT_BYTES)
        except OSError as error:
            raise unreadable_error(path, error) from error


def _name(source: Source) -> str:
    return f"stream {source.location}" if source.origin is Origin.EMBEDDED else source.location


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
            if len(result[-1].text) < MAX_JOINED_CHARS and text not in result[-1].text:
                result[-1] = replace(result[-1], text=f"{result[-1].text}\n{text}")
            continue
        if result and result[-1].end > cue.start:
            result[-1] = replace(result[-1], end=cue.start)
        result.append(replace(cue, text=text))
    return tuple(result)
