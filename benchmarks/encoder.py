"""Processor seconds of Whisper's encoder for each window of half a minute.

CTranslate2 as it is loaded by default, in eight bits where it can, against OpenVINO in bfloat16.
The windows are real speech. The ways take turns in one process, with one thread, so that other work
on the machine stretches all of them alike; the least of the rounds counts. The difference is the
root mean square of that to CTranslate2 in float32, as a share.

Takes a minute. Without OpenVINO, or instructions for bfloat16, only its own row is missing.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Several threads spin while they wait for each other, and that counts as processor time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from material import SPEECH, model
from subtitled_plugins.whisper.encoder import install_encoder, measure_difference

RECORDING = SPEECH / "tuning" / "en-udhr" / "audio.opus"
WINDOWS = 4
ROUNDS = 3
SAMPLES = 30 * 16_000

Floats = npt.NDArray[np.float32]


def load(folder: Path, compute_type: str) -> Any:
    """Load Whisper for one thread."""
    from faster_whisper import WhisperModel

    return WhisperModel(
        str(folder), device="cpu", compute_type=compute_type, cpu_threads=1, local_files_only=True
    )


def compute_features(whisper: Any) -> Floats:
    """Return the features of the first windows of a recording."""
    from faster_whisper.audio import decode_audio, pad_or_trim

    sound = decode_audio(str(RECORDING))
    windows = [sound[number * SAMPLES : (number + 1) * SAMPLES] for number in range(WINDOWS)]
    return np.stack([pad_or_trim(whisper.feature_extractor(one)) for one in windows])


def main() -> None:
    folder = model()
    usual, fast, exact = (load(folder, kind) for kind in ("auto", "auto", "float32"))
    features = compute_features(usual)

    def encode_singly() -> Floats:
        return np.concatenate([np.array(usual.encode(one)) for one in features])

    ways: dict[str, Callable[[], Floats]] = {
        f"CTranslate2 {usual.model.compute_type}, {WINDOWS} windows at once": lambda: np.array(
            usual.encode(features)
        ),
        "the same, one window at a time": encode_singly,
        "CTranslate2 float32, one at a time": lambda: np.concatenate(
            [np.array(exact.encode(one)) for one in features]
        ),
    }
    before = time.process_time()
    if install_encoder(fast, folder, 1, logging.getLogger("benchmark")):
        print(f"OpenVINO: {time.process_time() - before:.2f} s to import, compile and check")
        ways["OpenVINO bfloat16"] = lambda: np.array(fast.encode(features))
    least = dict.fromkeys(ways, float("inf"))
    outputs: dict[str, Floats] = {}
    for _ in range(ROUNDS):
        for way, encode in ways.items():
            before = time.process_time()
            outputs[way] = encode()
            least[way] = min(least[way], (time.process_time() - before) / WINDOWS)
    expected = outputs["CTranslate2 float32, one at a time"]
    table = Table("encoder", "s per window", "times as fast", "difference")
    first = next(iter(least.values()))
    for way, seconds in least.items():
        difference = measure_difference(outputs[way], expected)
        table.add_row(way, f"{seconds:.3f}", f"{first / seconds:.2f}", f"{difference:.3f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
