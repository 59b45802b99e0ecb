"""The steps that write the summaries of a media file after its subtitles.

A failure here holds back no subtitle. It is reported at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from subtitled.jobcontext.context import JobContext
from subtitled.plugin import InputRejectedError, SubtitledError, Word
from subtitled.routing.production_plan import PathSegment, SummaryPlan
from subtitled.transcription.track_analysis import TrackAnalyser

from .service import (
    SUMMARY_DOCUMENT,
    SpokenText,
    Summariser,
    SummaryDocument,
    SummaryTarget,
    publish_summary,
    split_sentences,
)


@dataclass(slots=True)
class SummaryResults:
    """The results for the summaries of one media file."""

    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why some summaries cannot be written."""
    deferred_error: SubtitledError | None = None
    """Why others are written later."""


class SummarySteps:
    """Writes and publishes summaries in durable steps that can be repeated safely.

    ``words`` returns what is said in the main track, in parts by language.
    """

    def __init__(
        self,
        ctx: JobContext,
        analyser: TrackAnalyser,
        track: int,
        words: Callable[[Sequence[PathSegment]], list[Word]],
    ) -> None:
        self._ctx = ctx
        self._analyser = analyser
        self._track = track
        self._words = words
        services = ctx.services
        self._summarising = Summariser(
            services.config, services.egress_gate, services.store, services.engines
        )

    def write(self, wanted: Sequence[SummaryPlan]) -> SummaryResults:
        """Write the planned summaries one after the other."""
        results = SummaryResults()
        for plan in wanted:
            try:
                self._one(plan)
            except InputRejectedError as error:
                results.refused.append(f"{plan}: {error}")
            except SubtitledError as error:
                results.deferred_error = error
            else:
                results.done.append(str(plan))
        return results

    def _one(self, wanted: SummaryPlan) -> None:
        spoken_text = self._read_spoken_text(wanted)
        steps = self._ctx.steps
        document_json = steps.run(f"write {wanted}", partial(self._write, wanted, spoken_text))
        document = SUMMARY_DOCUMENT.validate_python(document_json)
        for ending in wanted.files:
            steps.run(f"publish {wanted}.{ending}", partial(self._publish, document, ending))

    def _read_spoken_text(self, wanted: SummaryPlan) -> SpokenText:
        track, words = self._track, self._words(wanted.segments)
        analysis = self._analyser.analysis(track)
        assert analysis.language is not None
        sentences = split_sentences(words, analysis.language, analysis.duration)
        return SpokenText(track, analysis.language, analysis.duration, sentences)

    def _write(self, wanted: SummaryPlan, spoken_text: SpokenText) -> Any:
        job = self._ctx.job
        self._ctx.progress(f"writing a {wanted}", 0.0)
        document = self._summarising.summarise_media(
            job.media, job.fingerprint, job.library, spoken_text, wanted.language
        )
        return SUMMARY_DOCUMENT.dump_python(document, mode="json")

    def _publish(self, made: SummaryDocument, ending: str) -> None:
        job, sidecars = self._ctx.job, self._ctx.services.db.sidecars
        self._ctx.ensure_unchanged()
        target = SummaryTarget(
            media=job.media,
            fingerprint=job.fingerprint,
            folder=job.output_folder,
            is_user_requested=job.user_requested,
        )
        publish_summary(made, ending, target, sidecars)
