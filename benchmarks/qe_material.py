"""What `qe.py` measures on: recordings with references, clean and with noise, as our pipeline
writes them. The recordings and what was recognised stay in a folder, so that the weights can be
set without recognising again.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from material import SPEECH
from subtitled.plugin import SAMPLE_RATE, Cue
from subtitled.subtitles.formats import read_cues
from subtitled.transcripts.store import TranscriptStore

PARTS = ("tuning", "reporting")
MAX_SECONDS = 60.0
"""Seconds that are taken of a recording whose reference has times."""
MAX_UNTIMED_SECONDS = 90.0
"""Seconds above which a recording is left out whose reference has no times to cut it by."""
MAX_WHISPER_BASE = 0.42
"""Word error rate of plain Whisper base above which no cue is right, so that no order helps."""
LEFT_OUT = frozenset({"ja-watasi"})
"""Its reference is written in kana only."""
NOISES = tuple((kind, level) for level in (20, 15, 10, 5, 0) for kind in ("pink", "babble"))
LEFT_OUT_OF_THREE = {"tuning": 1, "reporting": 2}
"""Which of three recordings in a row is left out, to recognise no more than an hour of sound."""
VOICES = 5
"""Voices that make babble."""
CLEAN = "clean"
TITLE = "1234"
"""No title: a title is a hotword to the recogniser, and the recordings have none."""

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording, or its beginning, with what is said in it."""

    part: str
    name: str
    language: str
    seconds: float | None
    """How much of it is taken; None: all."""
    reference: str

    @property
    def source(self) -> Path:
        return SPEECH / self.part / self.name / "audio.opus"


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording under one condition."""

    recording: Recording
    condition: str
    """``clean``, or the noise and its distance from the speech: ``babble 10 dB``."""

    def media(self, cache: Path) -> Path:
        condition = self.condition.replace(" ", "-")
        folder = cache / self.recording.part / self.recording.name / condition
        return folder / f"{TITLE}.flac"


def recordings(part: str) -> list[Recording]:
    """The recordings of a part, in the order of their names."""
    index: dict[str, dict[str, Any]] = json.loads((SPEECH / "index.json").read_text("utf-8"))
    found = []
    for name, entry in sorted(index.items()):
        error = entry["whisper_base"]
        if entry["split"] == part and error is not None and error <= MAX_WHISPER_BASE:
            recording = _recording(part, name, entry["lang"])
            is_whole = recording.seconds is None
            if name not in LEFT_OUT and not (is_whole and entry["seconds"] > MAX_UNTIMED_SECONDS):
                found.append(recording)
    return found


def samples(part: str) -> list[Sample]:
    """Two of three recordings, clean and under one of the noises, which go round."""
    return [
        Sample(recording, condition)
        for number, (recording, (kind, level)) in enumerate(
            zip(recordings(part), itertools.cycle(NOISES), strict=False)
        )
        if number % 3 != LEFT_OUT_OF_THREE[part]
        for condition in (CLEAN, f"{kind} {level} dB")
    ]


def make(sample: Sample, cache: Path) -> Path:
    """Write the sound of a sample, unless it is there."""
    target = sample.media(cache)
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    speech = _decode(sample.recording.source, sample.recording.seconds)
    if sample.condition != CLEAN:
        kind, level, _ = sample.condition.split()
        noise = _pink(sample, len(speech)) if kind == "pink" else _babble(sample, len(speech))
        speech = speech + noise * _loudness(speech) / _loudness(noise) * 10 ** (-int(level) / 20)
        speech /= max(1.0, float(np.abs(speech).max()))
    _encode(speech, target)
    return target


def recognise(made: Sequence[Path], cache: Path) -> None:
    """Have our pipeline write the sidecars that are missing.

    A text that is refused, since it seems to be in another language, has none.
    """
    missing = [media for media in made if not (cues_of(media) or _refusal(media).exists())]
    if not missing:
        return
    config = cache / "config.toml"
    config.write_text("", "utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "STATE_DIRECTORY"}
    command = [sys.executable, "-m", "subtitled", "--config", str(config), "generate"]
    subprocess.run(
        [*command, *map(str, missing), "--languages", "original"],
        env=environment | {"XDG_STATE_HOME": str(cache / "state")},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    for media in missing:
        if not cues_of(media):
            _refusal(media).touch()


def transcripts(cache: Path) -> TranscriptStore:
    """The transcripts that were stored meanwhile."""
    return TranscriptStore(cache / "state" / "subtitled" / "transcripts")


def cues_of(media: Path) -> tuple[Cue, ...]:
    """The cues that were written; none if the text was refused."""
    sidecar = sidecar_of(media)
    return read_cues(sidecar.read_bytes(), "srt") if sidecar is not None else ()


def sidecar_of(media: Path) -> Path | None:
    return next(iter(sorted(media.parent.glob("*.srt"))), None)


def _refusal(media: Path) -> Path:
    return media.parent / "refused"


def _recording(part: str, name: str, language: str) -> Recording:
    folder = SPEECH / part / name
    timed = folder / "reference.srt"
    reference = (folder / "reference.txt").read_text("utf-8")
    if not timed.exists():
        return Recording(part=part, name=name, language=language, seconds=None, reference=reference)
    cues = read_cues(timed.read_bytes(), "srt")
    taken = [cue for cue in cues if cue.end <= MAX_SECONDS] or list(cues[:1])
    if len(taken) == len(cues):
        return Recording(part=part, name=name, language=language, seconds=None, reference=reference)
    end = (taken[-1].end + max(taken[-1].end, cues[len(taken)].start)) / 2
    text = "\n".join(cue.text for cue in taken)
    return Recording(part=part, name=name, language=language, seconds=end, reference=text)


def _pink(sample: Sample, length: int) -> Samples:
    """Noise whose power falls by 3 dB an octave."""
    spectrum = np.fft.rfft(_random(sample).standard_normal(length))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return np.fft.irfft(spectrum, length).astype(np.float32)


def _babble(sample: Sample, length: int) -> Samples:
    """Voices of other recordings of the same part, equally loud, all at once."""
    others = [
        recording
        for recording in recordings(sample.recording.part)
        if recording.language != sample.recording.language
    ]
    chosen = _random(sample).choice(len(others), VOICES, replace=False)
    voices = [_decode(others[number].source, 60.0) for number in chosen]
    mixed: Samples = np.zeros(length, np.float32)
    for voice in voices:
        mixed += np.resize(voice / _loudness(voice), length)
    return mixed


def _random(sample: Sample) -> np.random.Generator:
    name = f"{sample.recording.name} {sample.condition}"
    return np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))


def _loudness(sound: Samples) -> float:
    """The mean power of the louder half, so that pauses do not count."""
    frames = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    power = np.sort((frames**2).mean(axis=1))
    return float(np.sqrt(power[len(power) // 2 :].mean()))


@functools.cache
def _decode(source: Path, seconds: float | None) -> Samples:
    length = () if seconds is None else ("-t", str(seconds))
    command = ["ffmpeg", "-v", "error", "-i", str(source), *length]
    raw = subprocess.run(
        [*command, "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "f32le", "-"],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    ).stdout
    return np.frombuffer(raw, dtype="<f4")


def _encode(sound: Samples, target: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1"]
    subprocess.run(
        [*command, "-i", "-", str(target)], check=True, input=sound.astype("<f4").tobytes()
    )
