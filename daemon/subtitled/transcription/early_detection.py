"""Speech that is detected, and a first chunk that is transcribed, while a track is decoded.

Nothing here is stored or decides anything. If it fails, it is done again after the decoding.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future, wait
from pathlib import Path

from subtitled.jobcontext.context import JobContext
from subtitled.media.growing_pcm import announce
from subtitled.media.probe import AudioTrack, MediaInfo
from subtitled.media.vad import SpeechActivity, known_speech_path
from subtitled.plugin import Audio, SubtitledError

from .early_chunk import EarlyChunk, FindEngine
from .early_start import is_new

ROOM_SECONDS = 1.0
"""Seconds between two looks whether a film that somebody watches needs the place of the job."""


class EarlyDetection:
    """What is found out about the tracks of a job while they are decoded."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        self._job = ctx.job
        self._services = ctx.services
        self._speech: dict[int, Future[SpeechActivity]] = {}
        self._chunks: dict[int, EarlyChunk] = {}

    def start(self, track: int, pcm: Path, limit: float) -> None:
        """Start detecting speech in audio that is about to be decoded.

        Args:
            track: The index of the audio track.
            pcm: The file into which it is decoded. If it is there, nothing is started.
            limit: Seconds after which the detection counts as hung.
        """
        if pcm.exists():
            return
        try:
            announce(pcm)
        except OSError:
            return  # Decoding will report the error.
        future = self._speech[track] = Future[SpeechActivity]()

        def listen() -> None:
            try:
                future.set_result(self._services.engines.find_speech(Audio(pcm), limit))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                future.set_exception(error)
            finally:
                with contextlib.suppress(OSError):
                    known_speech_path(pcm).unlink(missing_ok=True)

        threading.Thread(target=listen, name="vad", daemon=True).start()

    def start_chunk(
        self, facts: MediaInfo, track: AudioTrack, pcm: Path, find_engine: FindEngine
    ) -> None:
        """Have the first chunk transcribed while the rest is decoded.

        Args:
            facts: The streams of the media file.
            track: The audio track, for which :meth:`start` was called.
            pcm: The file into which it is decoded.
            find_engine: Says which engine transcribes it, if a language is spoken in it.
        """
        job = self._job
        if (
            track.index not in self._speech
            or not is_new(self._services, job.fingerprint)
            or job.previous_versions  # their words may be taken over
            or job.uses_stored_words_only
            or self._ctx.viewers.positions()  # other parts come first
        ):
            return
        early = EarlyChunk(self._ctx, track, facts.duration, pcm, find_engine)
        self._chunks[track.index] = early
        early.start()

    def drop_chunk(self, track: int) -> None:
        """Give up the first chunk of a track, unless it was finished."""
        if (chunk := self._chunks.pop(track, None)) is not None:
            chunk.drop()

    def finish(self, track: int) -> SpeechActivity | None:
        """Return the speech of a decoded track, or None if it was not detected.

        Its first chunk goes on if the speech is known, and is dropped otherwise.
        """
        speech = self.await_speech(track)
        if speech is None:
            self.drop_chunk(track)
        elif (chunk := self._chunks.pop(track, None)) is not None:
            chunk.finish()
        return speech

    def await_speech(self, track: int) -> SpeechActivity | None:
        """Return the speech that was detected during decoding, or None if that failed."""
        future = self._speech.pop(track, None)
        if future is None:
            return None
        try:
            while not wait([future], ROOM_SECONDS).done:
                self._job.make_room()
            return future.result()
        except SubtitledError:
            return None
        finally:
            if not future.done():
                self._services.engines.end_speech_detection()
