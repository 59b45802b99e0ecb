"""The first chunk of a track, transcribed while the rest is decoded and searched for speech.

Nothing is stored or decided by it. The step of that chunk takes the words over, or the error, if
it asks for exactly the same: the same speech of the same sound, in the same language, by the same
engine. Otherwise the chunk is transcribed in its step as if there were nothing of this.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from subtitled.jobcontext.context import JobContext
from subtitled.media.chunking import chunks_for_engine, longest_speech, select_detection_windows
from subtitled.media.errors import ShutdownRequested
from subtitled.media.growing_pcm import partial_path
from subtitled.media.probe import AudioTrack
from subtitled.media.vad import KnownSpeech
from subtitled.plugin import Audio, Chunk, EngineCapabilities, Language, Transcript
from subtitled.plugin.engine import LOCAL
from subtitled.routing.language_identifiers import IdentificationMethod, list_identifiers
from subtitled.transcripts.models import TrackAnalysis

from .engine_requester import EngineRequester, TrackRequest
from .language_detection import LanguageClues, vote
from .language_identification import LanguageIdentification

_log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
"""Seconds between two looks at the speech that is known."""
MIN_LEFT_SECONDS = 900.0
"""Seconds of sound that are not searched yet, below which the step of the chunk is near enough."""
MIN_CONFIDENCE = 0.9
"""Confidence in the language of one window from which a chunk is transcribed in it."""
FindEngine = Callable[[Language], str | None]
"""Returns the engine that transcribes the track first if a language is spoken in it; None if it
may not be transcribed."""


def find_first_chunk(
    known: KnownSpeech, capabilities: EngineCapabilities, chunk_seconds: float
) -> Chunk | None:
    """Return the first chunk of a track, if no speech that is found later can change it.

    Args:
        known: The speech found so far.
        capabilities: What the engine takes.
        chunk_seconds: The seconds of speech that a chunk should have.
    """
    if capabilities.whole_file:
        return None
    longest = longest_speech(capabilities, chunk_seconds)
    chunks = chunks_for_engine(
        capabilities, known.speech, chunk_seconds, known.seconds, known.low_energy
    )
    if len(chunks) < 2 or not chunks[0].speech or not chunks[1].speech:
        return None
    first = chunks[0]
    if any(span.duration > longest for span in known.speech if span.start < first.span.end):
        return None  # It is cut where it is quiet, which is measured later.
    return first


class EarlyChunk:
    """Transcribes the first chunk of one track in a thread."""

    def __init__(
        self,
        ctx: JobContext,
        track: AudioTrack,
        duration: float,
        pcm: Path,
        find_engine: FindEngine,
    ) -> None:
        """Create it, before the track is decoded.

        Args:
            ctx: The job.
            track: The track.
            duration: The seconds of the media file.
            pcm: The file into which it is decoded.
            find_engine: Says which engine transcribes it.
        """
        job = replace(ctx.job, is_cancelled=self._is_unwanted)
        self._job = ctx.job
        self._ctx = JobContext(job, ctx.services, ctx.steps)
        self._requests = ctx.early_requests
        self._track = track
        self._duration = duration
        self._pcm = pcm
        self._find_engine = find_engine
        self._link = pcm.with_name(pcm.name + ".early")
        self._inode: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._is_dropped = False
        self._is_finished = threading.Event()
        self._key: tuple[object, ...] | None = None

    def start(self) -> None:
        """Begin to wait for speech, in a thread."""
        threading.Thread(target=self._run, name="early chunk", daemon=True).start()

    def finish(self) -> None:
        """Keep what was begun if the sound is the one that was decoded, and begin nothing more."""
        is_same = False
        if self._inode is not None:
            with contextlib.suppress(OSError):
                status = self._pcm.stat()
                is_same = (status.st_dev, status.st_ino) == self._inode
        if not is_same:
            self.drop()
        self._is_finished.set()

    def drop(self) -> None:
        """Have what was begun not be used. A running call is cancelled."""
        with self._lock:
            self._is_dropped = True
            if self._key is not None:
                self._requests.pop(self._key, None)
        self._is_finished.set()

    def _is_unwanted(self) -> bool:
        return self._is_dropped or self._job.is_cancelled()

    def _run(self) -> None:
        try:
            self._wait_for_speech()
        except ShutdownRequested:
            pass
        except Exception as error:  # noqa: BLE001 - the steps do the same, and raise it
            _log.debug("no chunk of track %s is transcribed early: %s", self._track.index, error)
        finally:
            self._link.unlink(missing_ok=True)

    def _wait_for_speech(self) -> None:
        seconds, language = 0.0, self._job.spoken
        while not self._is_finished.wait(POLL_SECONDS):
            known = KnownSpeech.read(self._pcm)
            if known is None or known.seconds == seconds or not known.speech:
                continue
            seconds = known.seconds
            if self._duration - seconds < MIN_LEFT_SECONDS:
                return
            if self._inode is None:
                self._remember_sound()
            language = language or self._identify(known)
            engine = self._find_engine(language) if language is not None else None
            if language is None or engine is None:
                return
            capabilities = self._ctx.services.engines[engine].capabilities
            if not _is_suitable(capabilities):
                return
            length = self._ctx.services.config.settings.daemon.chunk_duration
            chunk = find_first_chunk(known, capabilities, length)
            if chunk is not None:
                self._transcribe(engine, language, chunk)
                return

    def _remember_sound(self) -> None:
        """Keep the sound readable under a name that does not change when it is complete."""
        self._link.unlink(missing_ok=True)
        try:
            os.link(partial_path(self._pcm), self._link)
        except FileNotFoundError:  # It is complete just now.
            os.link(self._pcm, self._link)
        status = self._link.stat()
        self._inode = (status.st_dev, status.st_ino)

    def _identify(self, known: KnownSpeech) -> Language | None:
        """Return the language of one window, if an engine on this machine is sure of it."""
        identifiers = list_identifiers(self._ctx.routes)
        first = identifiers[0] if identifiers else None
        if first is None or first.method is not IdentificationMethod.DETECTION:
            return None
        if not first.is_local:
            return None
        analysis = TrackAnalysis(duration=known.seconds, speech=known.speech)
        identification = LanguageIdentification(
            self._ctx, self._track.index, analysis, lambda: Audio(self._link)
        )
        (detector,) = identification.detectors([first])
        found = detector.detect(select_detection_windows(known.speech, count=1))
        tag = self._track.language
        verdict = vote(
            found.guesses, LanguageClues(tag=tag), known.speech, detector.name, detector.scale
        )
        is_sure = verdict.is_clear and verdict.confidence >= MIN_CONFIDENCE
        agrees = not tag.is_known or tag.primary == verdict.language.primary
        return verdict.language if is_sure and agrees and verdict.language.is_known else None

    def _transcribe(self, engine: str, language: Language, chunk: Chunk) -> None:
        request = TrackRequest(
            track=self._track.index,
            spoken=language,
            translate_to=None,
            engines=(engine,),
            aligner=None,
            duration=chunk.span.end,
        )
        requester = EngineRequester(self._ctx, request, lambda: Audio(self._link))
        future = Future[Transcript]()
        key = requester.key_of(engine, chunk)
        with self._lock:
            if self._is_dropped or self._is_finished.is_set():
                return
            self._key = key
            self._requests[key] = future
        try:
            future.set_result(requester.transcribe(engine, chunk))
        except BaseException as error:  # noqa: BLE001 - raised by the step of the chunk
            future.set_exception(error)


def _is_suitable(capabilities: EngineCapabilities) -> bool:
    """Return whether a call that is too early for the steps costs nothing and gives the same.

    An engine that does not check hotwords is asked twice by what the whole track shows.
    """
    return (
        capabilities.destination == LOCAL
        and capabilities.word_timestamps
        and (capabilities.checks_hotwords or not capabilities.supports_hotwords)
    )
