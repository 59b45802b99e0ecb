"""What is known of an audio track before a word of it is transcribed: its sound, where somebody
speaks, and in which language."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from subtitled.costs.egress_gate import OutboundRequest
from subtitled.jobcontext.context import JobContext
from subtitled.media.decode import decode_track, decoding_timeout
from subtitled.media.growing_pcm import announce
from subtitled.media.probe import MediaInfo
from subtitled.media.vad import SpeechActivity
from subtitled.plugin import (
    Audio,
    Language,
    LanguageGuess,
    SubtitledError,
    TimeSpan,
    TransientError,
)
from subtitled.transcripts.models import ShotCuts, TrackAnalysis

from .language_detection import detect_language
from .transcript_reuse import reuse_transcript


class TrackAnalyser:
    """The steps that analyse the audio tracks of one media file. Each may be run again."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        self._job = ctx.job
        self._services = ctx.services
        self._store = ctx.services.store
        self._analysed: set[int] = set()
        self._early_vad: dict[int, Future[SpeechActivity]] = {}

    def analyse(self, facts: MediaInfo, track: int, *, main: bool = True) -> Language | None:
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

    def analysis(self, track: int) -> TrackAnalysis:
        """What an earlier step found out about a track."""
        analysis = self._store.analysis(self._job.fingerprint, track)
        if analysis is None:
            raise TransientError(
                "what was heard of the file is gone from the state folder",
                "It is listened to again at the next try",
            )
        return analysis

    def spoken_language(self, track: int) -> Language | None:
        """What is spoken in a track, as far as it was analysed."""
        analysis = self._store.analysis(self._job.fingerprint, track)
        return analysis.language if analysis else None

    def audio(self, facts: MediaInfo, track: int) -> Audio:
        """The decoded track: from the scratch folder if it is there still."""
        pcm = self._pcm(track)
        watch = self._wants_cuts(facts)
        if pcm.exists() and not watch:
            return Audio(pcm)
        chosen = next(known for known in facts.audio_tracks if known.index == track)
        cuts: list[float] = []
        audio = decode_track(
            self._job.media,
            chosen,
            pcm,
            on_progress=lambda seconds: self._ctx.progress(
                "decoding", seconds / facts.duration if facts.duration else 0.0
            ),
            on_shot_change=cuts.append if watch else None,
        )
        if watch:
            self._store.save_shot_cuts(
                self._job.fingerprint, ShotCuts(facts.frame_rate, tuple(cuts))
            )
        return audio

    def _decode(self, facts: MediaInfo, track: int) -> None:
        known = self._store.analysis(self._job.fingerprint, track) is not None
        if not known:
            # The engine loads while the sound is decoded and looked through for speech.
            detector = self._ctx.routes.language_detector
            if detector is not None:
                self._services.engines[detector].preload()
            self._start_vad_while_decoding(facts, track)
        if not known or self._wants_cuts(facts):
            self.audio(facts, track)

    def _find_speech(self, facts: MediaInfo, track: int) -> None:
        if self._store.analysis(self._job.fingerprint, track) is not None:
            return
        audio = self.audio(facts, track)
        self._ctx.progress("finding speech", 0.0)
        speech = self._await_early_vad(track) or self._services.engines.find_speech(audio)
        analysis = TrackAnalysis(audio.duration, speech.spans, quiet_speech=speech.low_energy)
        self._store.save_analysis(self._job.fingerprint, track, analysis)

    def _start_vad_while_decoding(self, facts: MediaInfo, track: int) -> None:
        """Begin to look for speech in sound that is about to be decoded, as it comes."""
        pcm, engines = self._pcm(track), self._services.engines
        if pcm.exists():
            return
        try:
            announce(pcm)
        except OSError:
            return  # decoding says what is wrong
        found = self._early_vad[track] = Future[SpeechActivity]()
        limit = decoding_timeout(facts.duration, self._wants_cuts(facts)) + facts.duration

        def listen() -> None:
            try:
                found.set_result(engines.find_speech(Audio(pcm), limit))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                found.set_exception(error)

        threading.Thread(target=listen, name="listening", daemon=True).start()

    def _await_early_vad(self, track: int) -> SpeechActivity | None:
        """What was found while the sound was decoded; None if nothing came of that."""
        found = self._early_vad.pop(track, None)
        try:
            return found.result() if found is not None else None
        except SubtitledError:
            return None

    def _detect_language(self, facts: MediaInfo, track: int) -> None:
        analysis = self.analysis(track)
        library, routing = self._job.library, self._ctx.routes
        detector = routing.language_detector
        closely = bool(library.forced) or library.sources.detect_language_changes == "always"
        if analysis.language is not None and (
            analysis.language_segments is not None or not closely or detector is None
        ):
            return
        tag = next(known.language for known in facts.audio_tracks if known.index == track)
        heard = detect_language(
            analysis,
            tag,
            closely,
            partial(self._guesses, facts, track, detector) if detector else None,
        )
        if self._job.previous_versions and analysis.language is None and heard.language is not None:
            self._ctx.progress("comparing it with an earlier version", 0.0)
            reuse_transcript(
                self._store,
                self._job.fingerprint,
                track,
                analysis,
                heard.language,
                self._job.previous_versions,
                self._services.config.settings.daemon.chunk_duration,
                routing.capabilities_by_engine,
            )
        self._store.save_analysis(self._job.fingerprint, track, heard)

    def _guesses(
        self, facts: MediaInfo, track: int, detector: str, windows: Sequence[TimeSpan]
    ) -> Sequence[LanguageGuess]:
        self._ctx.progress("detecting the language", 0.0)
        job, services = self._job, self._services
        host = services.engines[detector]
        audio, seconds = self.audio(facts, track), sum(window.duration for window in windows)
        errand = OutboundRequest(
            component=detector,
            capabilities=host.capabilities,
            media=job.media,
            library=job.library,
            kind="audio",
            amount=seconds,
            key=f"{job.fingerprint}/{track}/language/{len(windows)}",
        )
        called = services.call_engine(detector, job.fingerprint, seconds, counts_as_success=False)
        with services.egress_gate.authorise(errand), called:
            return host.detect_language(audio, windows)

    def _pcm(self, track: int) -> Path:
        return self._services.scratch / f"{self._job.fingerprint}-{track}.s16"

    def _wants_cuts(self, facts: MediaInfo) -> bool:
        """Whether the picture is to be watched for cuts, and was not yet."""
        wanted = self._job.library.snap_to_shots and facts.has_video
        return wanted and self._store.shot_cuts(self._job.fingerprint) is None
