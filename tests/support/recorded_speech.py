"""Short recordings of real speech with known text, from the voice prompts of a Debian package.

The prompts of Asterisk are read by Allison Smith (English) and June Wallack (French, Canada). Their
licence, CC BY-SA 3.0, allows their use here; no recording is part of the project.
"""

from __future__ import annotations

import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PACKAGE = "asterisk-core-sounds-{language}-wav"
SAMPLE_RATE = 8000
"""Of the prompts. A recording has 16 kHz, as the engines want it."""
PAUSE_SECONDS = 0.8
"""Between two prompts. Shorter pauses join what is said into one sentence."""
_VOICES = {"en": "en_US_f_Allison", "fr": "fr_CA_f_June"}
_PHRASES = {"en": "not in service", "fr": "en service"}
_PROMPTS = {
    "en": {
        "ss-noservice": "The number you have dialed is not in service. "
        "Please check the number and try again.",
        "tt-allbusy": "All representatives of the household are currently assisting other "
        "telemarketers. Please hold and your call will be answered in the order it was received.",
    },
    "fr": {
        "ss-noservice": "Le numéro composé n'est pas en service. "
        "Veuillez vérifier le numéro et essayer de nouveau.",
        "demo-nogo": "Je suis désolée, la connexion avec le serveur de démonstration de Digium "
        "n'a pu être établie. Vous trouverez des informations de débogage sur la console "
        "d'Asterisk.",
    },
}


@dataclass(frozen=True)
class Prompt:
    """One prompt of a recording. Times are seconds."""

    text: str
    start: float
    """When its sound begins, by the samples."""
    end: float


@dataclass(frozen=True)
class Recording:
    """About fourteen seconds of speech in a FLAC file."""

    path: Path
    language: str
    prompts: tuple[Prompt, ...]
    phrase: str
    """A few of the words, which Whisper base recognises without a mistake."""

    @property
    def text(self) -> str:
        return " ".join(prompt.text for prompt in self.prompts)


def missing(language: str) -> str:
    """Return why there is no recording in a language, or an empty text."""
    if shutil.which("ffmpeg") is None:
        return "ffmpeg is not installed"
    if not _folder(language).is_dir():
        return f"no recorded speech: apt install {PACKAGE.format(language=language)}"
    return ""


def make_recording(language: str, folder: Path) -> Recording:
    """Join the prompts of a language, ``en`` or ``fr``, into one FLAC file in a folder."""
    silence = np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE), np.int16)
    parts: list[np.ndarray] = []
    prompts = []
    for name, text in _PROMPTS[language].items():
        samples = _read_wave(_folder(language) / f"{name}.wav")
        offset = sum(len(part) for part in parts)
        loudness = np.abs(samples.astype(int))
        loud = np.flatnonzero(loudness > loudness.max() / 20)
        start, end = (float(offset + at) / SAMPLE_RATE for at in (loud[0], loud[-1]))
        prompts.append(Prompt(text, start, end))
        parts += [samples, silence]
    target = folder / f"prompts.{language}.flac"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "1"]
    subprocess.run(
        [*command, "-i", "-", "-ar", "16000", str(target)],
        input=np.concatenate(parts).tobytes(),
        check=True,
    )
    return Recording(target, language, tuple(prompts), _PHRASES[language])


def _folder(language: str) -> Path:
    return Path("/usr/share/asterisk/sounds", _VOICES[language])


def _read_wave(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")
