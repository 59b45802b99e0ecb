"""Word errors of files that are named as people name theirs, by language.

Each recording of ``shared/speech/reporting`` with a reference goes through the whole pipeline
twice: with the title of a film or an episode as its name, and with a number. Beside them stands raw
faster-whisper, batched and sequential, with the same model and numbers. A title must cost no words.
A recording whose text is refused, since it is in another language than its sound, counts as lost.
Characters instead of words for Chinese, Japanese and Korean. About 45 minutes; ``--part tuning``
takes the other half of the material, ``--only NAME`` one recording, ``--no-raw`` ours only.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jiwer

from material import SPEECH, generate, model, normalised, own_folder
from subtitled.plugin import Language
from subtitled.subtitles.chinese import convert_texts
from subtitled.subtitles.formats import read_cues

TITLES = (
    "Moby Dick (1851)",
    "Breaking Bad - S01E01 - Pilot",
    "The Matrix (1999)",
    "Home (2009)",
    "Die Welle (2008)",
    "Le Fabuleux Destin d'Amelie Poulain (2001)",
)
UNNAMED = "1234"
BY_CHARACTER = frozenset({"zh", "ja", "ko", "th"})
UNKNOWN = frozenset({"bn"})
"""Languages that Whisper base cannot write; they are rightly refused."""
Errors = tuple[int, int, int, int]
"""Words of the reference, substituted, lost, inserted."""


def count_errors(reference: str, text: str, language: str) -> Errors:
    plain, heard = normalised(reference), normalised(text)
    if language == "zh":
        plain, heard = (_simplified(each) for each in (plain, heard))
    if language in BY_CHARACTER:
        plain, heard = plain.replace(" ", ""), heard.replace(" ", "")
        characters = jiwer.process_characters(plain, heard)
        return len(plain), characters.substitutions, characters.deletions, characters.insertions
    words = jiwer.process_words(plain, heard)
    return len(plain.split()), words.substitutions, words.deletions, words.insertions


def _simplified(text: str) -> str:
    return convert_texts([text], Language("zh-Hans"))[0]


def sidecar_text(media: Path, folder: Path, title: str) -> str:
    try:
        sidecar = generate(media, folder, 5, title)
    except SystemExit as error:
        print(error)
        return ""
    return " ".join(cue.text for cue in read_cues(sidecar.read_bytes(), "srt"))


def raw(whisper: Any, batched: bool) -> Callable[[Path], str]:
    from faster_whisper import BatchedInferencePipeline

    def transcribe(path: Path) -> str:
        if batched:
            segments, _ = BatchedInferencePipeline(whisper).transcribe(str(path))
        else:
            segments, _ = whisper.transcribe(str(path), vad_filter=True)
        return "".join(segment.text for segment in segments)

    return transcribe


def report(rows: dict[str, dict[str, list[Errors]]], columns: Sequence[str]) -> None:
    print(f"{'':10} {'words':>6} " + " ".join(f"{column:>22}" for column in columns))
    for language in (*sorted(rows), "all"):
        counted = rows.get(language) or {
            column: [errors for each in rows.values() for errors in each[column]]
            for column in columns
        }
        cells = []
        for column in columns:
            words, substituted, lost, inserted = (
                sum(n) for n in zip(*counted[column], strict=True)
            )
            wrong = substituted + lost + inserted
            cells.append(f"{100 * wrong / words:12.1f} ({100 * lost / words:4.1f} lost)")
        print(f"{language:10} {words:6} " + " ".join(cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="reporting", choices=["reporting", "tuning"])
    parser.add_argument("--only", help="one recording")
    parser.add_argument("--no-raw", action="store_true", help="without raw faster-whisper")
    options = parser.parse_args()
    index = json.loads((SPEECH / "index.json").read_text("utf-8"))
    ways: dict[str, Callable[[Path], str]] = {}
    if not options.no_raw:
        from faster_whisper import WhisperModel

        whisper = WhisperModel(str(model()), device="cpu", compute_type="int8")
        ways = {"raw batched": raw(whisper, True), "raw sequential": raw(whisper, False)}
    columns = ["named", "unnamed", *ways]
    rows: dict[str, dict[str, list[Errors]]] = defaultdict(lambda: defaultdict(list))
    with own_folder() as folder:
        number = 0
        for name, entry in index.items():
            chosen = options.only in (None, name) and entry["split"] == options.part
            if not chosen or entry["lang"] in UNKNOWN or entry["whisper_base"] is None:
                continue
            source = SPEECH / options.part / name
            media, reference = source / "audio.opus", (source / "reference.txt").read_text("utf-8")
            title = TITLES[number % len(TITLES)]
            number += 1
            work = folder / name
            work.mkdir()
            texts = {
                "named": sidecar_text(media, work, title),
                "unnamed": sidecar_text(media, work, UNNAMED),
                **{column: way(media) for column, way in ways.items()},
            }
            for column, text in texts.items():
                rows[entry["lang"]][column].append(count_errors(reference, text, entry["lang"]))
            latest = {c: rows[entry["lang"]][c][-1] for c in columns}
            print(f"{name} ({title}): {latest}", flush=True)
    report(rows, columns)
    print(json.dumps({"part": options.part, "rows": rows}))


if __name__ == "__main__":
    main()
