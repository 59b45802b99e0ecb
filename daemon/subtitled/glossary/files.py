"""Reading a glossary: CSV and TSV of spreadsheets, JSON, and TBX of translation tools.

The first line of a table names its columns. A column is named by its language (``en``, ``pt-BR``,
``German``) and holds the term in it. ``term`` holds the term in every language without a column.
``note`` is for people. ``case_sensitive`` and ``do_not_translate`` hold yes or no. JSON is a list
of objects with the same names.

A wrong line is skipped and reported. The rest of the file is used.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from subtitled.plugin import InputRejectedError, Language
from subtitled.plugin.limits import read_file
from subtitled.subtitles.encodings import decode_text
from subtitled.subtitles.language_tokens import parse_language_token

from .tbx import iter_concepts
from .terms import GlossaryIssue, Term, TermScope

EXTENSIONS = ("csv", "tsv", "json", "tbx")
MAX_FILE_BYTES = 8 * 1024 * 1024
"""The largest size of a glossary."""
MAX_TERMS = 20_000
"""The largest number of terms in a glossary."""
MAX_TERM_CHARS = 200
"""The largest length of a term in characters."""

_SOURCE_COLUMNS = frozenset({"term", "source", "word", "name"})
_NOTE_COLUMNS = frozenset({"note", "notes", "comment", "comments", "description"})
_CASE_SENSITIVE_COLUMNS = frozenset({"case_sensitive", "case"})
_DO_NOT_TRANSLATE_COLUMNS = frozenset({"do_not_translate", "keep"})
_TRUE_VALUES = frozenset({"yes", "y", "true", "1", "x"})
_FALSE_VALUES = frozenset({"no", "n", "false", "0", ""})


@dataclass(frozen=True, slots=True)
class GlossaryFile:
    """The terms of a file in order, and what is wrong in it."""

    terms: tuple[Term, ...] = ()
    issues: tuple[GlossaryIssue, ...] = ()


def read_glossary(path: Path, scope: TermScope) -> GlossaryFile:
    """Read a glossary. It raises nothing: errors are among the issues."""
    try:
        stat = path.stat()
        return _read_cached(path, scope, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _invalid_glossary(
            path, f"it cannot be read: {reason}", "Make it readable for the daemon's user"
        )


@lru_cache(maxsize=64)
def _read_cached(path: Path, scope: TermScope, mtime_ns: int, size: int) -> GlossaryFile:
    """Read a glossary once for each version of the file.

    Every job reads the global ones.
    """
    if size > MAX_FILE_BYTES:
        return _invalid_glossary(
            path, f"it is larger than {MAX_FILE_BYTES >> 20} MiB", "Split it by library"
        )
    try:
        return parse_glossary(decode_text(read_file(path, MAX_FILE_BYTES)), path, scope)
    except InputRejectedError as error:
        return _invalid_glossary(path, error.message, error.hint)


def parse_glossary(text: str, path: Path, scope: TermScope) -> GlossaryFile:
    """Parse a glossary.

    Args:
        text: The content of the file.
        path: The file. Its extension is the format, and its name the origin of each term.
        scope: The scope of its terms.

    Raises:
        InputRejectedError: The whole file is unusable.
    """
    ending = path.suffix.lower().lstrip(".")
    if ending not in EXTENSIONS:
        raise InputRejectedError(
            f"glossaries are not read from .{ending} files", f"Save it as {', '.join(EXTENSIONS)}"
        )
    issues: list[GlossaryIssue] = []
    terms: list[Term] = []
    rows = _ROW_READERS[ending](text, path, issues)
    for line, row in rows:
        if len(terms) == MAX_TERMS:
            issues.append(
                GlossaryIssue(
                    f"{path}:{line}",
                    f"more than {MAX_TERMS} terms; the rest is left out",
                    "Split it",
                )
            )
            break
        term = _term_from_row(row, f"{path}:{line}", scope, issues)
        if term is not None:
            terms.append(term)
    return GlossaryFile(tuple(terms), tuple(issues))


Row = tuple[int, Mapping[str, str]]
"""The number of a line, and its cells by the names of their columns."""


def _read_table(text: str, path: Path, issues: list[GlossaryIssue]) -> Iterator[Row]:
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
                    names = _read_header(cells, f"{path}:{line}", issues)
            line = reader.line_num + 1
    except csv.Error as error:
        issues.append(
            GlossaryIssue(f"{path}:{line}", f"it is not a table: {error}", "Save it again")
        )


def _read_header(cells: list[str], location: str, issues: list[GlossaryIssue]) -> list[str]:
    """Return the names of the columns.

    Raises:
        InputRejectedError: No column holds terms.
    """
    names = [_normalised_column(cell) for cell in cells]
    if not any(name in _SOURCE_COLUMNS or _column_language(name) for name in names):
        raise InputRejectedError(
            "the first line names no column that holds terms",
            "Write a first line such as: term,es,note",
        )
    for name in names:
        if name and not _is_known_column(name):
            issues.append(
                GlossaryIssue(
                    location,
                    f"the column {name!r} is neither a language nor term, note, case_sensitive or "
                    "do_not_translate; it is left out",
                    "Name it after the language that it is in, such as es",
                )
            )
    return names


def _read_json_objects(text: str, path: Path, issues: list[GlossaryIssue]) -> Iterator[Row]:
    """Yield the objects of a JSON list, each with the line it begins on."""
    decoder, at = json.JSONDecoder(), len(text) - len(text.lstrip())
    reported_keys: set[str] = set()
    if text[at : at + 1] != "[":
        raise InputRejectedError(
            "the JSON is not a list", 'Write [{"term": "Mordor"}, {"en": "dragon", "es": "dragón"}]'
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
            issues.append(
                GlossaryIssue(
                    f"{path}:{line}", f"broken JSON: {reason}; the rest is left out", "Correct it"
                )
            )
            return
        if not isinstance(value, dict):
            issues.append(
                GlossaryIssue(
                    f"{path}:{line}", "it is not an object", 'Write one such as {"term": "Mordor"}'
                )
            )
            continue
        row = {_normalised_column(str(key)): _clean_cell(cell) for key, cell in value.items()}
        for name in row.keys() - reported_keys:
            if not _is_known_column(name):
                reported_keys.add(name)
                issues.append(
                    GlossaryIssue(
                        f"{path}:{line}",
                        f"{name!r} is neither a language nor a key of glossaries",
                        "Name it after the language that it is in, such as es",
                    )
                )
        yield line, row


def _read_tbx_concepts(text: str, path: Path, issues: list[GlossaryIssue]) -> Iterator[Row]:
    yield from iter_concepts(text, path, issues)


_ROW_READERS = {
    "csv": _read_table,
    "tsv": _read_table,
    "json": _read_json_objects,
    "tbx": _read_tbx_concepts,
}


def _term_from_row(
    row: Mapping[str, str], location: str, scope: TermScope, issues: list[GlossaryIssue]
) -> Term | None:
    source, texts = "", dict[Language, str]()
    flags = {"case_sensitive": False, "do_not_translate": False}
    for name, cell in row.items():
        text = " ".join(cell.split())
        if name in _CASE_SENSITIVE_COLUMNS or name in _DO_NOT_TRANSLATE_COLUMNS:
            value = text.casefold()
            if value not in _TRUE_VALUES | _FALSE_VALUES:
                issues.append(GlossaryIssue(location, f"{text!r} in {name}", "Write yes or no"))
            flags["case_sensitive" if name in _CASE_SENSITIVE_COLUMNS else "do_not_translate"] = (
                value in _TRUE_VALUES
            )
        elif len(text) > MAX_TERM_CHARS:
            if name not in _NOTE_COLUMNS:
                issues.append(
                    GlossaryIssue(
                        location, f"a term of {len(text)} characters", f"At most {MAX_TERM_CHARS}"
                    )
                )
        elif name in _SOURCE_COLUMNS:
            source = source or text
        elif text and (language := _column_language(name)) is not None:
            texts.setdefault(language, text)
    if not source and not texts:
        return None
    # A term without a text in any language is the same in all of them.
    do_not_translate = flags["do_not_translate"] or not texts
    return Term(
        source=source,
        translations=tuple(texts.items()),
        do_not_translate=do_not_translate,
        is_case_sensitive=flags["case_sensitive"],
        origin=location,
        scope=scope,
    )


def _normalised_column(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _clean_cell(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else "" if value is None else str(value)


def _is_known_column(name: str) -> bool:
    return (
        name
        in _SOURCE_COLUMNS | _NOTE_COLUMNS | _CASE_SENSITIVE_COLUMNS | _DO_NOT_TRANSLATE_COLUMNS
        or _column_language(name) is not None
    )


def _column_language(name: str) -> Language | None:
    return parse_language_token(name.replace("_", " ")) or parse_language_token(name)


def _invalid_glossary(path: Path, message: str, hint: str) -> GlossaryFile:
    return GlossaryFile((), (GlossaryIssue(str(path), message, hint),))
