"""Parsing the output of chat models: code fences, reasoning, and truncated JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import from_json

from subtitled.plugin.limits import clean_text

_THOUGHT_TAG = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)
MAX_ANSWER_CHARS = 1_000_000
"""Characters of an answer that are read. The longest batch has a few thousand."""


def parse_message(payload: dict[str, Any]) -> tuple[str | None, str]:
    """Read a chat completion.

    Args:
        payload: The parsed response.

    Returns:
        The text of the first choice and its finish reason. The text is None if the response is no
        chat completion, and the reason is ``content_filter`` for a refusal.
    """
    choices = payload.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        return None, ""
    if message.get("refusal"):
        return "", "content_filter"
    content = message.get("content")
    return content if isinstance(content, str) else "", str(first.get("finish_reason") or "")


def strip_thinking(text: str) -> str:
    """Remove the reasoning in front of the answer."""
    text = _remove_thoughts(clean_text(text, MAX_ANSWER_CHARS))
    # Some servers send the closing tag only.
    return text.rpartition("</think>")[2].strip()


def _remove_thoughts(text: str) -> str:
    """Remove each pair of tags with what is between. A tag without its partner stays."""
    parts: list[str] = []
    done, opened_at = 0, None
    for match in _THOUGHT_TAG.finditer(text):
        if not match[1]:
            opened_at = match.start() if opened_at is None else opened_at
        elif opened_at is not None:
            parts.append(text[done:opened_at])
            done, opened_at = match.end(), None
    return "".join([*parts, text[done:]])


def parse_lines(text: str) -> list[tuple[int, str]]:
    """Parse a JSON object of id and text.

    Args:
        text: The output of the model. Text around the object is ignored.

    Returns:
        Pairs of id and text, in order, duplicates included. The complete pairs if the object is
        truncated. Empty if there is no object.
    """
    text = strip_thinking(text)
    start = text.find("{")
    if start < 0:
        return []
    try:
        pairs, _ = json.JSONDecoder(object_pairs_hook=_Pairs).raw_decode(text, start)
    except (ValueError, RecursionError):
        pairs = _parse_truncated(text[start:])
    if len(pairs) == 1 and isinstance(pairs[0][1], list | _Pairs):
        pairs = _Pairs(pairs[0][1])  # {"lines": {...}}
    lines = []
    for pair in pairs:
        if isinstance(pair, tuple) and len(pair) == 2:
            number, line = pair
            if isinstance(line, str) and len(str(number)) < 20 and str(number).strip().isdecimal():
                lines.append((int(number), line))
    return lines


class _Pairs(list[Any]):
    """A JSON object as a list of pairs, which keeps duplicate keys."""


def _parse_truncated(text: str) -> _Pairs:
    try:
        payload = from_json(text, allow_partial=True)
    except ValueError:
        return _Pairs()
    return _Pairs(payload.items()) if isinstance(payload, dict) else _Pairs()
