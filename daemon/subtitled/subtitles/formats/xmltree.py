"""XML of strangers as a tree: without entities, so that no small file becomes a large one."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from subtitled.plugin import InputRejectedError

MAX_DEPTH = 100
"""Elements inside one another; no subtitle file has more."""


def parse_xml(text: str) -> Element:
    """The root element; names are ``{namespace}name``.

    Raises :class:`InputRejectedError` for what is not well-formed, and for a document type: only
    that could declare entities.
    """
    parser = DefusedXMLParser(target=_Shallow(), forbid_dtd=True)
    try:
        parser.feed(text)
        root: Element = parser.close()
    except ParseError as error:
        raise InputRejectedError(f"broken XML: {error}", "Look at it with an editor") from error
    except DTDForbidden:
        raise InputRejectedError(
            "the XML has a document type, which no subtitle file needs", "Remove its DOCTYPE"
        ) from None
    return root


class _Shallow(TreeBuilder):
    """Refuses a tree that is too deep."""

    _depth = 0

    def start(self, *args: Any) -> Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise InputRejectedError("the XML is nested too deeply", "Look what the file is")
        return super().start(*args)

    def end(self, *args: Any) -> Element:
        self._depth -= 1
        return super().end(*args)
