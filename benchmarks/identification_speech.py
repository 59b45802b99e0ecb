"""Errors and confidence of the identification of spoken languages. Takes about 10 minutes.

Clips of 3, 5, 10 and 20 seconds are cut out of the recordings of a language by fixed seeds, and
each recording is listened to as a whole, as the product does it: voice activity, windows, Whisper
base, a vote. Its confidence is compared with the bare share of the vote, which it was before.

The scale of the confidence is fitted on the same clips (``--fit`` prints it), so the figures of the
table leave out, for each recording, the scale that was fitted with it: they are cross-validated.
"""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from material import SPEECH, model, own_folder
from subtitled.media.chunking import select_detection_windows
from subtitled.media.vad import detect_speech
from subtitled.plugin import Audio, ComponentContext, Language, SpeechWindow
from subtitled.transcription.language_confidence import (
    MAX_SECONDS,
    MIN_CONFIDENCE,
    MIN_SHARE,
    SOUND_SCALE,
    ConfidenceScale,
)
from subtitled.transcription.language_detection import LanguageClues, vote
from subtitled.transcription.language_segments import clip_to
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings

CLIP_SECONDS = (3.0, 5.0, 10.0, 20.0)
CLIPS = 2
"""Clips of each length out of each recording."""
WHOLE = 0.0
"""Stands for the length of a whole recording."""
BINS = 10
PRIOR_STRENGTH = 0.2
"""How much the fit is drawn to the bare share: twice the weight of a squared difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One clip: what was voted for, and whether that is right."""

    recording: str
    seconds: float
    spoken: float
    found: Language
    truth: Language
    share: float

    @property
    def is_right(self) -> bool:
        return self.found.primary == self.truth.primary


def measure_speech_identification(part: str = "tuning") -> dict[str, float]:
    """Print the tables and return the figures."""
    trials = list(_trials(part))
    shares = [trial.share for trial in trials]
    held_out = _held_out(trials)
    print(f"spoken language: {len(trials)} clips of {part}, Whisper base")
    print("  seconds  clips  wrong | bare share: ECE Brier | scaled: ECE Brier  wrong  und (right)")
    for seconds in (*CLIP_SECONDS, WHOLE, None):
        rows = [n for n, one in enumerate(trials) if seconds in (None, one.seconds)]
        _show(str(seconds or "whole") if seconds is not None else "all", trials, rows, held_out)
    print("  reliability (scaled): share of right ones by confidence")
    for low in range(BINS):
        rows = [n for n, p in enumerate(held_out) if min(BINS - 1, int(p * BINS)) == low]
        if rows:
            right = sum(trials[n].is_right for n in rows) / len(rows)
            print(f"    {low / BINS:.1f} to {(low + 1) / BINS:.1f}: {right:.2f} of {len(rows)}")
    if "--fit" in sys.argv:
        print(f"  fitted: {_fit(trials)}; in use: {SOUND_SCALE}")
    return {
        "clips": len(trials),
        "wrong": sum(not one.is_right for one in trials),
        "ece_bare": _calibration_error(shares, trials),
        "ece": _calibration_error(held_out, trials),
    }


def _show(name: str, trials: Sequence[Trial], rows: list[int], scaled: Sequence[float]) -> None:
    if not rows:
        return
    chosen = [trials[n] for n in rows]
    bare, after = [one.share for one in chosen], [scaled[n] for n in rows]
    unsure = [n for n in rows if scaled[n] < MIN_CONFIDENCE]
    wrong = sum(not trials[n].is_right for n in rows if scaled[n] >= MIN_CONFIDENCE)
    print(
        f"  {name:>7}  {len(rows):5}  {sum(not one.is_right for one in chosen):5} |"
        f" {_calibration_error(bare, chosen):.3f} {_brier(bare, chosen):.3f} |"
        f" {_calibration_error(after, chosen):.3f} {_brier(after, chosen):.3f}"
        f"  {wrong:5}  {len(unsure)} ({sum(trials[n].is_right for n in unsure)})"
    )


def _trials(part: str) -> Iterator[Trial]:
    whisper = WhisperEngine(WhisperSettings(), ComponentContext("whisper", 2, {"base": model()}))
    whisper.load()
    index = json.loads((SPEECH / "index.json").read_text("utf-8"))
    with own_folder() as folder:
        for name, facts in sorted(index.items()):
            if facts["split"] != part or facts["lang"] == "xx":
                continue
            whole = _decode(SPEECH / part / name / "audio.opus", folder / f"{name}.pcm")
            for seconds, audio in _cuts(name, whole):
                trial = _listen(whisper, audio, name, seconds, Language(facts["lang"]))
                if trial is not None:
                    yield trial
            for file in folder.glob(f"{name}*"):
                file.unlink()


def _listen(
    whisper: WhisperEngine, audio: Audio, name: str, seconds: float, truth: Language
) -> Trial | None:
    speech = detect_speech(audio).spans
    windows = [
        SpeechWindow(window.start, window.end, tuple(clip_to(speech, window)))
        for window in select_detection_windows(speech)
    ]
    if not windows:
        return None
    guesses = whisper.detect_language(audio, windows)
    verdict = vote(guesses, LanguageClues(), speech)
    spoken = sum(
        max(0.0, min(span.end, window.end) - max(span.start, window.start))
        for span in speech
        for window in windows
    )
    return Trial(
        recording=name,
        seconds=seconds,
        spoken=spoken,
        found=verdict.language,
        truth=truth,
        share=verdict.confidence,
    )


def _cuts(name: str, whole: Audio) -> Iterator[tuple[float, Audio]]:
    yield WHOLE, whole
    data, rate = whole.path.read_bytes(), 2 * 16_000
    for seconds in CLIP_SECONDS:
        chance = random.Random(f"{name} {seconds}")
        for number in range(min(CLIPS, int(whole.duration // seconds))):
            first = int(chance.uniform(0.0, whole.duration - seconds) * 16_000) * 2
            path = whole.path.with_name(f"{name}-{seconds}-{number}.pcm")
            path.write_bytes(data[first : first + int(seconds * rate)])
            yield seconds, Audio(path)


def _decode(source: Path, target: Path) -> Audio:
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-ac", "1", "-ar", "16000"]
    subprocess.run([*command, "-f", "s16le", str(target)], check=True, stdin=subprocess.DEVNULL)
    return Audio(target)


def _held_out(trials: Sequence[Trial]) -> list[float]:
    """Return the confidence of each trial by a scale that was fitted without its recording."""
    scales = {
        name: _fit([one for one in trials if one.recording != name])
        for name in {one.recording for one in trials}
    }
    return [scales[one.recording].probability(one.share, one.spoken) for one in trials]


def _fit(trials: Sequence[Trial]) -> ConfidenceScale:
    """Fit the three numbers by logistic regression (Newton's method)."""
    rows = np.array([_features(one) for one in trials])
    right = np.array([float(one.is_right) for one in trials])
    start = np.array([0.0, 1.0, 0.0])
    weights = start.copy()
    for _ in range(30):
        expected = 1.0 / (1.0 + np.exp(-(rows @ weights)))
        gradient = rows.T @ (expected - right) + PRIOR_STRENGTH * (weights - start)
        curvature = (rows * (expected * (1.0 - expected))[:, None]).T @ rows
        weights = weights - np.linalg.solve(curvature + PRIOR_STRENGTH * np.eye(3), gradient)
    return ConfidenceScale(*(round(float(weight), 2) for weight in weights))


def _features(trial: Trial) -> tuple[float, float, float]:
    share = min(max(trial.share, MIN_SHARE), 1.0 - MIN_SHARE)
    seconds = min(max(trial.spoken, 1.0), MAX_SECONDS)
    return 1.0, math.log(share / (1.0 - share)), math.log(seconds)


def _brier(confidences: Sequence[float], trials: Sequence[Trial]) -> float:
    pairs = zip(confidences, trials, strict=True)
    return sum((p - one.is_right) ** 2 for p, one in pairs) / len(trials)


def _calibration_error(confidences: Sequence[float], trials: Sequence[Trial]) -> float:
    """Return the expected calibration error over ten bins."""
    off = [0.0] * BINS
    for p, one in zip(confidences, trials, strict=True):
        off[min(BINS - 1, int(p * BINS))] += p - one.is_right
    return sum(map(abs, off)) / len(trials)
