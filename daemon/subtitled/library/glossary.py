"""Reading a glossary: CSV and TSV as spreadsheets write them, JSON, and TBX of translators' tools.

A table has a first line that names its columns. A column is named by its language (``en``,
``pt-BR``, ``German``) and holds what things are called in it; ``term`` holds what is called so in
every language that has no column. ``note`` is for people, ``case_sensitive`` and
``do_not_translate`` hold yes or no. JSON is a list of objects with the same names.

A mistake costs its line, never the file, and never a subtitle.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from subtitled.plugin import Language, Rejected
from subtitled.subtitles.codes import language_of
from subtitled.subtitles.formats.decoding import decode_text

from .tbx import concepts
from .terms import Mistake, Scope, Term

ENDINGS = ("csv", "tsv", "json", "tbx")
LARGEST = 8 * 1024 * 1024
"""Bytes of a glossary."""
MOST = 20_000
"""Terms of a glossary."""
LONGEST = 200
"""Characters of a term: more is no term."""

_SOURCE = frozenset({"term", "source", "word", "name"})
_NOTE = frozenset({"note", "notes", "comment", "comments", "description"})
_EXACT = frozenset({"case_sensitive", "case"})
_KEPT = frozenset({"do_not_translate", "keep"})
_YES = frozenset({"yes", "y", "true", "1", "x"})
_NO = frozenset({"no", "n", "false", "0", ""})


@dataclass(frozen=True, slots=True)
class Glossary:
    """What a file says, in its order, and what is wrong with it."""

    terms: tuple[Term, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


def read(path: Path, scope: Scope) -> Glossary:
    """A glossary from disk. Raises nothing: whatever is wrong is among the mistakes."""
    try:
        seen = path.stat()
        return _read(path, scope, seen.st_mtime_ns, seen.st_size)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _wrong(path, f"it cannot be read: {reason}", "Let the daemon's user read it")


@lru_cache(maxsize=64)
def _read(path: Path, scope: Scope, changed: int, size: int) -> Glossary:
    """The same, once for each version of a file: a global one is asked for by every job."""
    if size > LARGEST:
        return _wrong(path, f"it is larger than {LARGEST >> 20} MiB", "Split it by library")
    try:
        return parse(decode_text(path.read_bytes()), path, scope)
    except Rejected as error:
        return _wrong(path, error.what, error.cure)


def parse(text: str, path: Path, scope: Scope) -> Glossary:
    """A glossary from its text; the path says its format and where each term is from.

    Raises :class:`~subtitled.plugin.Rejected` where all of it is unusable.
    """
    ending = path.suffix.lower().lstrip(".")
    if ending not in ENDINGS:
        raise Rejected(
            f"glossaries are not read from .{ending} files", f"Save it as {', '.join(ENDINGS)}"
        )
    mistakes: list[Mistake] = []
    terms: list[Term] = []
    rows = _ROWS[ending](text, path, mistakes)
    for line, row in rows:
        if len(terms) == MOST:
            mistakes.append(
                Mistake(
                    f"{path}:{line}", f"more than {MOST} terms; the rest is left out", "Split it"
                )
            )
            break
        term = _term(row, f"{path}:{line}", scope, mistakes)
        if term is not None:
            terms.append(term)
    return Glossary(tuple(terms), tuple(mistakes))


Row = tuple[int, Mapping[str, str]]
"""The number of a line and its cells by the names of their columns."""


def _table(text: str, path: Path, mistakes: list[Mistake]) -> Iterator[Row]:
    first = text.lstrip("\n").split("\n", 1)[0]
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names: list[str] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if names:
                    yield line, dict(zip(names, cells, strict=False))
                else:
                    names = _header(cells, f"{path}:{line}", mistakes)
            line = reader.line_num + 1
    except csv.Error as error:
        mistakes.append(Mistake(f"{path}:{line}", f"it is no table: {error}", "Save it anew"))


def _header(cells: list[str], where: str, mistakes: list[Mistake]) -> list[str]:
    """The columns' names. Raises :class:`Rejected` where none of them holds terms."""
    names = [_plain(cell) for cell in cells]
    if not any(name in _SOURCE or _language(name) for name in names):
        raise Rejected(
            "the first line names no column that holds terms",
            "Write a first line such as: term,es,note",
        )
    for name in names:
        if name and not _is_known(name):
            mistakes.append(
                Mistake(
                    where,
                    f"the column {name!r} is neither a language nor term, note, case_sensitive or "
                    "do_not_translate; it is left out",
                    "Name it after the language that it is in, such as es",
                )
            )
    return names


def _objects(text: str, path: Path, mistakes: list[Mistake]) -> Iterator[Row]:
    """The objects of a JSON list, each with the line it begins on."""
    decoder, at = json.JSONDecoder(), len(text) - len(text.lstrip())
    told: set[str] = set()
    if text[at : at + 1] != "[":
        raise Rejected(
            "the JSON is no list", 'Write [{"term": "Mordor"}, {"en": "dragon", "es": "dragón"}]'
        )
    at += 1
    while True:
        at += len(text[at:]) - len(text[at:].lstrip(" \t\n,"))
        line = text.count("\n", 0, at) + 1
        if text[at : at + 1] in ("]", ""):
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", type(error).__name__)
            line = getattr(error, "lineno", line)
            mistakes.append(
                Mistake(f"{path}:{line}", f"broken JSON: {reason}; the rest is left out", "Mend it")
            )
            return
        if not isinstance(value, dict):
            mistakes.append(
                Mistake(f"{path}:{line}", "it is no object", 'Write one such as {"term": "Mordor"}')
            )
            continue
        row = {_plain(str(key)): _cell(cell) for key, cell in value.items()}
        for name in row.keys() - told:
            if not _is_known(name):
                told.add(name)
                mistakes.append(
                    Mistake(
                        f"{path}:{line}",
                        f"{name!r} is neither a language nor a key that glossaries have",
                        "Name it after the language that it is in, such as es",
                    )
                )
        yield line, row


def _concepts(text: str, path: Path, mistakes: list[Mistake]) -> Iterator[Row]:
    yield from concepts(text, path, mistakes)


_ROWS = {"csv": _table, "tsv": _table, "json": _objects, "tbx": _concepts}


def _term(row: Mapping[str, str], where: str, scope: Scope, mistakes: list[Mistake]) -> Term | None:
    source, texts = "", dict[Language, str]()
    flags = {"exact": False, "kept": False}
    for name, cell in row.items():
        said = " ".join(cell.split())
        if name in _EXACT or name in _KEPT:
            low = said.casefold()
            if low not in _YES | _NO:
                mistakes.append(Mistake(where, f"{said!r} in {name}", "Write yes or no"))
            flags["exact" if name in _EXACT else "kept"] = low in _YES
        elif len(said) > LONGEST:
            if name not in _NOTE:
                mistakes.append(
                    Mistake(where, f"a term of {len(said)} characters", f"At most {LONGEST}")
                )
        elif name in _SOURCE:
            source = source or said
        elif said and (language := _language(name)) is not None:
            texts.setdefault(language, said)
    if not source and not texts:
        return None
    # Without a word of any language, it is called the same in all.
    kept = flags["kept"] or not texts
    return Term(source, tuple(texts.items()), kept, flags["exact"], where, scope)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _cell(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else "" if value is None else str(value)


def _is_known(name: str) -> bool:
    return name in _SOURCE | _NOTE | _EXACT | _KEPT or _language(name) is not None


def _language(name: str) -> Language | None:
    return language_of(name.replace("_", " ")) or language_of(name)


def _wrong(path: Path, what: str, cure: str) -> Glossary:
    return Glossary((), (Mistake(str(path), what, cure),))
