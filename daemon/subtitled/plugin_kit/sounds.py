"""Sound for tests of engines: silence, a voice that says nothing, and a synthetic speaker."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from subtitled.media.decode import decode_track
from subtitled.media.probe import probe_media
from subtitled.plugin import Audio
from subtitled.plugin.types import SAMPLE_RATE

Samples = np.ndarray[Any, np.dtype[np.int16]]


class NoVoiceError(Exception):
    """There is no synthetic voice on this machine."""


def make_voice(seconds: float) -> Samples:
    """Return a voice that says nothing: harmonics of 120 Hz, four syllables a second."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    voice = sum(np.sin(2 * np.pi * 120 * n * times) / n for n in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 4 * times), 0, 1)
    return np.asarray(4000 * voice * syllables, dtype="<i2")


def make_track(
    target: Path, *, silence: float = 0.0, voice: float = 0.0, file: Path | str | None = None
) -> Audio:
    """Write a decoded track.

    Args:
        target: The file to write, 16-bit mono at 16 kHz.
        silence: Seconds of silence at the beginning.
        voice: Seconds of a voice that says nothing, after the silence.
        file: A media file whose first audio track comes last.

    Returns:
        The track.
    """
    parts = [np.zeros(round(silence * SAMPLE_RATE), dtype="<i2"), make_voice(voice)]
    data = b"".join(part.tobytes() for part in parts)
    if file is not None:
        part = target.with_suffix(".part")
        decode_track(Path(file), probe_media(Path(file)).audio_tracks[0], part)
        data += part.read_bytes()
        part.unlink()
    target.write_bytes(data)
    return Audio(target)


def speak(text: str, language: str, target: Path) -> Path:
    """Write a text as speech of espeak-ng.

    Args:
        text: What is said.
        language: A voice of espeak-ng, such as ``en`` or ``fr``.
        target: The WAV file to write.

    Returns:
        The file.

    Raises:
        NoVoiceError: espeak-ng is not installed, or has no such voice.
    """
    if shutil.which("espeak-ng") is None:
        raise NoVoiceError("espeak-ng is not installed: apt install espeak-ng")
    completed = subprocess.run(
        ["espeak-ng", "-v", language, "-s", "140", "-w", str(target), "--", text],
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode:
        raise NoVoiceError(f"espeak-ng has no voice {language!r}")
    return target
