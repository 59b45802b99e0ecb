"""The processor time of ``subtitled evaluate FOLDER``, of all its processes together.

    python benchmarks/batch_evaluation.py [FILES] [CUES]

FILES subtitles (1 000 by default) of CUES cues each (600), in the languages of the dialogue of the
tests, half of them with cues that overlap. A table and an index page are written.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from material import own_folder

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.dialogue import DIALOGUE, lines_of, make_srt

GOAL_SECONDS = 60.0


def write_subtitles(folder: Path, files: int, cues: int) -> None:
    """Write subtitles of shuffled lines, ten to a folder."""
    languages = sorted(DIALOGUE)
    for number in range(files):
        language = languages[number % len(languages)]
        lines = lines_of(language)
        shuffled = random.Random(number).choices(lines, k=cues)
        series = folder / f"Series {number // 10}"
        series.mkdir(exist_ok=True)
        text = make_srt(shuffled, 2.0 if number % 2 else 4.0)
        (series / f"Episode {number % 10}.{language}.srt").write_text(text, "utf-8")


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    cues = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    with own_folder() as folder:
        texts = folder / "texts"
        texts.mkdir()
        write_subtitles(texts, files, cues)
        command = [sys.executable, "-m", "subtitled", "evaluate", str(texts), "--profile", "ebu"]
        outputs = ["--csv", str(folder / "qc.csv"), "--index", str(folder / "qc.html")]
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run([*command, *outputs], capture_output=True, text=True, check=False)
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begin
        if not (folder / "qc.html").exists():
            sys.exit(done.stderr)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(done.stdout.splitlines()[-1])
        page = (folder / "qc.html").stat().st_size
        print(
            f"{files} files of {cues} cues: {seconds:.1f} s of processor time "
            f"({GOAL_SECONDS:.0f} s is the goal for 1 000), {wall:.1f} s passed; "
            f"index page {page / 1e6:.1f} MB"
        )


if __name__ == "__main__":
    main()
