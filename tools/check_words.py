"""Report words that the glossary has replaced, with file, line and the word to use instead.

The table is ``words.toml`` beside this file. An entry holds for the paths that it names; a word is
added for a path once the path is free of it, and never removed. Run from the root of the tree::

    python tools/check_words.py            # exit status 1 if a word is found
    python tools/check_words.py --survey   # per word and path, how often it is still used
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = frozenset({".py", ".md", ".toml", ".html"})
SURVEYED = (
    *sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "daemon/subtitled").iterdir()),
    *("plugins", "tests", "benchmarks", "docs", "demo", "README.md", "CONTRIBUTING.md"),
    *("CHANGELOG.md", "config.example.toml"),
)


@dataclass(frozen=True)
class Word:
    """A replaced word."""

    pattern: re.Pattern[str]
    use: str
    """The word to use instead."""
    paths: tuple[str, ...]
    """Files and folders, relative to the root, in which the word is forbidden."""


def load_words() -> list[Word]:
    """Return the table."""
    table = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
    return [
        Word(re.compile(rf"\b(?:{row['word']})\b", re.IGNORECASE), row["use"], tuple(paths))
        for row in table["words"]
        for paths in [[p for name in row["paths"] for p in table["paths"].get(name, [name])]]
    ]


def files_under(path: str, exempt: frozenset[str]) -> Iterator[Path]:
    """Yield the text files at or below a path that are not exempt."""
    base = ROOT / path
    for file in [base] if base.is_file() else sorted(base.rglob("*")):
        if file.suffix in SUFFIXES and file.relative_to(ROOT).as_posix() not in exempt:
            yield file


def matches(word: Word, file: Path) -> Iterator[tuple[int, str]]:
    """Yield line number and matched text of each use of a word in a file."""
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if "words: ignore" not in line:
            for match in word.pattern.finditer(line):
                yield number, match.group()


def main() -> int:
    table = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
    exempt = frozenset(table["exempt"])
    words = load_words()
    if "--survey" in sys.argv[1:]:
        for word in words:
            counts = {
                path: sum(1 for file in files_under(path, exempt) for _ in matches(word, file))
                for path in SURVEYED
            }
            used = ", ".join(f"{path} {count}" for path, count in counts.items() if count)
            print(f"{word.pattern.pattern[5:-3]}: {used or 'nowhere'}")
        return 0
    found = 0
    for word in words:
        for path in word.paths:
            for file in files_under(path, exempt):
                for number, text in matches(word, file):
                    print(f"{file.relative_to(ROOT)}:{number}: {text!r}: use {word.use}")
                    found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
