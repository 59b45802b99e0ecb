"""The same recognised words, segmented by us and by other tools: compliance, times, SubER.

The other tools, in the versions named below, each in its own environment in the cache folder, are:
openai-whisper's writer with its defaults and with 2 lines of 42 characters, stable-ts with its
default regrouping, subgen (stable-ts with subgen's string), whisperX's SubtitlesProcessor.

There are three kinds of material:

* Real speech, transcribed by Whisper base: a sonnet in English, a lecture in German, Debian's voice
  prompts in Spanish, French, Italian and Russian, and SYNTHETIC Japanese (Open JTalk). They have no
  human subtitles, so there is no SubER. The prompts are joined with known pauses, so their starts
  and ends are known: how many prompt ends are cue ends, and the errors of the times of cues.
* Human captions of the film Elephants Dream (CC BY, from the npm package of video.js) in Japanese,
  Russian, Swedish and English: SubER against the human cues. There is no audio: the times of words
  are SIMULATED inside each cue, with a fixed seed. The weights were first set by hand on the
  ENGLISH captions, so those are tuning material. The others are not.
* Real speech with times that people set, from ``shared/speech``: the whole of ours and raw
  faster-whisper, by SubER, errors of words, and of words in time, in- and out-times. ``--real``
  prints this part only; ``--part`` and the other options are those of ``words.py``.

Otherwise no weight was tuned on material that is reported. The tuning material is prologue.es,
which is not shown here. Takes about 2 minutes on 2 cores, and twice as long the first time, because
of downloads.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from material import SPEECH, own_folder
from quality_material import (
    PROMPTS,
    Material,
    captions,
    heard,
    japanese,
    prompts,
    ran,
    simulated,
)
from subtitled.config.paths import resolve_models_dir
from subtitled.config.settings import AppSettings
from subtitled.plugin import Cue, Language, Subtitle
from subtitled.subtitles.evaluation.comparison import Comparison, compare_cues
from subtitled.subtitles.evaluation.compliance import (
    ComplianceReport,
    ComplianceRule,
    check_compliance,
)
from subtitled.subtitles.formats import read_cues, render_subtitle
from subtitled.subtitles.rules import select_cue_rules
from subtitled.subtitles.segmentation.segmenter import segment_words
from words import add_way_options, listen, parse_ways
from words_material import load_recordings
from words_times import is_timed, print_times
from words_ways import OURS, RAW, Heard

PEERS = ("numpy", "tqdm", "pyopenjtalk-plus==0.4.1.post10")
BARE = ("openai-whisper==20250625", "stable-ts==2.19.1", "whisperx==3.8.6")
"""Packages that are installed without dependencies: their models take no part here."""
SUBER = ("subtitle-edit-rate==0.4.0",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    material: Material
    peer: str
    cues: tuple[Cue, ...]
    kept: ComplianceReport
    against: Comparison | None


def environment(name: str, *installs: Sequence[str]) -> Path:
    """Return the Python of an environment in the cache folder, created if necessary."""
    folder = resolve_models_dir(AppSettings()).parent / "quality" / name
    python, ready = folder / "bin" / "python", folder / "ready"
    wanted = json.dumps(installs)
    if not ready.exists() or ready.read_text("utf-8") != wanted:
        print(f"installing {name} into {folder}", file=sys.stderr, flush=True)
        ran(sys.executable, "-m", "venv", folder)
        for install in installs:
            ran(python, "-m", "pip", "install", "--quiet", *install)
        ready.write_text(wanted, "utf-8")
    return python


def rows_of(material: Material, python: Path) -> list[Row]:
    limits = select_cue_rules(material.language, translation=False)
    texts = json.loads(
        ran(
            python,
            Path(__file__).with_name("peers.py"),
            said=json.dumps({"language": str(material.language), "segments": material.segments}),
        )
    )
    laid_out = {
        "subtitled": segment_words(material.words, material.language, limits, material.duration)
    }
    laid_out |= {peer: read_cues(text.encode(), "srt") for peer, text in texts.items()}
    return [
        Row(
            material=material,
            peer=peer,
            cues=cues,
            kept=check_compliance(cues, material.language, limits),
            against=compare_cues(cues, material.reference, material.language)
            if material.reference
            else None,
        )
        for peer, cues in laid_out.items()
    ]


def checked(rows: Sequence[Row], python: Path, folder: Path) -> float:
    """Return the largest difference between our SubER and that of the authors' package."""
    most = 0.0
    for row in rows:
        if row.against is None or not row.material.human or row.material.language == "ja":
            continue
        files = []
        for name, cues in (("hyp", row.cues), ("ref", row.material.reference or ())):
            files.append(folder / f"{name}.srt")
            files[-1].write_bytes(
                render_subtitle(Subtitle(language=row.material.language, cues=cues), "srt")
            )
        told = ran(python, "-m", "suber", "-H", files[0], "-R", files[1], "--metrics", "SubER")
        theirs = float(json.loads(told)["SubER"])
        most = max(most, abs(theirs - (row.against.suber or 0.0)))
    return most


COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("cues", lambda row: str(len(row.cues))),
    ("inside", lambda row: share(row.kept.compliant_count, row)),
    ("+fast", lambda row: share(row.kept.fast_speech_count, row)),
    *(
        (name, lambda row, rule=rule: share(len(row.kept.list_violating_cues(rule)), row))
        for name, rule in (
            ("speed", ComplianceRule.SPEED),
            ("width", ComplianceRule.LINE_LENGTH),
            ("lines", ComplianceRule.LINES),
            ("short", ComplianceRule.SHORT),
            ("long", ComplianceRule.LONG),
            ("gap", ComplianceRule.GAP),
            ("overlap", ComplianceRule.OVERLAP),
            ("flash", ComplianceRule.FLASH),
        )
    ),
    ("SubER", lambda row: number(row.against.suber, 1) if scored(row) else "-"),
    ("ends F1", lambda row: number(row.against.boundaries.f1, 2) if scored(row) else "-"),
    ("ends kept", lambda row: number(row.against.boundaries.recall, 2) if row.against else "-"),
    ("in p50/p90", lambda row: times(row, "in_times")),
    ("out p50/p90", lambda row: times(row, "out_times")),
)


def scored(row: Row) -> bool:
    return row.material.human


def share(part: int, row: Row) -> str:
    return f"{100 * part / len(row.cues):.0f}%" if part else "."


def number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def times(row: Row, which: str) -> str:
    # Simulated words have the times of the reference.
    found = None if row.material.human else getattr(row.against, which, None)
    return f"{number(found.median, 2)}/{number(found.p90, 2)}" if found else "-"


def print_real(options: argparse.Namespace) -> None:
    """Compare the cues of whole programs with times that people set."""
    only = [name for name in options.only.split(",") if name]
    recordings = [each for each in load_recordings(options.part, only) if is_timed(each)]
    results: dict[str, dict[str, Heard]] = {}
    for way, recording, written in listen(parse_ways(options.ways), recordings, options):
        results.setdefault(way, {})[recording.name] = written
    print(f"real speech with times that people set, {options.part}:")
    print_times(recordings, results)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", action="store_true", help="real speech with human times only")
    parser.add_argument("--ways", default=",".join((OURS[1], *RAW)), help="by commas")
    add_way_options(parser)
    options = parser.parse_args()
    if not options.real:
        print_segmentation()
    print_real(options)


def print_segmentation() -> None:
    """Segment the same words by each tool, and compare what comes out."""
    begin = time.monotonic()
    python = environment("peers", PEERS, ("--no-deps", *BARE))
    suber = environment("suber", SUBER)
    table = Table(box=None, pad_edge=False)
    for name in ("material", "by", *(name for name, _ in COLUMNS)):
        table.add_column(name, justify="left" if name in ("material", "by") else "right")
    rows: list[Row] = []
    with own_folder() as folder:
        material: list[Material | None] = [
            Material(
                name="en sonnet", language=Language("en"), **heard(SPEECH / "sonnet.en.mp3", "en")
            ),
            Material(
                name="de lecture",
                language=Language("de"),
                **heard(SPEECH / "multilingual.mp3", "de", 30.0),
            ),
            *(prompts(tag, folder) for tag in PROMPTS),
            japanese(python, folder),
            *(simulated(tag, cues) for tag, cues in captions().items()),
        ]
        for one in material:
            if one is not None:
                rows += rows_of(one, python)
        difference = checked(rows, suber, folder)
    for number_, row in enumerate(rows):
        first = number_ == 0 or rows[number_ - 1].material is not row.material
        table.add_row(
            row.material.name if first else "",
            row.peer,
            *(cell(row) for _, cell in COLUMNS),
            style="bold" if row.peer == "subtitled" else "",
        )
    Console(width=int(os.environ.get("COLUMNS", "190"))).print(table)
    print(
        "\ninside: cues inside all limits of Netflix; +fast: cues that miss only the reading speed,"
        "\nbecause the speech itself is faster; flash is advice and does not count."
        "\nout-times: ours are late where there is room, for slow readers."
        "\nends kept: prompt ends, or human cue ends, that are cue ends too."
        f"\nSubER: at most {difference:.2f} from the package subtitle-edit-rate 0.4.0 in all rows"
        " but the Japanese."
        f"\n{time.monotonic() - begin:.0f} s in all."
    )


if __name__ == "__main__":
    main()
