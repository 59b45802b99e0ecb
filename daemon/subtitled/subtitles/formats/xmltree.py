"""Parsing untrusted XML: without entities, so that a small file cannot become a large one."""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from subtitled.plugin import InputRejectedError

MAX_DEPTH = 100
"""Deepest nesting of elements. No subtitle file has more."""

_REFERENCE = re.compile(
    r"&(?:(?P<known>amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});"
    r"|(?P<name>[A-Za-z][A-Za-z0-9]{1,31});)?"
)
_ROOT = re.compile(r"<([A-Za-z][\w:.-]{0,60})")
_OPEN_BREAK = re.compile(r"<((?:[A-Za-z]\w{0,20}:)?br)\s{0,9}>")
_CLOSED_BREAK = re.compile(r"</(?:[A-Za-z]\w{0,20}:)?br\s{0,9}>")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_xml(text: str) -> Element:
    """Parse XML and return the root element. Names are ``{namespace}name``.

    An ampersand that is not escaped stands for itself, names of HTML such as ``&nbsp;`` for their
    character, and characters that XML forbids are left out. So is what stands behind the document.
    A ``<br>`` need not be closed.

    Raises:
        InputRejectedError: The text is not well-formed, or has a document type, which could declare
            entities.
    """
    try:
        return _parse(text)
    except ParseError as error:
        first_error = error
    repaired = _NOT_XML.sub("", _REFERENCE.sub(_repair_reference, text))
    repaired = _cut_behind_root(repaired)
    if not _CLOSED_BREAK.search(repaired):
        repaired = _OPEN_BREAK.sub(r"<\1/>", repaired)
    try:
        return _parse(repaired)
    except ParseError:
        raise InputRejectedError(
            f"broken XML: {first_error}", "Check it with an editor"
        ) from first_error


def _parse(text: str) -> Element:
    parser = DefusedXMLParser(target=_Shallow(), forbid_dtd=True)
    try:
        parser.feed(text)
        root: Element = parser.close()
    except DTDForbidden:
        raise InputRejectedError(
            "the XML has a document type, which no subtitle file needs", "Remove its DOCTYPE"
        ) from None
    return root


def _cut_behind_root(text: str) -> str:
    """Return the text up to the end of the element that it begins with."""
    root = _ROOT.search(text)
    end = text.find(f"</{root[1]}>") if root else -1
    return text[: end + len(root[1]) + 3] if root and end >= 0 else text


def _repair_reference(match: re.Match[str]) -> str:
    if match["known"] is not None:
        stands_for = html.unescape(match[0])
        return match[0] if stands_for and not _NOT_XML.match(stands_for) else ""
    if match["name"] is None:
        return "&amp;"
    character = html.unescape(match[0])
    return f"&amp;{match['name']};" if character == match[0] else html.escape(character)


class _Shallow(TreeBuilder):
    """A tree builder that rejects a tree that is too deep."""

    _depth = 0

    def start(self, *args: Any) -> Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise InputRejectedError("the XML is nested too deeply", "Check what the file is")
        return super().start(*args)

    def end(self, *args: Any) -> Element:
        self._depth -= 1
        return super().end(*args)
