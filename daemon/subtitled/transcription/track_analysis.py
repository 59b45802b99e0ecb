"""What is known of an audio track before a word of it is transcribed: its sound, where somebody
speaks, and in which language."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from subtitled.costs.gate import Errand
from subtitled.jobcontext.context import JobContext
from subtitled.media.arriving import expect
from subtitled.media.decode import decode, decoding_limit
from subtitled.media.probe import MediaFacts
from subtitled.media.vad import Speech
from subtitled.plugin import Audio, Interval, Language, LanguageGuess, Problem, Temporary
from subtitled.transcripts.heard import Listened, Shots

from .detection import detect
from .retiming import retime


class TrackAnalyser:
    """The steps that analyse the audio tracks of one media file. Each may be run again."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        self._job = ctx.job
        self._services = ctx.services
        self._store = ctx.services.store
        self._analysed: set[int] = set()
        self._early_vad: dict[int, Future[Speech]] = {}

    def analyse(self, facts: MediaFacts, track: int, *, main: bool = True) -> Language | None:
        """Find out in three steps what is spoken in a track; None if nobody speaks."""
        if track not in self._analysed:
            steps = self._ctx.steps
            of = "" if main else f" of track {track}"
            steps.run(f"decode{of}", lambda: self._decode(facts, track))
            steps.run(f"find speech{of}", lambda: self._find_speech(facts, track))
            if self.analysis(track).speech:
                steps.checkpoint()
                steps.run(f"detect language{of}", lambda: self._detect_language(facts, track))
            self._analysed.add(track)
        return self.analysis(track).language

    def analysis(self, track: int) -> Listened:
        """What an earlier step found out about a track."""
        listened = self._store.listened(self._job.fingerprint, track)
        if listened is None:
            raise Temporary(
                "what was heard of the file is gone from the state folder",
                "It is listened to again at the next try",
            )
        return listened

    def spoken_language(self, track: int) -> Language | None:
        """What is spoken in a track, as far as it was analysed."""
        listened = self._store.listened(self._job.fingerprint, track)
        return listened.language if listened else None

    def audio(self, facts: MediaFacts, track: int) -> Audio:
        """The decoded track: from the scratch folder if it is there still."""
        pcm = self._pcm(track)
        watch = self._wants_cuts(facts)
        if pcm.exists() and not watch:
            return Audio(pcm)
        chosen = next(known for known in facts.audio if known.index == track)
        cuts: list[float] = []
        audio = decode(
            self._job.media,
            chosen,
            pcm,
            on_progress=lambda seconds: self._ctx.progress(
                "decoding", seconds / facts.duration if facts.duration else 0.0
            ),
            on_cut=cuts.append if watch else None,
        )
        if watch:
            self._store.keep_shots(self._job.fingerprint, Shots(facts.frame_rate, tuple(cuts)))
        return audio

    def _decode(self, facts: MediaFacts, track: int) -> None:
        known = self._store.listened(self._job.fingerprint, track) is not None
        if not known:
            # The engine loads while the sound is decoded and looked through for speech.
            detector = self._ctx.routes.detector
            if detector is not None:
                self._services.engines[detector].prepare()
            self._start_vad_while_decoding(facts, track)
        if not known or self._wants_cuts(facts):
            self.audio(facts, track)

    def _find_speech(self, facts: MediaFacts, track: int) -> None:
        if self._store.listened(self._job.fingerprint, track) is not None:
            return
        audio = self.audio(facts, track)
        self._ctx.progress("finding speech", 0.0)
        speech = self._await_early_vad(track) or self._services.engines.find_speech(audio)
        listened = Listened(audio.duration, speech.intervals, quiet=speech.quiet)
        self._store.keep_listened(self._job.fingerprint, track, listened)

    def _start_vad_while_decoding(self, facts: MediaFacts, track: int) -> None:
        """Begin to look for speech in sound that is about to be decoded, as it comes."""
        pcm, engines = self._pcm(track), self._services.engines
        if pcm.exists():
            return
        try:
            expect(pcm)
        except OSError:
            return  # decoding says what is wrong
        found = self._early_vad[track] = Future[Speech]()
        limit = decoding_limit(facts.duration, self._wants_cuts(facts)) + facts.duration

        def listen() -> None:
            try:
                found.set_result(engines.find_speech(Audio(pcm), limit))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                found.set_exception(error)

        threading.Thread(target=listen, name="listening", daemon=True).start()

    def _await_early_vad(self, track: int) -> Speech | None:
        """What was found while the sound was decoded; None if nothing came of that."""
        found = self._early_vad.pop(track, None)
        try:
            return found.result() if found is not None else None
        except Problem:
            return None

    def _detect_language(self, facts: MediaFacts, track: int) -> None:
        listened = self.analysis(track)
        library, routes = self._job.library, self._ctx.routes
        detector = routes.detector
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
        if self._job.previous_versions and listened.language is None and heard.language is not None:
            self._ctx.progress("comparing it with an earlier version", 0.0)
            retime(
                self._store,
                self._job.fingerprint,
                track,
                listened,
                heard.language,
                self._job.previous_versions,
                self._services.config.settings.daemon.stretch,
                routes.abilities,
            )
        self._store.keep_listened(self._job.fingerprint, track, heard)

    def _guesses(
        self, facts: MediaFacts, track: int, detector: str, windows: Sequence[Interval]
    ) -> Sequence[LanguageGuess]:
        self._ctx.progress("detecting the language", 0.0)
        job, services = self._job, self._services
        host = services.engines[detector]
        audio, seconds = self.audio(facts, track), sum(one.duration for one in windows)
        errand = Errand(
            component=detector,
            able=host.capabilities,
            medium=job.media,
            library=job.library,
            kind="audio",
            amount=seconds,
            key=f"{job.fingerprint}/{track}/language/{len(windows)}",
        )
        called = services.call_engine(detector, job.fingerprint, seconds, counts_as_success=False)
        with services.egress_gate.sending(errand), called:
            return host.detect_language(audio, windows)

    def _pcm(self, track: int) -> Path:
        return self._services.scratch / f"{self._job.fingerprint}-{track}.s16"

    def _wants_cuts(self, facts: MediaFacts) -> bool:
        """Whether the picture is to be watched for cuts, and was not yet."""
        wanted = self._job.library.shots and facts.has_video
        return wanted and self._store.shots(self._job.fingerprint) is None
