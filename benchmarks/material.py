"""What the benchmarks share: speech, a folder of their own, the command, WER."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from subtitled.config.paths import resolve_models_dir
from subtitled.config.settings import AppSettings
from subtitled.models.store import ModelStore
from subtitled_plugins.whisper.catalogue import MODELS

SPEECH = Path(
    os.environ.get("SUBTITLED_TEST_SPEECH", Path(__file__).parents[2] / "shared" / "speech")
)


def model() -> Path:
    """The folder of Whisper base."""
    return ModelStore(resolve_models_dir(AppSettings())).of_plugin("whisper").ensure(MODELS["base"])


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


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took.

    Other work on the machine stretches ``seconds``, and ``cpu`` too where threads spin while they
    wait for each other, as faster-whisper's do by default: compare on an idle machine only.
    """

    seconds: float
    cpu: float
    """Processor seconds of this process and of its children that have ended."""
    others: int
    """Threads of others that ran or wanted to at the beginning; above 0 we are not alone."""


def costs(work: Callable[[], object]) -> Cost:
    others = running()
    before, begin = os.times(), time.perf_counter()
    work()
    took, after = time.perf_counter() - begin, os.times()
    return Cost(took, sum(after[:4]) - sum(before[:4]), others)


def running() -> int:
    """How many other threads of the machine are on a processor, or wait for one, by the median."""
    seen = []
    for _ in range(5):
        seen.append(int(Path("/proc/loadavg").read_text("ascii").split()[3].split("/")[0]) - 1)
        time.sleep(0.1)
    return sorted(seen)[2]


TITLE = "Moby Dick (1851)"
"""What files are called in the benchmarks unless they say otherwise: people's files have titles,
and a title is a hotword to the recogniser."""


def name_as_people_do(media: Path, folder: Path, title: str = TITLE) -> Path:
    """Link a media file into a folder of its own under a title, and return the link."""
    own = folder / title
    own.mkdir(exist_ok=True)
    named = own / f"{title}{media.suffix}"
    named.symlink_to(media.resolve())
    return named


def generate(media: Path, folder: Path, beam: int, title: str = TITLE) -> Path:
    """Return the sidecar that our whole pipeline writes, as its own process with an empty state."""
    out = folder / f"{media.stem}-{title}-beam{beam}"
    out.mkdir()
    config = out / "config.toml"
    config.write_text(f"[engines.whisper]\nbeam_size = {beam}\n", "utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "STATE_DIRECTORY"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "subtitled", "--config", str(config)),
            *("generate", str(name_as_people_do(media, out, title))),
            *("--languages", "original", "--output-dir", str(out)),
        ],
        env=environment | {"XDG_STATE_HOME": str(out / "state")},
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    sidecars = list(out.glob("*.srt"))
    if done.returncode or len(sidecars) != 1:
        sys.exit(f"no sidecar for {media.name}, status {done.returncode}:\n{done.stderr}")
    return sidecars[0]


def normalised(text: str) -> str:
    """Lower case, no punctuation; an apostrophe is dropped, so that "mak'st" is one word."""
    text = re.sub(r"['\u2019]", "", text)
    text = re.sub(r"[^\w\s]", " ", unicodedata.normalize("NFC", text.lower()))
    return " ".join(text.split())


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL
    )
