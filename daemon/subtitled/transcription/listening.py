"""Listening to a track before a word of it is recognised: its sound, its speech, its language."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.costs.gate import Errand
from subtitled.engines.asking import asking
from subtitled.media.arriving import expect
from subtitled.media.decode import decode, decoding_limit
from subtitled.media.probe import MediaFacts
from subtitled.media.vad import Speech
from subtitled.plugin import Audio, Interval, Language, LanguageGuess, Problem, Temporary
from subtitled.routing.table import routes_for
from subtitled.transcripts.heard import Listened, Shots

from .detection import detect
from .retiming import retime

if TYPE_CHECKING:
    from subtitled.pipeline.making import Job, Steps, Workshop


class Listening:
    """The steps by which the tracks of one medium are listened to. Each may be run again."""

    def __init__(self, job: Job, shop: Workshop, steps: Steps) -> None:
        self.job = job
        self.shop = shop
        self.steps = steps
        self._heard: set[int] = set()
        self._early: dict[int, Future[Speech]] = {}

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
            self._listen_early(facts, track)
        if not heard or self._wants_cuts(facts):
            self.audio(facts, track)

    def find_speech(self, facts: MediaFacts, track: int) -> None:
        if self.shop.transcripts.listened(self.job.content, track) is not None:
            return
        audio = self.audio(facts, track)
        self._tell("finding speech", 0.0)
        speech = self._heard_early(track) or self.shop.engines.find_speech(audio)
        listened = Listened(audio.duration, speech.intervals, quiet=speech.quiet)
        self.shop.transcripts.keep_listened(self.job.content, track, listened)

    def _listen_early(self, facts: MediaFacts, track: int) -> None:
        """Begin to look for speech in sound that is about to be decoded, as it comes."""
        pcm, engines = self._pcm(track), self.shop.engines
        if pcm.exists():
            return
        try:
            expect(pcm)
        except OSError:
            return  # decoding says what is wrong
        found = self._early[track] = Future[Speech]()
        limit = decoding_limit(facts.duration, self._wants_cuts(facts)) + facts.duration

        def listen() -> None:
            try:
                found.set_result(engines.find_speech(Audio(pcm), limit))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                found.set_exception(error)

        threading.Thread(target=listen, name="listening", daemon=True).start()

    def _heard_early(self, track: int) -> Speech | None:
        """What was found while the sound was decoded; None if nothing came of that."""
        found = self._early.pop(track, None)
        try:
            return found.result() if found is not None else None
        except Problem:
            return None

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
        pcm = self._pcm(track)
        watch = self._wants_cuts(facts)
        if pcm.exists() and not watch:
            return Audio(pcm)
        chosen = next(known for known in facts.audio if known.index == track)
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

    def _pcm(self, track: int) -> Path:
        return self.shop.scratch / f"{self.job.content}-{track}.s16"

    def _wants_cuts(self, facts: MediaFacts) -> bool:
        """Whether the picture is to be watched for cuts, and was not yet."""
        wanted = self.job.library.shots and facts.has_video
        return wanted and self.shop.transcripts.shots(self.job.content) is None

    def _tell(self, what: str, share: float) -> None:
        self.shop.progress(self.job, what, share)
