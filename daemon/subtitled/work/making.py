"""From one medium to its sidecars: the workflow, as a plain function over durable steps.

Everything slow or external is a step, and every step's result is small JSON. What the steps find
out decides which steps follow, so that a workflow taken up again after a crash runs the same way.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState
from subtitled.media.decode import decode
from subtitled.media.probe import MediaFacts, probe
from subtitled.media.stretches import detection_windows
from subtitled.plugin import (
    Audio,
    Kind,
    Language,
    Published,
    Subtitle,
    Temporary,
)
from subtitled.subtitles.formats import render
from subtitled.subtitles.names import sidecar_path
from subtitled.subtitles.ownership import Provenance
from subtitled.subtitles.publish import can_write, file_sha256, publish

from .detection import vote
from .engines import Engines
from .gate import Errand, Gate
from .planning import Examination, examine
from .retiming import retime
from .routes import Means, Way, routes_for
from .texts import Texts
from .transcripts import Listened, Shots, TranscriptStore

_SHORT = Language("en")
"""Stands for a language that is not known yet where only the length of a name matters."""
_FACTS: TypeAdapter[MediaFacts] = TypeAdapter(MediaFacts)


class Steps(Protocol):
    """How the parts of the work are run: durably by the daemon, directly by ``generate``."""

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """The function's JSON result, now or from an earlier life."""

    def breathe(self) -> None:
        """A point between stretches at which the work may be paused."""


class Direct:
    """Steps that are simply done."""

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        return function()

    def breathe(self) -> None:
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

    @property
    def gate(self) -> Gate:
        """What all that leaves this machine passes."""
        return Gate(self.configuration, self.ledger.egress)


def make(job: Job, shop: Workshop, steps: Steps) -> Outcome:
    """Do one job from end to end. Raises :class:`~subtitled.plugin.Problem` with the cure."""
    making = Making(job, shop, steps)
    facts = _FACTS.validate_python(steps.run("probe", making.probe))
    track = steps.run("choose track", lambda: making.choose(facts))
    if track is None:
        return Outcome(FileState.NOTHING_TO_DO, "everything wanted is there")
    steps.run("decode", lambda: making.decode(facts, track))
    steps.run("find speech", lambda: making.find_speech(facts, track))
    if not making.listened(track).speech:
        return Outcome(FileState.NO_SPEECH, "nobody speaks in it")
    steps.run("detect language", lambda: making.detect(facts, track))
    spoken = making.listened(track).language
    assert spoken is not None
    decided = steps.run("decide", lambda: making.decide(facts))
    texts = Texts(making, facts, track, spoken)
    made: list[Published] = []
    for wish in decided["wishes"]:
        target = Language(wish["language"])
        way = Way(Means(wish["means"]), wish["engine"], wish["translator"])
        subtitle = texts.subtitle(target, way)
        if not subtitle.cues:
            return Outcome(FileState.NO_SPEECH, "nothing that was said could be recognised", spoken)
        for fmt in wish["formats"]:
            path = steps.run(
                f"publish {target}.{fmt}", partial(making.publish, target, fmt, subtitle, way)
            )
            sidecar = Path(os.fsdecode(bytes.fromhex(path)))
            made.append(Published(job.medium, sidecar, target, Kind.FULL))
    return _outcome(decided, spoken, tuple(made))


def _outcome(decided: dict[str, Any], spoken: Language, made: tuple[Published, ...]) -> Outcome:
    impossible = "; ".join(decided["impossible"])
    if made:
        languages = ", ".join(dict.fromkeys(wish["language"] for wish in decided["wishes"]))
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
        self.routes = routes_for(shop.configuration, job.library)
        self._stat = job.medium.stat() if job.medium.exists() else None

    def probe(self) -> Any:
        self._tell("looking at the file", 0.0)
        return _FACTS.dump_python(probe(self.job.medium), mode="json")

    def choose(self, facts: MediaFacts) -> int | None:
        """The index of the track to listen to, or None if all that is wanted is there already."""
        seen = self._examine(facts)
        if not self.job.force and not seen.decision.make and not seen.decision.needs_listening:
            return None
        can_write(self.job.folder or self.job.medium.parent)
        for wish in seen.decision.make:  # a name that would be too long is refused here, unpaid
            for fmt in wish.formats:
                sidecar_path(self.job.medium, wish.language or _SHORT, Kind.FULL, fmt)
        return seen.choice.track.index

    def decode(self, facts: MediaFacts, track: int) -> None:
        heard = self.shop.transcripts.listened(self.job.content, track) is not None
        if not heard:
            # The engine loads while the sound is decoded and looked through for speech.
            detector = self.routes.detector
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
        if listened.language is not None:
            return
        tag = next(known.language for known in facts.audio if known.index == track)
        guesses = []
        detector = self.routes.detector
        if detector is not None:
            self._tell("detecting the language", 0.0)
            host = self.shop.engines[detector]
            windows = detection_windows(listened.speech)
            audio, seconds = self.audio(facts, track), sum(one.duration for one in windows)
            errand = Errand(
                *(detector, host.capabilities, self.job.medium, self.job.library, "audio"),
                *(seconds, f"{self.job.content}/{track}/language"),
            )
            with self.shop.gate.sending(errand):
                guesses = host.detect_language(audio, windows)
        language, confidence, why = vote(guesses, tag)
        if self.job.earlier:
            self._tell("comparing it with an earlier version", 0.0)
            retime(
                self.shop.transcripts,
                self.job.content,
                track,
                listened,
                language,
                self.job.earlier,
                self.shop.configuration.settings.daemon.stretch,
                self.routes.abilities,
            )
        self.shop.transcripts.keep_listened(
            self.job.content,
            track,
            replace(listened, language=language, confidence=confidence, why=why),
        )

    def decide(self, facts: MediaFacts) -> dict[str, Any]:
        """What is to be made and by whom, as JSON."""
        seen = self._examine(facts)
        spoken = seen.spoken
        assert spoken is not None
        wishes, impossible = [], list(seen.decision.impossible)
        for wish in seen.decision.make:
            target = wish.language or spoken
            way = seen.routes.find(spoken, target, facts.duration)
            if way is None:
                impossible.append(f"nothing configured makes {target} from {spoken}")
                continue
            wishes.append(
                {
                    "language": target,
                    "formats": list(wish.formats),
                    "means": way.means,
                    "engine": way.engine,
                    "translator": way.translator,
                }
            )
        return {"wishes": wishes, "impossible": impossible}

    def publish(self, target: Language, fmt: str, subtitle: Subtitle, way: Way) -> str:
        """Write one sidecar and remember it; its path as hexadecimal bytes: not all are text."""
        self._tell(f"writing {target}.{fmt}", 1.0)
        self._still_the_same()
        path = sidecar_path(self.job.medium, target, Kind.FULL, fmt)
        if self.job.folder is not None:
            path = self.job.folder / path.name
        sidecars = self.shop.ledger.sidecars
        ours = sidecars.replaceable(path, self.job.content)
        if self.job.force and path.exists():
            ours = file_sha256(path)
        content = render(subtitle, fmt)
        made = Provenance(
            *(self.job.content, path.name, target, Kind.FULL, fmt, str(way)),
            *(time.time(), hashlib.sha256(content).hexdigest(), len(content)),
        )
        publish(path, content, ours=ours, provenance=made)
        sidecars.record(path, self.job.medium, made, by_hand=self.job.by_hand)
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
