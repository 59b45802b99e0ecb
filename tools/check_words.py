"""Report words that the glossary has replaced, with file, line and the word to use instead.

The table is ``words.toml`` beside this file. Run from the root of the tree::

    python tools/check_words.py            # exit status 1 if a word is found
    python tools/check_words.py --survey   # how often each word still stands in its exceptions
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = frozenset({".py", ".md", ".toml", ".html"})
IGNORE = "words: ignore"
"""A line with this text is not checked."""


@dataclass(frozen=True)
class Word:
    """A replaced word."""

    pattern: re.Pattern[str]
    use: str
    """The word to use instead."""
    exceptions: tuple[str, ...]
    """Files and folders that may still use it."""


def load_words(table: dict[str, Any]) -> list[Word]:
    """Return the words of the table."""
    return [
        Word(
            re.compile(rf"\b(?:{row['word']})\b", re.IGNORECASE),
            row["use"],
            tuple(row.get("except", ())),
        )
        for row in table["words"]
    ]


def checked_files(table: dict[str, Any]) -> Iterator[str]:
    """Yield the path of each checked file, relative to the root."""
    for path in table["paths"]:
        base = ROOT / path
        for file in [base] if base.is_file() else sorted(base.rglob("*")):
            name = file.relative_to(ROOT).as_posix()
            if file.suffix in SUFFIXES and not _is_below(name, table["exempt"]):
                yield name


def _is_below(name: str, paths: tuple[str, ...] | list[str]) -> bool:
    return any(name == path or name.startswith(f"{path}/") for path in paths)


def main() -> int:
    """Print every finding, or the survey; return the exit status."""
    table = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
    words = load_words(table)
    counts = {(word, path): 0 for word in words for path in word.exceptions}
    found = 0
    for name in checked_files(table):
        for number, line in enumerate((ROOT / name).read_text("utf-8").splitlines(), 1):
            if IGNORE in line:
                continue
            for word in words:
                for match in word.pattern.finditer(line):
                    excepted = [path for path in word.exceptions if _is_below(name, [path])]
                    for path in excepted:
                        counts[word, path] += 1
                    if not excepted:
                        print(f"{name}:{number}: {match.group()!r}: use {word.use}")
                        found += 1
    if "--survey" in sys.argv[1:]:
        for (word, path), count in counts.items():
            print(f"{word.pattern.pattern[5:-3]}: {path}: {count}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
