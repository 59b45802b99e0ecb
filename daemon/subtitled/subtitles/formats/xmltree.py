"""XML of strangers as a tree: without entities, so that no small file becomes a large one."""

from __future__ import annotations

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from subtitled.plugin import Rejected

DEEPEST = 100
"""Elements inside one another; no subtitle file has more."""


def parse(text: str) -> Element:
    """The root element; names are ``{namespace}name``.

    Raises :class:`Rejected` for what is not well-formed, and for a document type: only that could
    declare entities.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise Rejected("the XML is nested too deeply", "Look what the file is")
        builder.start(_named(name), {_named(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_named(name))

    def doctype(*_: object) -> NoReturn:
        raise Rejected(
            "the XML has a document type, which no subtitle file needs", "Remove its DOCTYPE"
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise Rejected(f"broken XML: {error}", "Look at it with an editor") from error
    return builder.close()


def _named(name: str) -> str:
    return f"{{{name}" if "}" in name else name
