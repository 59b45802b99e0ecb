"""The spoken language of one track: stated, known from before, or looked for now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from subtitled.jobcontext.context import JobContext
from subtitled.media.probe import AudioTrack
from subtitled.plugin import Audio, Language
from subtitled.routing.language_identifiers import candidate_languages, identifiers_for
from subtitled.transcripts.models import TrackAnalysis

from .known_language import find_means, known_language
from .language_detection import LanguageClues, detect_language
from .language_identification import LanguageIdentification
from .transcript_reuse import ReuseTarget, reuse_transcript


class TrackLanguage:
    """Finds the spoken language of one track of a job."""

    def __init__(
        self,
        ctx: JobContext,
        track: AudioTrack,
        audio: Callable[[], Audio],
        stated: Language | None,
    ) -> None:
        """Create it.

        Args:
            ctx: The job.
            track: The track.
            audio: Returns the decoded track, decoding it if necessary.
            stated: The language that a caller says is spoken in it, if any.
        """
        self._stated = stated
        self._ctx = ctx
        self._job = ctx.job
        self._services = ctx.services
        self._track = track
        self._audio = audio

    def identify(self, analysis: TrackAnalysis) -> TrackAnalysis:
        """Return the analysis of the track with its language, and that of each part if needed.

        Raises:
            SubtitledError: An engine that was to identify it failed.
        """
        if self._stated is not None:
            return analysis.with_statement(self._stated)
        library = self._job.library
        means = find_means(self._services.config, library, self._ctx.routes)
        per_segment = bool(library.forced) or library.sources.detect_language_changes == "always"
        tag = self._track.language
        identifiers = identifiers_for(means.identifiers, tag, per_segment)
        known = known_language(analysis, means)
        if known is not None and (
            analysis.language_segments is not None or not per_segment or not identifiers
        ):
            return analysis
        clues = LanguageClues(
            tag=tag,
            assumed=means.assumed,
            library_languages=candidate_languages(library),
            per_segment=per_segment,
        )
        identification = LanguageIdentification(self._ctx, self._track.index, analysis, self._audio)
        detected = detect_language(analysis, clues, identification.detectors(identifiers))
        if not detected.is_language_evident:
            detected = replace(detected, language_means=means.keys)
        if self._job.previous_versions and analysis.language is None:
            self._reuse_transcript(analysis, detected.language)
        return detected

    def _reuse_transcript(self, analysis: TrackAnalysis, language: Language | None) -> None:
        """Take over the transcript of an earlier version of the media file, if there is one."""
        if language is None:
            return
        self._ctx.progress("comparing it with an earlier version", 0.0)
        target = ReuseTarget(
            fingerprint=self._job.fingerprint,
            track=self._track.index,
            analysis=analysis,
            language=language,
            chunk_seconds=self._services.config.settings.daemon.chunk_duration,
        )
        reuse_transcript(
            self._services.store,
            target,
            self._job.previous_versions,
            self._ctx.routes.capabilities_by_engine,
        )
