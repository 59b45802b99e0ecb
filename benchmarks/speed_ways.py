"""The ways of ``speed.py``, each in a process of its own: what a way hears, and what that took.

``python speed_ways.py WAY SOUND MODEL LANGUAGE`` prints one line of JSON. The seconds are those of
the work alone: Python is started and everything imported by then. Only our engine has its model
loaded and its speech found too, because its row says what remains around its call.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from subtitled.media.vad import detect_speech
from subtitled.plugin import Audio, ComponentContext, Language, TranscriptionRequest
from subtitled.plugin.speech_windows import chunk_speech
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings

CHUNK_SECONDS = 480.0
"""Seconds of speech in a chunk, as ``daemon.chunk_duration`` has it unless it is set."""
Work = Callable[[], str]


def prepare_engine_call(sound: Path, weights: Path, language: str) -> Work:
    """Decode the sound, find its speech and load our engine; return its call."""
    raw = sound.with_suffix(".s16")
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y", "-i", str(sound)),
            *("-ac", "1", "-ar", "16000", "-f", "s16le", str(raw)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    audio = Audio(raw)
    speech = detect_speech(audio)
    chunks = chunk_speech(speech.spans, CHUNK_SECONDS, audio.duration, speech.low_energy)
    context = ComponentContext(
        "whisper", threads=len(os.sched_getaffinity(0)), models={"base": weights}
    )
    engine = WhisperEngine(WhisperSettings(), context)
    engine.load()
    return lambda: " ".join(
        engine.transcribe(
            audio, TranscriptionRequest(chunk=chunk, language=Language(language))
        ).text
        for chunk in chunks
    )


def prepare_batched(compute_type: str) -> Callable[[Path, Path, str], Work]:
    """Return what prepares faster-whisper's batched pipeline, with the numbers that it computes in.

    ``default`` are those of the model's file.
    """

    def prepare(sound: Path, weights: Path, language: str) -> Work:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        def transcribe() -> str:
            whisper = WhisperModel(str(weights), device="cpu", compute_type=compute_type)
            pipeline = BatchedInferencePipeline(whisper)
            return join_text(pipeline.transcribe(str(sound), word_timestamps=True)[0])

        return transcribe

    return prepare


def prepare_sequential(sound: Path, weights: Path, language: str) -> Work:
    """Prepare what most programs do: one window after the other. Without VAD it writes loops."""
    from faster_whisper import WhisperModel

    def transcribe() -> str:
        whisper = WhisperModel(str(weights), device="cpu", compute_type="int8")
        found, _ = whisper.transcribe(
            str(sound), beam_size=5, word_timestamps=True, vad_filter=True
        )
        return join_text(found)

    return transcribe


def join_text(segments: Iterable[Any]) -> str:
    """Return the text of segments, which are recognised while they are read."""
    return "".join(segment.text for segment in segments)


WAYS: dict[str, Callable[[Path, Path, str], Work]] = {
    "engine-call": prepare_engine_call,
    "raw-batched-int8": prepare_batched("int8"),
    "raw-batched": prepare_batched("default"),
    "raw-sequential-int8-vad": prepare_sequential,
}


def main() -> None:
    """Run the way that the arguments name."""
    way, sound, weights, language = sys.argv[1:]
    work = WAYS[way](Path(sound), Path(weights), language)
    before, begin = os.times(), time.perf_counter()
    text = work()
    seconds, after = time.perf_counter() - begin, os.times()
    processor_seconds = sum(after[:2]) - sum(before[:2])
    print(json.dumps({"seconds": seconds, "processor_seconds": processor_seconds, "text": text}))


if __name__ == "__main__":
    main()
