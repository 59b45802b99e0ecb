"""Judging the subtitles that others made: each text is read once, and the result is kept.

Sidecars are kept by the hash of their content, tracks by the fingerprint of their media file. Of a
long media file only a few minutes are read to judge a track, and nothing where the container says
how many cues the track has.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.db.judgements import JudgementRepository
from subtitled.media.extract import extract_text
from subtitled.media.probe import MediaInfo, SubtitleTrack
from subtitled.plugin import Cue, InputRejectedError, Language, SubtitledError, TimeSpan
from subtitled.plugin.limits import is_disk_error, is_out_of_resources, read_file
from subtitled.plugin.paths import display_path
from subtitled.policy.coverage import EMBEDDED, SIDECAR, ExistingSubtitle
from subtitled.subtitles.filenames import (
    CONTAINER_EXTENSIONS,
    IMAGE_EXTENSIONS,
    TIMED_DATA_EXTENSION,
)
from subtitled.subtitles.formats import ReadResult
from subtitled.subtitles.judgement import (
    MAX_SUBTITLE_BYTES,
    MediaLength,
    TextJudgement,
    judge_cues,
    judge_for_media,
    judge_text,
)

_log = logging.getLogger(__name__)

WHOLE_SECONDS = 600.0
"""Duration up to which a track is read as a whole."""
WINDOW_SECONDS = 60.0
WINDOW_PLACES = (0.2, 0.45, 0.7)
"""Where the windows of a longer media file begin, as shares of its duration."""
MIN_WINDOW_CUES = 6
"""Fewest cues in the windows from which a track need not be read as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextJudge:
    """Judges the subtitles of one media file."""

    judgements: JudgementRepository
    media: Path
    facts: MediaInfo
    fingerprint: str | None
    folder: Path
    """The folder of the sidecars."""

    def judge(
        self,
        subtitles: Sequence[ExistingSubtitle],
        length: MediaLength,
        languages: Iterable[Language],
    ) -> tuple[ExistingSubtitle, ...]:
        """Return the subtitles with what their texts are.

        Ours and edited ones are as they are. Notes of others, which have no times, are left out.

        Args:
            subtitles: The subtitles of the media file.
            length: How long it is, as far as it is known.
            languages: Languages that matter. Tracks in others are not read.
        """
        wanted = tuple(languages)
        names = {subtitle.location.lower() for subtitle in subtitles}
        judged = []
        for subtitle in subtitles:
            is_others = subtitle.origin in (SIDECAR, EMBEDDED) and not (
                subtitle.is_ours or subtitle.is_outdated or subtitle.is_edited
            )
            if is_others:
                is_notes = subtitle.format == TIMED_DATA_EXTENSION
                subtitle = self._judge_one(subtitle, length, wanted, names)
                if is_notes and subtitle.problem:
                    continue
            judged.append(subtitle)
        return tuple(judged)

    def _judge_one(
        self,
        subtitle: ExistingSubtitle,
        length: MediaLength,
        wanted: tuple[Language, ...],
        names: set[str],
    ) -> ExistingSubtitle:
        judgement: TextJudgement | None = TextJudgement(is_image=True)
        if subtitle.origin == SIDECAR:
            judgement = self._sidecar(subtitle, names)
        elif subtitle.is_text and _matters(subtitle, wanted):
            judgement = self._track(int(subtitle.location), subtitle.language)
        if judgement is None:
            judgement = TextJudgement(is_image=True)
        verdict = judge_for_media(
            judgement, subtitle.language, subtitle.kind, subtitle.marks, length, wanted
        )
        is_unread = subtitle.origin == EMBEDDED and judgement.is_image
        return replace(
            subtitle,
            language=verdict.language,
            is_text=subtitle.is_text if is_unread else not judgement.is_image,
            problem=verdict.problem,
            source_problem=verdict.problem if is_unread else verdict.source_problem,
            notes=verdict.notes,
        )

    def _sidecar(self, subtitle: ExistingSubtitle, names: set[str]) -> TextJudgement:
        path = self.folder / subtitle.location
        suffix = path.suffix[1:].lower()
        if suffix == "sub" and f"{path.stem}.idx".lower() in names:
            return TextJudgement(is_image=True, format="vobsub")
        digest = self.judgements.content_hash(path)
        if digest is None:
            return TextJudgement(problem="it cannot be opened")
        # The language of the name says which code pages are likely.
        stated = subtitle.language.primary if subtitle.language else ""
        key = f"{digest}:{suffix}:{stated}:{self.facts.frame_rate or ''}"
        judgement = self.judgements.find(key)
        if judgement is None:
            try:
                judgement = self._read_sidecar(path, suffix, subtitle.language)
            except OSError as error:
                if is_out_of_resources(error) or is_disk_error(error):
                    raise  # nothing is known of the file, so nothing may be decided
                return TextJudgement(problem=f"it cannot be opened: {error.strerror}")
            self.judgements.store(key, judgement)
        return judgement

    def _read_sidecar(self, path: Path, suffix: str, language: Language | None) -> TextJudgement:
        try:
            if suffix in CONTAINER_EXTENSIONS:
                return self._read_container(path)
            if suffix in IMAGE_EXTENSIONS:
                with path.open("rb") as file:
                    data = file.read(64)
            else:
                data = read_file(path, MAX_SUBTITLE_BYTES)
        except InputRejectedError as error:
            return TextJudgement(problem=str(error))
        judgement, _ = judge_text(data, suffix, language, self.facts.frame_rate or None)
        if suffix in IMAGE_EXTENSIONS and not judgement.is_image:
            return TextJudgement(problem=judgement.problem or "it has no pictures")
        return judgement

    def _read_container(self, path: Path) -> TextJudgement:
        with tempfile.TemporaryDirectory(prefix="subtitled-") as folder:
            try:
                data = extract_text(path, 0, self.facts.duration, Path(folder) / "text")
            except InputRejectedError:
                return TextJudgement(is_image=True, format="mks")
        return judge_text(data, "srt")[0]

    def _track(self, index: int, language: Language | None) -> TextJudgement | None:
        """Judge an embedded track; None if that cannot be done now."""
        track = next(track for track in self.facts.subtitle_tracks if track.index == index)
        duration = self.facts.duration
        if track.cue_count and language is not None:
            return TextJudgement(
                cue_count=track.cue_count, starts=(0.0,), last_end=duration, format=track.codec
            )
        if self.fingerprint is None:
            return None
        key = f"{self.fingerprint}:{index}"
        judgement = self.judgements.find(key)
        if judgement is None:
            try:
                judgement = self._read_track(track)
            except InputRejectedError as error:
                judgement = TextJudgement(problem=str(error))
            except (SubtitledError, OSError) as error:
                _log.warning(
                    "%s: track %d is not judged: %s", display_path(self.media), index, error
                )
                return None
            self.judgements.store(key, judgement)
        return judgement

    def _read_track(self, track: SubtitleTrack) -> TextJudgement:
        duration = self.facts.duration
        with tempfile.TemporaryDirectory(prefix="subtitled-") as folder:
            target = Path(folder) / "text"
            if duration > WHOLE_SECONDS:
                cues = [
                    cue
                    for place in WINDOW_PLACES
                    for cue in self._read_window(track, place * duration, target)
                ]
                if len(cues) >= MIN_WINDOW_CUES:
                    judgement = judge_cues(ReadResult(cues=tuple(cues), format=track.codec))
                    return replace(judgement, sampled_seconds=len(WINDOW_PLACES) * WINDOW_SECONDS)
            data = extract_text(self.media, track.index, duration, target, track.codec)
        return judge_text(data, "srt")[0]

    def _read_window(self, track: SubtitleTrack, start: float, target: Path) -> tuple[Cue, ...]:
        window = TimeSpan(start, start + WINDOW_SECONDS)
        try:
            data = extract_text(
                self.media, track.index, self.facts.duration, target, track.codec, window
            )
        except InputRejectedError:
            return ()
        return judge_text(data, "srt")[1]


def _matters(subtitle: ExistingSubtitle, wanted: tuple[Language, ...]) -> bool:
    language = subtitle.language
    return language is None or any(
        language.satisfies(other) or other.satisfies(language) for other in wanted
    )
