"""The summaries that a library wants of one medium, written when its subtitles are there.

Whatever goes wrong here is no reason for a subtitle not to be made: it is told at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from subtitled.jobcontext.context import JobContext
from subtitled.plugin import Problem, Rejected, Word
from subtitled.routing.production_plan import Part, PlannedSummary
from subtitled.transcription.track_analysis import TrackAnalyser

from .summarising import MADE, Heard, Made, Summarising, put, sentences_of


@dataclass(slots=True)
class SummaryResults:
    """What became of the summaries of one medium."""

    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why some are not made at all."""
    deferred_error: Problem | None = None
    """What is in the way of the others for now."""


class SummarySteps:
    """The steps by which they are written. Each may be run again without harm.

    ``words`` says what is said in the main track, in parts by language.
    """

    def __init__(
        self,
        ctx: JobContext,
        analyser: TrackAnalyser,
        track: int,
        words: Callable[[Sequence[Part]], list[Word]],
    ) -> None:
        self._ctx = ctx
        self._analyser = analyser
        self._track = track
        self._words = words
        services = ctx.services
        self._summarising = Summarising(services.config, services.egress_gate, services.store)

    def write(self, wanted: Sequence[PlannedSummary]) -> SummaryResults:
        """One after the other."""
        results = SummaryResults()
        for one in wanted:
            try:
                self._one(one)
            except Rejected as problem:
                results.refused.append(f"{one}: {problem}")
            except Problem as problem:
                results.deferred_error = problem
            else:
                results.done.append(str(one))
        return results

    def _one(self, wanted: PlannedSummary) -> None:
        heard = self._heard(wanted)
        steps = self._ctx.steps
        said = steps.run(f"write {wanted}", partial(self._write, wanted, heard))
        made = MADE.validate_python(said)
        for ending in wanted.files:
            steps.run(f"publish {wanted}.{ending}", partial(self._publish, made, ending))

    def _heard(self, wanted: PlannedSummary) -> Heard:
        track, words = self._track, self._words(wanted.parts)
        listened = self._analyser.analysis(track)
        assert listened.language is not None
        said = sentences_of(words, listened.language, listened.duration)
        return Heard(track, listened.language, listened.duration, said)

    def _write(self, wanted: PlannedSummary, heard: Heard) -> Any:
        job = self._ctx.job
        self._ctx.progress(f"writing a {wanted}", 0.0)
        made = self._summarising.summary(
            *(job.media, job.fingerprint, job.library, heard, wanted.language)
        )
        return MADE.dump_python(made, mode="json")

    def _publish(self, made: Made, ending: str) -> None:
        job, sidecars = self._ctx.job, self._ctx.services.db.sidecars
        self._ctx.ensure_unchanged()
        put(
            *(made, ending, job.media, job.fingerprint, sidecars, job.folder),
            by_hand=job.user_requested,
        )
