"""File in, sidecar out, against the call of our engine alone, and what others do with the sound.

Rows, all with Whisper base, beam 5 and word times:

* ``whole``: the command ``subtitled generate`` from its start to its end, in a process of its own
  with the database of an earlier run. The file has no title, so that both of ours do the same work;
* ``engine-call``: the call of the same engine with the sound decoded, the speech found and the
  model loaded. *Ratio* is its time by that of ``whole``: 1.00 would mean nothing around the engine;
* ``raw-batched-int8`` and ``raw-batched``: faster-whisper's BatchedInferencePipeline with int8, and
  with the numbers of the model's file;
* ``raw-sequential-int8-vad``: faster-whisper as most programs call it. Without VAD it would write
  loops, which takes longer and would flatter us.

The rows of others do not pay for Python and its imports; ``whole`` does. All find their modules
compiled, as in an installed program, whatever ``PYTHONDONTWRITEBYTECODE`` says here. *Peak* is the
proportional memory of all processes of a row, seen every quarter of a second, with what it takes to
load them. Rows that were begun while something else ran on the machine are marked, and void.

Takes about 4 minutes on 2 cores. ``--clear --seconds 2520`` has 8 recordings of clear English, one
after the other and again from the first, and counts word errors; ``--speech`` names others. The
rows of a long film that matter: ``--clear --seconds 2520,7200 --rows whole,engine-call``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from material import looped, model, own_folder, running
from speed_sounds import LOOPED, LOOPED_SECONDS, SECONDS, Sound, make_sounds
from speed_ways import WAYS
from subtitled.subtitles.formats import read_cues
from words_scores import count_errors

WHOLE, CALL = "whole", "engine-call"
ROWS = (WHOLE, *WAYS)
SAMPLE_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one way took for one sound."""

    seconds: float
    processor_seconds: float
    peak_mb: int
    words: int
    errors_per_100: float | None
    """None without a reference."""
    others: int
    """Threads of others that ran at the beginning; above 0 the row is void."""

    @property
    def cores(self) -> float:
        """How many cores were busy on average."""
        return self.processor_seconds / self.seconds


class PeakMemory:
    """The most memory that the processes below this one had together while it was measured."""

    def __init__(self) -> None:
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def megabytes(self) -> int:
        """The peak so far."""
        return self._peak // 2**20

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue  # It has ended.
            self._peak = max(self._peak, total)


def compile_modules(folder: Path, weights: Path) -> None:
    """Have a first job compile what it imports, into a folder where later processes look."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    with own_folder() as own:
        path = looped([LOOPED[0]], min(SECONDS), folder / "first.flac")
        run_whole(Sound(name="first", path=path, seconds=min(SECONDS)), own, weights)


def run_whole(sound: Sound, folder: Path, weights: Path) -> tuple[float, float, str]:
    """Run ``subtitled generate``; return its seconds, its processor seconds and its text."""
    media = folder / "000" / f"000{sound.path.suffix}"
    media.parent.mkdir()
    media.symlink_to(sound.path)
    config = folder / "config.toml"
    config.write_text("[engines.whisper]\nbeam_size = 5\n", "utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "STATE_DIRECTORY"}
    environment["XDG_STATE_HOME"] = str(folder / "state")

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "subtitled", "--config", str(config), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            sys.exit(f"{arguments[0]} failed for {sound.name}:\n{done.stderr}")

    run("status")  # It creates the database.
    before, begin = os.times(), time.perf_counter()
    run("generate", str(media), "--languages", "original", "--output-dir", str(folder))
    seconds, after = time.perf_counter() - begin, os.times()
    (sidecar,) = folder.glob("*.srt")
    text = " ".join(cue.text for cue in read_cues(sidecar.read_bytes(), "srt"))
    return seconds, sum(after[2:4]) - sum(before[2:4]), text


def run_way(way: str, sound: Sound, weights: Path) -> tuple[float, float, str]:
    """Run one way of ``speed_ways.py``."""
    done = subprocess.run(
        [
            *(sys.executable, str(Path(__file__).with_name("speed_ways.py"))),
            *(way, str(sound.path), str(weights), sound.language),
        ],
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    return result["seconds"], result["processor_seconds"], result["text"]


def measure(sound: Sound, name: str, weights: Path) -> Row:
    """Measure one row."""
    others = running()
    with own_folder() as folder, PeakMemory() as memory:
        work: Callable[[], tuple[float, float, str]] = (
            (lambda: run_whole(sound, folder, weights))
            if name == WHOLE
            else (lambda: run_way(name, sound, weights))
        )
        seconds, processor_seconds, text = work()
    errors = None
    if sound.text is not None:
        counted = count_errors(text, sound.text, sound.language)
        errors = 100 * counted.errors / counted.reference
    return Row(
        seconds=seconds,
        processor_seconds=processor_seconds,
        peak_mb=memory.megabytes,
        words=len(text.split()),
        errors_per_100=errors,
        others=others,
    )


def print_table(sound: Sound, rows: dict[str, Row]) -> None:
    """Print what each way took for a sound, and the ratio if both of our rows were measured."""
    print(f"{sound.seconds:.0f} s, {sound.name}")
    print(
        f"{'':24} {'wall s':>7} {'cpu s':>7} {'cores':>6} {'peak MB':>8} {'words':>6} {'errors':>7}"
    )
    for name, row in rows.items():
        errors = "-" if row.errors_per_100 is None else f"{row.errors_per_100:.1f}"
        note = f"  void: {row.others} others ran" if row.others else ""
        print(
            f"{name:24} {row.seconds:7.1f} {row.processor_seconds:7.1f} {row.cores:6.2f} "
            f"{row.peak_mb:8} {row.words:6} {errors:>7}{note}"
        )
    if WHOLE in rows and CALL in rows:
        print(f"ratio of the engine's call to the whole: {compute_ratio(rows):.2f}")
    print(flush=True)


def compute_ratio(rows: dict[str, Row]) -> float:
    """Return the share of the whole that is the engine's call."""
    return rows[CALL].seconds / rows[WHOLE].seconds


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seconds",
        type=lambda text: [float(part) for part in text.split(",")],
        default=[],
        help="seconds of repeated recordings, by commas (default: 11,60,660, or each of those that "
        "are named once)",
    )
    parser.add_argument(
        "--clear", action="store_true", help="take recordings of clear English, with references"
    )
    parser.add_argument(
        "--speech",
        default="",
        metavar="NAMES",
        help="take recordings of index.json by name, by commas, with references if they have any",
    )
    parser.add_argument(
        "--rows",
        type=lambda text: text.split(","),
        default=list(ROWS),
        help=f"rows, by commas (default: {','.join(ROWS)})",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    options = parser.parse_args()
    if unknown := [name for name in options.rows if name not in ROWS]:
        parser.error(f"--rows: no such row: {', '.join(unknown)}")
    if max(options.seconds, default=0.0) > LOOPED_SECONDS:
        parser.error(f"--seconds: at most {LOOPED_SECONDS:.0f}")
    return options


def main() -> None:
    """Measure the rows of each sound and print its table."""
    options = parse_options()
    weights = model()
    results = []
    with own_folder() as folder:
        if WHOLE in options.rows:
            compile_modules(folder, weights)
        for sound in make_sounds(options, folder):
            rows: dict[str, Row] = {}
            for name in options.rows:
                rows[name] = measure(sound, name, weights)
                print(f"  {name}: {rows[name].seconds:.1f} s", file=sys.stderr, flush=True)
            print_table(sound, rows)
            found = {name: asdict(row) | {"cores": row.cores} for name, row in rows.items()}
            results.append({"sound": sound.name, "seconds": sound.seconds, "rows": found})
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), "utf-8")


if __name__ == "__main__":
    main()
