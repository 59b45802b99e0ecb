"""The summaries that a library wants of one medium, written when its subtitles are there.

Whatever goes wrong here is no reason for a subtitle not to be made: it is told at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subtitled.plugin import Problem, Rejected, Word
from subtitled.routing.production_plan import Part, PlannedSummary, hearing
from subtitled.subtitles.names import summary_path

from .summarising import MADE, Heard, Made, Summarising, put, sentences_of

if TYPE_CHECKING:
    from subtitled.pipeline.making import Making
    from subtitled.pipeline.planning import Examination


@dataclass(slots=True)
class Written:
    """What became of the summaries of one medium."""

    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why some are not made at all."""
    left: Problem | None = None
    """What is in the way of the others for now."""


def planned_summaries(
    medium: Path, seen: Examination
) -> tuple[tuple[PlannedSummary, ...], tuple[str, ...]]:
    """What is to be written, and why some of it cannot: too long a name is refused before anything
    is paid for it."""
    planned: list[PlannedSummary] = []
    impossible: list[str] = []
    for wish in seen.decision.summaries:
        language = wish.language or seen.spoken
        assert language is not None
        assert seen.spoken is not None
        parts = hearing(seen.routes, seen.spoken, seen.material.foreign)
        one = PlannedSummary(language, wish.files, parts)
        try:
            for ending in one.files:
                summary_path(medium, language, ending)
        except Rejected as problem:
            impossible.append(f"{one}: {problem}")
        else:
            planned.append(one)
    return tuple(planned), tuple(impossible)


class Owed:
    """The steps by which they are written. Each may be run again without harm.

    ``words`` says what is said in the main track, in parts by language.
    """

    def __init__(
        self, making: Making, track: int, words: Callable[[Sequence[Part]], list[Word]]
    ) -> None:
        self._making = making
        self._track = track
        self._words = words
        shop = making.shop
        self._summarising = Summarising(shop.configuration, shop.gate, shop.transcripts)

    def write(self, wanted: Sequence[PlannedSummary]) -> Written:
        """One after the other."""
        told = Written()
        for one in wanted:
            try:
                self._one(one)
            except Rejected as problem:
                told.refused.append(f"{one}: {problem}")
            except Problem as problem:
                told.left = problem
            else:
                told.done.append(str(one))
        return told

    def _one(self, wanted: PlannedSummary) -> None:
        heard = self._heard(wanted)
        steps = self._making.steps
        said = steps.run(f"write {wanted}", partial(self._write, wanted, heard))
        made = MADE.validate_python(said)
        for ending in wanted.files:
            steps.run(f"publish {wanted}.{ending}", partial(self._publish, made, ending))

    def _heard(self, wanted: PlannedSummary) -> Heard:
        track, words = self._track, self._words(wanted.parts)
        listened = self._making.listening.listened(track)
        assert listened.language is not None
        said = sentences_of(words, listened.language, listened.duration)
        return Heard(track, listened.language, listened.duration, said)

    def _write(self, wanted: PlannedSummary, heard: Heard) -> Any:
        job = self._making.job
        self._making.tell(f"writing a {wanted}", 0.0)
        made = self._summarising.summary(
            *(job.medium, job.content, job.library, heard, wanted.language)
        )
        return MADE.dump_python(made, mode="json")

    def _publish(self, made: Made, ending: str) -> None:
        job, sidecars = self._making.job, self._making.shop.ledger.sidecars
        self._making.still_the_same()
        put(made, ending, job.medium, job.content, sidecars, job.folder, by_hand=job.by_hand)
