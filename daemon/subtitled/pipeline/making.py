"""From one medium to its sidecars: the workflow, as a plain function over durable steps.

Everything slow or external is a step, and every step's result is small JSON. What the steps find
out decides which steps follow, so that a workflow taken up again after a crash runs the same way.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.costs.gate import Gate
from subtitled.engines.breaker import Breakers
from subtitled.engines.pace import Pace
from subtitled.engines.pool import Engines
from subtitled.glossary.selection import Vocabulary, vocabulary_of, warn
from subtitled.jobcontext.counters import Tally
from subtitled.library.following import replace_namesakes
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState
from subtitled.library.wishes import unmade
from subtitled.media.probe import MediaFacts, probe
from subtitled.plugin import (
    Kind,
    Language,
    Problem,
    Published,
    Subtitle,
    Temporary,
)
from subtitled.routing.production_plan import PLAN, Plan, planned
from subtitled.subtitles.formats import render
from subtitled.subtitles.names import sidecar_path
from subtitled.subtitles.ownership import Provenance
from subtitled.subtitles.publish import can_write, file_sha256, publish
from subtitled.summaries.owed import Owed, planned_summaries
from subtitled.transcription.listening import Listening
from subtitled.transcripts.store import TranscriptStore

from .filling import Filling
from .planning import Examination, examine
from .texts import together

_SHORT = Language("en")
"""Stands for a language that is not known yet where only the length of a name matters."""
_FACTS: TypeAdapter[MediaFacts] = TypeAdapter(MediaFacts)


class Steps(Protocol):
    """How the parts of the work are run: durably by the daemon, directly by ``generate``."""

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """The function's JSON result, now or from an earlier life."""

    def breathe(self, engine: str = "") -> None:
        """A point between stretches at which the work may be paused; before ``engine`` is asked."""


class Direct:
    """Steps that are simply done."""

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        return function()

    def breathe(self, engine: str = "") -> None:
        return


@dataclass(frozen=True, slots=True)
class Job:
    """One version of one medium, and what its library wants of it."""

    medium: Path
    library: LibrarySettings
    content: str
    folder: Path | None = None
    """Where sidecars go; by default beside the medium."""
    force: bool = False
    """Make everything that is wanted, whatever exists, and replace it."""
    by_hand: bool = False
    """A person asked for this very file: what is made yields to nothing later."""
    earlier: tuple[str, ...] = ()
    """Content identities of what the medium may be another version of, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job."""

    state: FileState
    reason: str
    spoken: Language | None = None
    made: tuple[Published, ...] = ()
    left: Problem | None = None
    """Why something is left to be made later, when all that could be made now was."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything that jobs are worked on with."""

    configuration: Configuration
    engines: Engines
    transcripts: TranscriptStore
    ledger: Ledger
    scratch: Path
    progress: Callable[[Job, str, float], None] = field(default=lambda job, what, share: None)
    """Told what is being done and which share of it is done, 0 to 1."""
    tally: Tally = field(default_factory=Tally)
    pace: Pace = field(default_factory=Pace)
    """A clock that stands still while the engines are stopped."""

    @property
    def breakers(self) -> Breakers:
        """What is known of engines that failed."""
        return Breakers(self.ledger.mailbox)

    @property
    def gate(self) -> Gate:
        """What all that leaves this machine passes."""
        return Gate(self.configuration, self.ledger.egress)


def make(job: Job, shop: Workshop, steps: Steps, made: list[Published] | None = None) -> Outcome:
    """Do one job from end to end; ``made`` takes what is published, however it ends.

    Raises :class:`~subtitled.plugin.Problem` with the cure.
    """
    made = [] if made is None else made
    making = Making(job, shop, steps)
    facts = _FACTS.validate_python(steps.run("probe", making.probe))
    chosen = steps.run("choose track", lambda: making.choose(facts))
    if chosen is None:
        return _outcome([], [], None, ())
    if "impossible" in chosen:
        return _outcome([], chosen["impossible"], None, ())
    track = chosen["track"]
    if chosen["listen"] and making.listening.hear(facts, track) is None:
        return Outcome(FileState.NO_SPEECH, "nobody speaks in it")
    plan = PLAN.validate_python(steps.run("decide", lambda: making.decide(facts)))
    filling = Filling(making, facts, track)
    refused = list(plan.impossible)
    done: list[str] = []
    for wish in plan.wishes:
        filled = filling.fill(wish)
        if filled.silent and wish.kind is Kind.FULL and wish.below is None:
            return Outcome(
                *(FileState.NO_SPEECH, "nothing that was said could be recognised"),
                *(making.listening.spoken(track), tuple(made)),
            )
        if filled.subtitle is None:
            refused += (f"{wish}: {why}" for why in filled.refused)
            continue
        subtitle, how = filled.subtitle, filled.how
        done.append(str(wish))
        for fmt in wish.formats:
            path = steps.run(
                f"publish {wish}.{fmt}", partial(making.publish, fmt, subtitle, how, filled.below)
            )
            sidecar = Path(os.fsdecode(bytes.fromhex(path)))
            made.append(Published(job.medium, sidecar, wish.language, wish.kind))
    written = Owed(making, track, filling.words).write(plan.summaries)
    done, refused = [*done, *written.done], [*refused, *written.refused]
    outcome = _outcome(done, refused, making.listening.spoken(track), tuple(made))
    return replace(outcome, left=written.left)


def _outcome(
    done: list[str], refused: list[str], spoken: Language | None, made: tuple[Published, ...]
) -> Outcome:
    impossible = "; ".join(refused)
    if done:
        reason = f"made {', '.join(done)}" + (f"; {impossible}" if impossible else "")
        return Outcome(FileState.DONE, reason, spoken, made)
    if impossible:
        return Outcome(FileState.UNSATISFIABLE, impossible, spoken)
    return Outcome(FileState.NOTHING_TO_DO, "everything wanted is there", spoken)


class Making:
    """The steps of one job. Each may be run again without harm."""

    def __init__(self, job: Job, shop: Workshop, steps: Steps) -> None:
        self.job = job
        self.shop = shop
        self.steps = steps
        self.listening = Listening(job, shop, steps)
        self._stat = job.medium.stat() if job.medium.exists() else None

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The names and terms that hold for the medium."""
        job = self.job
        vocabulary = vocabulary_of(job.medium, job.library, self.shop.configuration)
        warn(vocabulary.mistakes)
        return vocabulary

    def probe(self) -> Any:
        self.tell("looking at the file", 0.0)
        return _FACTS.dump_python(probe(self.job.medium), mode="json")

    def choose(self, facts: MediaFacts) -> dict[str, Any] | None:
        """The index of the main track and whether it must be listened to before anything can be
        decided; or why nothing that is missing can be made; or None if nothing is missing."""
        seen = self._examine(facts)
        if not self.job.force and not seen.decision.is_work:
            impossible = list(seen.decision.impossible)
            return {"impossible": impossible} if impossible else None
        can_write(self.job.folder or self.job.medium.parent)
        for wish in seen.decision.make:  # a name that would be too long is refused here, unpaid
            for fmt in wish.formats:
                below = (wish.below.language or _SHORT) if wish.below else None
                sidecar_path(
                    *(self.job.medium, wish.language or _SHORT, wish.kind, fmt),
                    *(below, self.job.library.names),
                )
        return {"track": seen.choice.track.index, "listen": seen.decision.needs_listening}

    def decide(self, facts: MediaFacts) -> Any:
        """What is to be made and by which ways, as JSON."""
        seen = self._examine(facts)
        wishes, impossible = [], list(seen.decision.impossible)
        for wish in seen.decision.make:
            spoken = seen.spoken or wish.language
            assert spoken is not None
            one = planned(seen.routes, wish, spoken, seen.material.foreign)
            if one.possible:
                wishes.append(one)
            else:
                impossible.append(f"{one}: {unmade(spoken)}")
        summaries, unnamed = planned_summaries(self.job.medium, seen)
        plan = Plan(tuple(wishes), (*impossible, *unnamed), summaries)
        return PLAN.dump_python(plan, mode="json")

    def publish(self, fmt: str, subtitle: Subtitle, how: str, below: Subtitle | None = None) -> str:
        """Write one sidecar and remember it; its path as hexadecimal bytes: not all are text.
        With ``below``, what that says stands below what ``subtitle`` says."""
        target, kind = subtitle.language, subtitle.kind
        self.tell(f"writing {target}.{fmt}", 1.0)
        self.still_the_same()
        lower = below.language if below else None
        path = sidecar_path(self.job.medium, target, kind, fmt, lower, self.job.library.names)
        if self.job.folder is not None:
            path = self.job.folder / path.name
        sidecars = self.shop.ledger.sidecars
        ours = sidecars.replaceable(path, self.job.content)
        if self.job.force and path.exists():
            ours = file_sha256(path)
        content = (
            together(subtitle, below, fmt, self.job.library) if below else render(subtitle, fmt)
        )
        made = Provenance.of(content, path.name, self.job.content, target, fmt, how, kind)
        publish(path, content, ours=ours, provenance=made)
        sidecars.record(path, self.job.medium, made, by_hand=self.job.by_hand)
        replace_namesakes(self.shop.ledger, self.job.medium, path)
        return os.fsencode(path).hex()

    def tell_stretch(self, what: str, number: int, total: int) -> None:
        self.tell(f"{what} {number + 1}/{total}", number / total)

    def _examine(self, facts: MediaFacts) -> Examination:
        return examine(
            self.job.medium,
            facts,
            self.job.library,
            self.shop.configuration,
            content=self.job.content,
            transcripts=self.shop.transcripts,
            sidecars=self.shop.ledger.sidecars,
            sidecar_folder=self.job.folder,
            ignore_existing=self.job.force,
            by_hand=self.job.by_hand,
        )

    def still_the_same(self) -> None:
        """A file replaced or gone during the work must not get the subtitles of the old one."""
        try:
            now = self.job.medium.stat()
        except FileNotFoundError:
            now = None
        then = self._stat
        if (
            now is None
            or then is None
            or (now.st_size, now.st_mtime_ns)
            != (
                then.st_size,
                then.st_mtime_ns,
            )
        ):
            raise Temporary(
                f"{self.job.medium.name!r} changed or went away while it was worked on",
                "It is taken up again when it has settled",
            )

    def tell(self, what: str, share: float) -> None:
        """Say what is being done, and which share of it is done."""
        self.shop.progress(self.job, what, share)
