"""Translators on material with text in two languages: chrF, BLEU, length fit.

* From speech: `subtitled generate` with Whisper base makes English subtitles of acted Czech and
  Dutch dialogue and of Spanish, French, Italian and Russian voice prompts: by Whisper itself, and,
  where Apertium has the pair, by Apertium of what Whisper heard. The language spoken is given.
* From text: each pair of Apertium that is installed here, and each neural model of the folder in
  $SUBTITLED_BENCH_NMT, translates the human text. The cues have the times of the speech.

chrF and BLEU are sacrebleu's with its defaults. A word of a translation from speech belongs to the
human cue in whose time it stands, or to the nearest. "fits" are cues within the reading speed, line
length and number of lines of the product's default profile; "length" is characters of the
translation to one of the human translation. Recordings are of the tuning material. About 4 minutes
on 2 cores.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sacrebleu.metrics import BLEU, CHRF

from material import model, own_folder
from parallel_text import TUNING, MissingMaterialError, find_texts
from subtitled.plugin import Batch, ComponentContext, Cue, Language, Line, Translator
from subtitled.subtitles.evaluation.compliance import ComplianceRule, check_compliance
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.rules import select_cue_rules
from subtitled.subtitles.segmentation.line_breaking import break_lines
from subtitled_plugins.apertium import Apertium, ApertiumSettings
from subtitled_plugins.nmt.packages import list_packages
from subtitled_plugins.nmt.settings import NmtSettings
from subtitled_plugins.nmt.translator import NmtTranslator

DIALOGUE = ("cs-fillets-a", "cs-fillets-b", "nl-fillets-a", "nl-fillets-b")
PROMPTS = ("es-prompts-a", "fr-prompts-a", "it-prompts-a", "ru-prompts-a")
FIT = (ComplianceRule.LINE_LENGTH, ComplianceRule.LINES, ComplianceRule.SPEED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A translator on some material."""

    material: str
    pair: str
    way: str
    chrf: float
    bleu: float
    lines: int
    fit: float
    length: float


def score(
    material: str, way: str, pair: tuple[str, str], cues: Sequence[Cue], human: Sequence[Cue]
) -> Row:
    """Compare translated cues with the human cues at the same times."""
    language = Language(pair[1])
    report = check_compliance(cues, language, select_cue_rules(language, translation=True))
    misfits = {found.cue_number for found in report.violations if found.rule in FIT}
    texts = [" ".join(cue.text.split()) for cue in cues]
    placed = place_words(cues, human)
    references = [[" ".join(cue.text.split()) for cue in human]]
    return Row(
        material=material,
        pair="-".join(pair),
        way=way,
        chrf=CHRF().corpus_score(placed, references).score,
        bleu=BLEU().corpus_score(placed, references).score,
        lines=len(human),
        fit=1 - len(misfits) / max(len(cues), 1),
        length=sum(map(len, texts)) / sum(map(len, references[0])),
    )


def place_words(cues: Sequence[Cue], human: Sequence[Cue]) -> list[str]:
    """Give each word of a translation to the human cue in whose time it stands, or the nearest."""
    placed: list[list[str]] = [[] for _ in human]
    for cue in cues:
        words = cue.text.split()
        for number, word in enumerate(words):
            now = cue.start + (number + 0.5) / len(words) * (cue.end - cue.start)
            distances = [max(other.start - now, now - other.end, 0.0) for other in human]
            placed[distances.index(min(distances))].append(word)
    return [" ".join(words) for words in placed]


def generate(media: Path, pair: tuple[str, str], folder: Path, settings: str) -> tuple[Cue, ...]:
    """Make the subtitle of a recording in another language, in a process of its own."""
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(settings, "utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "subtitled", "--config", str(config)),
            *("generate", str(media), "--language", pair[0]),
            *("--languages", pair[1], "--output-dir", str(folder)),
        ],
        env=os.environ | {"XDG_STATE_HOME": str(folder / "state")},
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    sidecars = list(folder.glob("*.srt"))
    if len(sidecars) != 1:
        print(f"{media}: no subtitle\n{done.stdout}{done.stderr}", file=sys.stderr)
        return ()
    return tuple(read_cues(sidecars[0].read_bytes(), "srt"))


def translators_of_text() -> Iterator[tuple[str, Translator, tuple[Language, Language], dict]]:
    """Yield what translates text here, each with a pair and the folders of its models."""
    apertium = ApertiumSettings(timeout=290)  # a busy machine is no error
    for pair in sorted(Apertium.capabilities(apertium).language_pairs or (), key=str):
        if any("-" in str(language) for language in pair):
            continue  # Another spelling of a pair, such as es-en-US.
        yield "apertium", Apertium(apertium, ComponentContext("apertium")), pair, {}
    folder = os.environ.get("SUBTITLED_BENCH_NMT")
    if folder is None:
        print("left out: neural models of text. Name a folder of them in $SUBTITLED_BENCH_NMT")
        return
    neural = NmtSettings(models_dir=Path(folder), pivot=None)
    for package in list_packages(neural):
        translator = NmtTranslator(neural, ComponentContext("nmt"))
        translator.load()
        yield "nmt", translator, package.pair, {package.spec.name: package.spec.folder}


def translate_text(
    translator: Translator, pair: tuple[Language, Language], texts: list[str], models: dict
) -> list[str]:
    lines = tuple(Line(number, text) for number, text in enumerate(texts))
    size = type(translator).capabilities(translator.settings).max_batch_lines
    translated: dict[int, str] = {}
    for first in range(0, len(lines), size):
        batch = Batch(
            lines=lines[first : first + size], source=pair[0], target=pair[1], models=models
        )
        translated |= {line.id: line.text for line in translator.translate(batch).lines}
    return [translated.get(number, "") for number in range(len(lines))]


def find_lines(
    names: Sequence[str], pair: tuple[str, str], notes: list[str]
) -> tuple[list[Cue], list[Cue]]:
    """Find the different lines of some recordings in two languages, one recording after another."""
    source: dict[str, Cue] = {}
    human: list[Cue] = []
    for number, name in enumerate(names):
        shift = 10_000.0 * number
        try:
            found = find_texts(name, pair)
        except MissingMaterialError as error:
            notes.append(f"left out: {error}")
            continue
        for cue, other in zip(*found, strict=True):
            if cue.text not in source:
                source[cue.text] = Cue(cue.start + shift, cue.end + shift, cue.text)
                human.append(Cue(cue.start + shift, cue.end + shift, other.text))
    return list(source.values()), human


def rows_from_text(notes: list[str]) -> Iterator[Row]:
    for way, translator, languages, models in translators_of_text():
        rules = select_cue_rules(languages[1], translation=True)
        pair = str(languages[0]), str(languages[1])
        for material, names in (("dialogue", DIALOGUE), ("prompts", PROMPTS)):
            said, human = find_lines(names, pair, notes)
            if not said:
                continue
            translated = translate_text(translator, languages, [cue.text for cue in said], models)
            cues = [
                Cue(cue.start, cue.end, break_lines(text, languages[1], rules))
                for cue, text in zip(said, translated, strict=True)
                if text
            ]
            yield score(f"{material}, text", way, pair, cues, human)


def rows_from_speech(notes: list[str], folder: Path) -> Iterator[Row]:
    pairs = Apertium.capabilities(ApertiumSettings()).language_pairs or frozenset()
    for name in (*DIALOGUE, *PROMPTS):
        pair = name.partition("-")[0], "en"
        _, human = find_lines((name,), pair, notes)
        if not human:
            continue
        ways = {"whisper base": "[engines.whisper]\nmodel = 'base'\n"}
        if tuple(map(Language, pair)) in pairs:
            ways["whisper base, apertium"] = ways["whisper base"] + "[translators.apertium]\n"
        for number, (way, config) in enumerate(ways.items()):
            own = folder / f"{name}-{number}"
            cues = generate(TUNING / name / "audio.opus", pair, own, config)
            yield score(f"{name}, speech", way, pair, cues, human)


def main() -> None:
    model()
    begin = time.monotonic()
    notes: list[str] = []
    with own_folder() as folder:
        rows = [*rows_from_text(notes), *rows_from_speech(notes, folder)]
    table = Table(box=None, pad_edge=False)
    for name in ("material", "pair", "translator", "lines", "chrF", "BLEU", "fits", "length"):
        table.add_column(name, justify="left" if name in ("material", "translator") else "right")
    for row in rows:
        table.add_row(
            row.material,
            row.pair,
            row.way,
            str(row.lines),
            f"{row.chrf:.1f}",
            f"{row.bleu:.1f}",
            f"{row.fit:.0%}",
            f"{row.length:.2f}",
        )
    Console(width=int(os.environ.get("COLUMNS", "120"))).print(table)
    for note in dict.fromkeys(notes):
        print(note)
    print(json.dumps([{name: getattr(row, name) for name in Row.__slots__} for row in rows]))
    print(f"{time.monotonic() - begin:.0f} s in all")


if __name__ == "__main__":
    main()
