"""From one medium to its sidecars: the workflow, as a plain function over durable steps.

Everything slow or external is a step, and every step's result is small JSON. What the steps find
out decides which steps follow, so that a workflow taken up again after a crash runs the same way.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.library.following import replace_namesakes
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState
from subtitled.media.decode import decode
from subtitled.media.probe import MediaFacts, probe
from subtitled.plugin import (
    Audio,
    Interval,
    Kind,
    Language,
    LanguageGuess,
    Published,
    Subtitle,
    Temporary,
)
from subtitled.subtitles.formats import render
from subtitled.subtitles.names import sidecar_path
from subtitled.subtitles.ownership import Provenance
from subtitled.subtitles.publish import can_write, file_sha256, publish

from .asking import asking
from .breaker import Breakers
from .detection import detect
from .engines import Engines
from .filling import Filling
from .gate import Errand, Gate
from .pace import Pace
from .planning import Examination, examine
from .retiming import retime
from .routes import routes_for
from .sources import PLAN, Plan, Planned, planned
from .tally import Tally
from .transcripts import Listened, Shots, TranscriptStore
from .vocabulary import Vocabulary, vocabulary_of, warn

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


def make(job: Job, shop: Workshop, steps: Steps) -> Outcome:
    """Do one job from end to end. Raises :class:`~subtitled.plugin.Problem` with the cure."""
    making = Making(job, shop, steps)
    facts = _FACTS.validate_python(steps.run("probe", making.probe))
    chosen = steps.run("choose track", lambda: making.choose(facts))
    if chosen is None:
        return Outcome(FileState.NOTHING_TO_DO, "everything wanted is there")
    track = chosen["track"]
    if chosen["listen"] and making.hear(facts, track) is None:
        return Outcome(FileState.NO_SPEECH, "nobody speaks in it")
    plan = PLAN.validate_python(steps.run("decide", lambda: making.decide(facts)))
    filling = Filling(making, facts, track)
    refused = list(plan.impossible)
    made: list[Published] = []
    for wish in plan.wishes:
        filled = filling.fill(wish)
        if filled.silent and wish.kind is Kind.FULL:
            return Outcome(
                *(FileState.NO_SPEECH, "nothing that was said could be recognised"),
                *(making.spoken(track), tuple(made)),
            )
        if filled.subtitle is None:
            refused += (f"{named(wish)}: {why}" for why in filled.refused)
            continue
        subtitle, how = filled.subtitle, str(filled.attempt)
        for fmt in wish.formats:
            path = steps.run(
                f"publish {named(wish)}.{fmt}", partial(making.publish, fmt, subtitle, how)
            )
            sidecar = Path(os.fsdecode(bytes.fromhex(path)))
            made.append(Published(job.medium, sidecar, wish.language, wish.kind))
    return _outcome(plan, refused, making.spoken(track), tuple(made))


def named(wish: Planned) -> str:
    """What is wanted, for people: ``es``, ``en.forced``."""
    return f"{wish.language}" + ("" if wish.kind is Kind.FULL else f".{wish.kind}")


def _outcome(
    plan: Plan, refused: list[str], spoken: Language | None, made: tuple[Published, ...]
) -> Outcome:
    impossible = "; ".join(refused)
    if made:
        whats = dict.fromkeys((one.language, one.kind) for one in made)
        languages = ", ".join(named(w) for w in plan.wishes if (w.language, w.kind) in whats)
        reason = f"made {languages}" + (f"; {impossible}" if impossible else "")
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
        self._heard: set[int] = set()
        self._stat = job.medium.stat() if job.medium.exists() else None

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The names and terms that hold for the medium."""
        settings = self.shop.configuration.settings
        vocabulary = vocabulary_of(self.job.medium, self.job.library, settings)
        warn(vocabulary.mistakes)
        return vocabulary

    def probe(self) -> Any:
        self._tell("looking at the file", 0.0)
        return _FACTS.dump_python(probe(self.job.medium), mode="json")

    def choose(self, facts: MediaFacts) -> dict[str, Any] | None:
        """The index of the main track and whether it must be listened to before anything can be
        decided, or None if all that is wanted is there already."""
        seen = self._examine(facts)
        if not self.job.force and not seen.decision.make and not seen.decision.needs_listening:
            return None
        can_write(self.job.folder or self.job.medium.parent)
        for wish in seen.decision.make:  # a name that would be too long is refused here, unpaid
            for fmt in wish.formats:
                sidecar_path(
                    *(self.job.medium, wish.language or _SHORT, wish.kind, fmt),
                    self.job.library.names,
                )
        return {"track": seen.choice.track.index, "listen": seen.decision.needs_listening}

    def hear(self, facts: MediaFacts, track: int, *, main: bool = True) -> Language | None:
        """What is spoken in a track, in three steps; None if nobody speaks."""
        if track not in self._heard:
            of = "" if main else f" of track {track}"
            self.steps.run(f"decode{of}", lambda: self.decode(facts, track))
            self.steps.run(f"find speech{of}", lambda: self.find_speech(facts, track))
            if self.listened(track).speech:
                self.steps.breathe()
                self.steps.run(f"detect language{of}", lambda: self.detect(facts, track))
            self._heard.add(track)
        return self.listened(track).language

    def spoken(self, track: int) -> Language | None:
        """What is spoken in a track, as far as anybody has listened."""
        listened = self.shop.transcripts.listened(self.job.content, track)
        return listened.language if listened else None

    def decode(self, facts: MediaFacts, track: int) -> None:
        heard = self.shop.transcripts.listened(self.job.content, track) is not None
        if not heard:
            # The engine loads while the sound is decoded and looked through for speech.
            detector = routes_for(self.shop.configuration, self.job.library).detector
            if detector is not None:
                self.shop.engines[detector].prepare()
        if not heard or self._wants_cuts(facts):
            self.audio(facts, track)

    def find_speech(self, facts: MediaFacts, track: int) -> None:
        if self.shop.transcripts.listened(self.job.content, track) is not None:
            return
        audio = self.audio(facts, track)
        self._tell("finding speech", 0.0)
        speech = self.shop.engines.find_speech(audio)
        listened = Listened(audio.duration, speech.intervals, quiet=speech.quiet)
        self.shop.transcripts.keep_listened(self.job.content, track, listened)

    def detect(self, facts: MediaFacts, track: int) -> None:
        listened = self.listened(track)
        library = self.job.library
        detector = routes_for(self.shop.configuration, library).detector
        closely = bool(library.forced) or library.sources.changes == "always"
        if listened.language is not None and (
            listened.runs is not None or not closely or detector is None
        ):
            return
        tag = next(known.language for known in facts.audio if known.index == track)
        heard = detect(
            listened,
            tag,
            closely,
            partial(self._guesses, facts, track, detector) if detector else None,
        )
        if self.job.earlier and listened.language is None and heard.language is not None:
            self._tell("comparing it with an earlier version", 0.0)
            retime(
                self.shop.transcripts,
                self.job.content,
                track,
                listened,
                heard.language,
                self.job.earlier,
                self.shop.configuration.settings.daemon.stretch,
                routes_for(self.shop.configuration, library).abilities,
            )
        self.shop.transcripts.keep_listened(self.job.content, track, heard)

    def _guesses(
        self, facts: MediaFacts, track: int, detector: str, windows: Sequence[Interval]
    ) -> Sequence[LanguageGuess]:
        self._tell("detecting the language", 0.0)
        host = self.shop.engines[detector]
        audio, seconds = self.audio(facts, track), sum(one.duration for one in windows)
        errand = Errand(
            *(detector, host.capabilities, self.job.medium, self.job.library, "audio"),
            *(seconds, f"{self.job.content}/{track}/language/{len(windows)}"),
        )
        asked = asking(self.shop, detector, self.job.content, seconds, proves=False)
        with self.shop.gate.sending(errand), asked:
            return host.detect_language(audio, windows)

    def decide(self, facts: MediaFacts) -> Any:
        """What is to be made and by which ways, as JSON."""
        seen = self._examine(facts)
        wishes, impossible = [], list(seen.decision.impossible)
        for wish in seen.decision.make:
            target = wish.language or seen.spoken
            assert target is not None
            one = planned(seen.routes, wish, target, seen.material.foreign)
            if one.attempts:
                wishes.append(one)
            else:
                impossible.append(f"{named(one)}: nothing configured makes it from {seen.spoken}")
        return PLAN.dump_python(Plan(tuple(wishes), tuple(impossible)), mode="json")

    def publish(self, fmt: str, subtitle: Subtitle, how: str) -> str:
        """Write one sidecar and remember it; its path as hexadecimal bytes: not all are text."""
        target, kind = subtitle.language, subtitle.kind
        self._tell(f"writing {target}.{fmt}", 1.0)
        self._still_the_same()
        path = sidecar_path(self.job.medium, target, kind, fmt, self.job.library.names)
        if self.job.folder is not None:
            path = self.job.folder / path.name
        sidecars = self.shop.ledger.sidecars
        ours = sidecars.replaceable(path, self.job.content)
        if self.job.force and path.exists():
            ours = file_sha256(path)
        content = render(subtitle, fmt)
        made = Provenance(
            *(self.job.content, path.name, target, kind, fmt, how),
            *(time.time(), hashlib.sha256(content).hexdigest(), len(content)),
        )
        publish(path, content, ours=ours, provenance=made)
        sidecars.record(path, self.job.medium, made, by_hand=self.job.by_hand)
        replace_namesakes(self.shop.ledger, self.job.medium, path)
        return os.fsencode(path).hex()

    def listened(self, track: int) -> Listened:
        """What an earlier step heard."""
        listened = self.shop.transcripts.listened(self.job.content, track)
        if listened is None:
            raise Temporary(
                "what was heard of the file is gone from the state folder",
                "It is listened to again at the next try",
            )
        return listened

    def audio(self, facts: MediaFacts, track: int) -> Audio:
        """The decoded track: from the scratch folder if it is there still."""
        pcm = self.shop.scratch / f"{self.job.content}-{track}.s16"
        watch = self._wants_cuts(facts)
        if pcm.exists() and not watch:
            return Audio(pcm)
        chosen = next(known for known in facts.audio if known.index == track)
        pcm.parent.mkdir(parents=True, exist_ok=True)
        cuts: list[float] = []
        audio = decode(
            self.job.medium,
            chosen,
            pcm,
            on_progress=lambda seconds: self._tell(
                "decoding", seconds / facts.duration if facts.duration else 0.0
            ),
            on_cut=cuts.append if watch else None,
        )
        if watch:
            shots = Shots(facts.frame_rate, tuple(cuts))
            self.shop.transcripts.keep_shots(self.job.content, shots)
        return audio

    def _wants_cuts(self, facts: MediaFacts) -> bool:
        """Whether the picture is to be watched for cuts, and was not yet."""
        wanted = self.job.library.shots and facts.has_video
        return wanted and self.shop.transcripts.shots(self.job.content) is None

    def tell_stretch(self, what: str, number: int, total: int) -> None:
        self._tell(f"{what} {number + 1}/{total}", number / total)

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

    def _still_the_same(self) -> None:
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

    def _tell(self, what: str, share: float) -> None:
        self.shop.progress(self.job, what, share)
