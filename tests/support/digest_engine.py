"""The digest engine: an engine plugin for the fault tests, written like one of a third party.

Its words depend on the audio alone: every 0.4 s of speech becomes an artificial word whose
syllables are a digest of the samples. So a subtitle of other audio, of half of it, or of audio that
was transcribed twice is a different file. The engine keeps a journal of its calls, and a test can
hold it, slow it down and make it crash.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from subtitled.plugin import (
    Audio,
    Engine,
    EngineCapabilities,
    Language,
    LanguageGuess,
    Register,
    Settings,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
    hookimpl,
)

SUBTITLED_API = "1"

LANGUAGE = Language("eo")
WORD = 0.4
"""Seconds of audio that become one word."""


class DigestEngineSettings(Settings):
    """How the test controls the engine. Times are seconds."""

    desk: Path
    """A folder with ``journal`` (written), and ``hold`` and ``crash`` (obeyed while they exist)."""
    pace: float = 0.0
    """Minimum seconds for each chunk."""


class DigestEngine(Engine):
    """The engine."""

    Settings = DigestEngineSettings

    @classmethod
    def capabilities(cls, settings: DigestEngineSettings) -> EngineCapabilities:
        return EngineCapabilities(supports_language_detection=True)

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        return [LanguageGuess(window, {LANGUAGE: 0.9}) for window in windows]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        chunk = request.chunk
        which = f"{audio.path.stem} {chunk.span.start:.3f}-{chunk.span.end:.3f}"
        self._journal(f"begin {which}")
        desk = self.settings.desk
        while (desk / "hold").exists():
            time.sleep(0.02)
        time.sleep(self.settings.pace)
        if (desk / "crash").exists():
            os.kill(os.getpid(), signal.SIGSEGV)
        words = tuple(word for speech in chunk.speech for word in _heard(audio, speech))
        self._journal(f"end {which}")
        return Transcript(language=request.language, words=words)

    def _journal(self, line: str) -> None:
        with (self.settings.desk / "journal").open("a", encoding="utf-8") as journal:
            journal.write(line + "\n")


def _heard(audio: Audio, speech: TimeSpan) -> list[Word]:
    words = []
    count = max(1, round(speech.duration / WORD))
    for number in range(count):
        piece = TimeSpan(
            speech.start + speech.duration * number / count,
            speech.start + speech.duration * (number + 1) / count,
        )
        digest = hashlib.sha256(audio.read_samples(piece).tobytes()).digest()
        text = "".join("bdfgklmnprst"[b % 12] + "aeiou"[b // 12 % 5] for b in digest[:3])
        mark = "." if number + 1 == count else ""
        words.append(Word(text=f" {text}{mark}", start=piece.start, end=piece.end, confidence=0.9))
    return words


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    register(DigestEngine)
