"""What the benchmarks share: speech, a folder of their own, the command, WER."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from subtitled.config.places import models_dir
from subtitled.config.settings import Settings
from subtitled.work.models import ModelStore
from subtitled_plugins.whisper.catalogue import MODELS

SPEECH = Path(
    os.environ.get("SUBTITLED_TEST_SPEECH", Path(__file__).parents[2] / "shared" / "speech")
)


def model() -> Path:
    """The folder of Whisper base."""
    return ModelStore(models_dir(Settings())).ensure(MODELS["base"])


def looped(names: list[str], seconds: float, target: Path) -> Path:
    """Recordings one after the other, over and over, as one FLAC of so many seconds."""
    listing = target.with_suffix(".txt")
    parts = []
    for name in names:
        part = target.with_name(f"{name}.wav")
        _ffmpeg("-i", str(SPEECH / name), "-ac", "1", "-ar", "16000", str(part))
        parts.append(f"file '{part}'\n")
    listing.write_text("".join(parts * 50), "utf-8")
    _ffmpeg("-f", "concat", "-safe", "0", "-i", str(listing), "-t", str(seconds), str(target))
    return target


@contextmanager
def own_folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="subtitled-bench-") as folder:
        yield Path(folder)


def generate(medium: Path, folder: Path, beam: int = 5) -> tuple[float, Path]:
    """Our whole pipeline as its own process with an empty state: seconds, and the sidecar."""
    config = folder / f"beam{beam}.toml"
    state = folder / f"state-{time.monotonic_ns()}"
    config.write_text(
        f'[daemon]\nstate_dir = "{state}"\n[engines.whisper]\nbeam_size = {beam}\n', "utf-8"
    )
    begin = time.perf_counter()
    subprocess.run(
        [
            *(sys.executable, "-m", "subtitled", "--config", str(config)),
            *("generate", str(medium), "--force", "--output-dir", str(folder)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    took = time.perf_counter() - begin
    return took, max(folder.glob(f"{medium.stem}.*.srt"), key=lambda path: path.stat().st_mtime)


def normalised(text: str) -> str:
    """Lower case, no punctuation, no accents on the way of counting words."""
    text = re.sub(r"[^\w\s]", " ", unicodedata.normalize("NFC", text.lower()))
    return " ".join(text.split())


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL
    )
