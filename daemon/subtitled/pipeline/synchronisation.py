"""Checking the times of other people's subtitles by what is known of the speech of a media file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.plugin import Cue, InputRejectedError, Language, SubtitleKind, Word
from subtitled.plugin.limits import read_file
from subtitled.policy.coverage import SIDECAR, ExistingSubtitle
from subtitled.subtitles.encodings import decode_text
from subtitled.subtitles.filenames import IMAGE_EXTENSIONS
from subtitled.subtitles.formats.ass_times import is_ass
from subtitled.subtitles.judgement import MAX_SUBTITLE_BYTES, judge_text
from subtitled.subtitles.synchronisation.media_speech import MediaSpeech
from subtitled.subtitles.synchronisation.separate_check import check_elsewhere
from subtitled.transcripts.assembly import assemble_track
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore
from subtitled.transcripts.subtitle_checks import SubtitleCheck, SubtitleChecks, name_location


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedText:
    """A text of which the times are checked."""

    location: str
    """The name of the sidecar, or the index of the track."""
    data: bytes
    suffix: str
    """The extension of its format, without the dot."""
    language: Language | None
    kind: SubtitleKind = SubtitleKind.FULL

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.data).hexdigest()

    def read_ass(self) -> str | None:
        """Return the decoded file if it is ASS or SSA, whatever its name says; None if not.

        Raises:
            InputRejectedError: It cannot be decoded.
        """
        text = decode_text(self.data, self.language)
        return text if is_ass(text) else None

    def read_cues(self, frame_rate: float | None) -> tuple[Cue, ...]:
        """Return its cues.

        Raises:
            InputRejectedError: It is no subtitle with times.
        """
        judgement, cues = judge_text(self.data, self.suffix, self.language, frame_rate)
        if judgement.is_image:
            raise InputRejectedError(
                f"{name_location(self.location)} has pictures, and no text",
                "Check a subtitle with text",
            )
        if judgement.problem:
            raise InputRejectedError(
                f"{name_location(self.location)}: {judgement.problem}",
                "Check a subtitle with text and times",
            )
        return cues


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSource:
    """What is stored about the speech of a media file."""

    store: TranscriptStore
    fingerprint: str
    track: int
    """The index of the main audio track."""
    frame_rate: float | None = None

    def check(self, text: CheckedText) -> SubtitleCheck | None:
        """Check a text, and store the result. A text that is known is not checked again.

        A text that was checked without words is checked again when a transcript is known.

        Returns:
            The check, or None if the speech of the media file is not known.

        Raises:
            InputRejectedError: It is no subtitle with times.
        """
        analysis, words, language = self._hear(text.language)
        if analysis is None:
            return None
        checks, digest = SubtitleChecks(self.store), text.digest
        known = checks.find(self.fingerprint, digest)
        if known is not None and known.has_words == bool(words) and known.language == text.language:
            if known.location != text.location:  # It was renamed.
                known = replace(known, location=text.location)
                checks.save(self.fingerprint, known)
            return known
        media_speech = MediaSpeech(
            speech=analysis.speech,
            faint=analysis.quiet_speech,
            words=words,
            language=language,
        )
        check = SubtitleCheck(
            location=text.location,
            digest=digest,
            language=text.language,
            report=check_elsewhere(text.read_cues(self.frame_rate), media_speech),
            has_words=bool(words),
        )
        checks.save(self.fingerprint, check)
        return check

    def _hear(
        self, wanted: Language | None
    ) -> tuple[TrackAnalysis | None, Sequence[Word], Language | None]:
        """Return the speech of a track with its words, if they are known in a language."""
        tracks = dict.fromkeys((self.track, *self.store.tracks(self.fingerprint)))
        for track in tracks if wanted is not None else ():
            analysis = self.store.analysis(self.fingerprint, track)
            if analysis is None:
                continue
            for variant in self.store.variants(self.fingerprint, track):
                found = assemble_track(self.store, self.fingerprint, track, variant)
                if found is not None and wanted is not None and _is_same(found.language, wanted):
                    return analysis, found.words, found.language
        return self.store.analysis(self.fingerprint, self.track), (), None


def read_sidecar(folder: Path, subtitle: ExistingSubtitle) -> CheckedText:
    """Read a sidecar.

    Raises:
        InputRejectedError: It is too large.
        OSError: It cannot be read.
    """
    path = folder / subtitle.location
    return CheckedText(
        location=subtitle.location,
        data=read_file(path, MAX_SUBTITLE_BYTES),
        suffix=path.suffix[1:].lower(),
        language=subtitle.language,
        kind=subtitle.kind,
    )


def list_others(
    subtitles: Sequence[ExistingSubtitle], *, with_problems: bool = False
) -> list[ExistingSubtitle]:
    """Return the text sidecars that other people made.

    Args:
        subtitles: What there is.
        with_problems: Whether those are returned too that do not count, such as broken ones.
    """
    return [
        subtitle
        for subtitle in subtitles
        if subtitle.origin == SIDECAR
        and subtitle.is_text
        and subtitle.format not in IMAGE_EXTENSIONS
        and (with_problems or not subtitle.problem)
        and not (subtitle.is_ours or subtitle.is_outdated or subtitle.is_edited)
    ]


def _is_same(spoken: Language, written: Language) -> bool:
    return spoken.is_known and spoken.primary == written.primary
