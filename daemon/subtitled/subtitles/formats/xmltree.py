"""Parsing untrusted XML: without entities, so that a small file cannot become a large one."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from subtitled.plugin import InputRejectedError

MAX_DEPTH = 100
"""Deepest nesting of elements. No subtitle file has more."""


def parse_xml(text: str) -> Element:
    """Parse XML and return the root element. Names are ``{namespace}name``.

    Raises:
        InputRejectedError: The text is not well-formed, or has a document type, which could declare
            entities.
    """
    parser = DefusedXMLParser(target=_Shallow(), forbid_dtd=True)
    try:
        parser.feed(text)
        root: Element = parser.close()
    except ParseError as error:
        raise InputRejectedError(f"broken XML: {error}", "Check it with an editor") from error
    except DTDForbidden:
        raise InputRejectedError(
            "the XML has a document type, which no subtitle file needs", "Remove its DOCTYPE"
        ) from None
    return root


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
