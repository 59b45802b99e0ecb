"""TBX, the exchange format for terminology (ISO 30042), versions 2 and 3, as rows of a glossary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element

from subtitled.plugin import Language
from subtitled.subtitles.formats.xmltree import parse_xml

from .terms import GlossaryIssue

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^<>\[\]]*>")
"""A declaration that only names a file, as in version 2. The file is not read."""
_ENTRY_TAGS = frozenset({"termEntry", "conceptEntry"})
_LANGUAGE_TAGS = frozenset({"langSet", "langSec"})
_TERM_TAGS = frozenset({"tig", "ntig", "termSec"})
_OUTDATED_STATUSES = ("deprecated", "superseded", "obsolete")


def iter_concepts(
    text: str, path: Path, issues: list[GlossaryIssue]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield each concept as the line it begins on and its terms by language tag.

    Of several terms in a language, the first one that is not marked as outdated counts.

    Raises:
        InputRejectedError: The text is not XML, or not safe XML.
    """
    # Blanks of the same length keep the line numbers right.
    plain = _DOCTYPE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text, count=1)
    root = parse_xml(plain)
    begins = re.finditer(r"<(?:\w+:)?(?:termEntry|conceptEntry)[\s>/]", plain)
    entries = (element for element in root.iter() if _local_name(element) in _ENTRY_TAGS)
    line, at, unknown = 1, 0, set[str]()
    for entry, begin in zip(entries, begins, strict=False):
        line, at = line + plain.count("\n", at, begin.start()), begin.start()
        row: dict[str, str] = {}
        for section in entry:
            if _local_name(section) not in _LANGUAGE_TAGS:
                continue
            tag = section.get(_XML_LANG, section.get("lang", ""))
            try:
                language = Language(tag)
            except ValueError:
                if tag not in unknown:
                    unknown.add(tag)
                    message = (
                        f"{tag!r} is not a language tag" if tag else "a language set has no tag"
                    )
                    hint = "Write xml:lang with a tag such as en, es or pt-BR"
                    issues.append(GlossaryIssue(f"{path}:{line}", message, hint))
                continue
            term = _term_text(section)
            if term:
                row.setdefault(language, term)
        yield line, row


def _term_text(section: Element) -> str:
    for group in section:
        if _local_name(group) not in _TERM_TAGS or _is_outdated(group):
            continue
        for element in group.iter():
            if _local_name(element) == "term":
                return " ".join("".join(element.itertext()).split())
    return ""


def _is_outdated(group: Element) -> bool:
    return any(
        _local_name(note) == "termNote"
        and note.get("type") == "administrativeStatus"
        and (note.text or "").strip().startswith(_OUTDATED_STATUSES)
        for note in group.iter()
    )


def _local_name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
