"""Whisper as the recogniser of a fake, for end-to-end tests with real text."""

from __future__ import annotations

from pathlib import Path

from subtitled.plugin.testing import Recogniser, Sentence


def whisper_recogniser(folder: Path, language: str = "en") -> Recogniser:
    """Load a recogniser with the model in ``folder``. Calls are serialised."""
    import threading

    import numpy as np
    from faster_whisper import WhisperModel

    model = WhisperModel(str(folder), device="cpu", cpu_threads=2, local_files_only=True)
    turn = threading.Lock()

    def recognise(sound: bytes) -> list[Sentence]:
        samples = np.frombuffer(sound, "<i2").astype(np.float32) / 32768.0
        with turn:
            segments, _ = model.transcribe(
                samples, language=language, word_timestamps=True, beam_size=1
            )
            return [
                Sentence(tuple((w.word, w.start, w.end) for w in segment.words), language)
                for segment in segments
                if segment.words
            ]

    return recognise
