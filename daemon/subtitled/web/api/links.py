"""Links of the description: which value of an answer another request takes.

Programs that make clients or tests from the description follow them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AnswerLink:
    """One link."""

    source: str
    """The operation whose answer has the value."""
    target: str
    """The operation that takes it."""
    parameter: str
    value: str
    """Where the value is, as a runtime expression of OpenAPI."""


_FIRST_ITEM = "$response.body#/items/0/id"
_OF_FILES = ("show_file", "list_subtitles", "show_file_history", "look_at_file", "act_on_file")

_OF_REVIEWS = (
    "read_review",
    "export_review",
    "list_operations",
    "list_cues",
    "read_cue",
    "preview",
    "edit_review",
    "undo_edit",
    "redo_edit",
    "judge_cue",
    "unlock",
    "take_review",
    "release_review",
)

LINKS: tuple[AnswerLink, ...] = (
    *(AnswerLink("list_files", target, "file_id", _FIRST_ITEM) for target in _OF_FILES),
    *(AnswerLink("look_up", target, "file_id", "$response.body#/id") for target in _OF_FILES),
    AnswerLink("list_queue", "act_on_file", "file_id", _FIRST_ITEM),
    AnswerLink("list_files", "list_files", "after", "$response.body#/next"),
    AnswerLink("list_files", "show_plan", "file", _FIRST_ITEM),
    AnswerLink("list_queue", "list_queue", "after", "$response.body#/next"),
    AnswerLink("show_history", "show_history", "after", "$response.body#/next"),
    AnswerLink("show_history", "show_file", "file_id", "$response.body#/items/0/file_id"),
    AnswerLink("list_subtitles", "read_text", "subtitle_id", _FIRST_ITEM),
    AnswerLink("list_files", "undo_sidecars", "file_id", _FIRST_ITEM),
    AnswerLink("list_files", "tell_of_file", "file_id", _FIRST_ITEM),
    AnswerLink("list_libraries", "show_origins", "library", "$response.body#/items/0/name"),
    AnswerLink("list_subtitles", "open_review", "subtitle_id", _FIRST_ITEM),
    *(AnswerLink("list_all_reviews", target, "review_id", _FIRST_ITEM) for target in _OF_REVIEWS),
    AnswerLink("list_all_reviews", "list_all_reviews", "after", "$response.body#/next"),
    AnswerLink("read_review", "edit_review", "If-Match", "$response.body#/etag"),
    AnswerLink("read_review", "judge_cue", "cue", "$response.body#/cues/0/id"),
    AnswerLink("read_review", "preview", "If-Match", "$response.body#/etag"),
    AnswerLink("list_cues", "read_cue", "cue", "$response.body#/cues/0/id"),
    AnswerLink("list_libraries", "show_coverage", "library", "$response.body#/items/0/name"),
    AnswerLink("list_libraries", "list_files", "library", "$response.body#/items/0/name"),
    AnswerLink("pause", "resume", "library", "$request.body#/library"),
    AnswerLink("act_on_file", "show_file", "file_id", "$request.path.file_id"),
)


class LinkWithoutOperationError(Exception):
    """Raised if a link names what the description lacks. It is a fault of the program."""


def add_links(description: dict[str, Any], links: tuple[AnswerLink, ...] = LINKS) -> None:
    """Add the links to the answers of a description.

    Raises:
        LinkWithoutOperationError: One names an operation or a parameter that does not exist.
    """
    operations: Mapping[str, dict[str, Any]] = {
        operation["operationId"]: operation
        for methods in description["paths"].values()
        for operation in methods.values()
    }
    for link in links:
        source, target = operations.get(link.source), operations.get(link.target)
        names = [one["name"] for one in (target or {}).get("parameters", ())]
        if source is None or link.parameter not in names:
            raise LinkWithoutOperationError(f"{link.source} to {link.target} by {link.parameter}")
        (status,) = (one for one in source["responses"] if one.startswith("2"))
        added = source["responses"][status].setdefault("links", {})
        name = f"{link.target}_by_{link.parameter}"
        added[name] = {"operationId": link.target, "parameters": {link.parameter: link.value}}
