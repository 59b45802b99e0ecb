"""What chat models answer, read with forgiveness: fences, thoughts, and answers cut off."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import from_json

_THOUGHTS = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)


def parse_message(payload: dict[str, Any]) -> tuple[str | None, str]:
    """The text of the first choice, and why it ended; None for what is no chat completion."""
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
    """What a model says after it has thought aloud."""
    text = _THOUGHTS.sub("", text)
    # A server may give the end of the thoughts only.
    return text.rpartition("</think>")[2].strip()


def parse_lines(text: str) -> list[tuple[int, str]]:
    """Pairs of id and text, as they stand in the answer; of one that was cut off, the whole ones.

    An id that is there twice is there twice. Whatever is no such answer gives none.
    """
    text = strip_thinking(text)
    start = text.find("{")
    if start < 0:
        return []
    try:
        pairs, _ = json.JSONDecoder(object_pairs_hook=_Pairs).raw_decode(text, start)
    except ValueError:
        pairs = _parse_truncated(text[start:])
    if len(pairs) == 1 and isinstance(pairs[0][1], list | _Pairs):
        pairs = _Pairs(pairs[0][1])  # {"lines": {...}}
    lines = []
    for pair in pairs:
        if isinstance(pair, tuple) and len(pair) == 2:
            number, line = pair
            if str(number).strip().isdecimal() and isinstance(line, str):
                lines.append((int(number), line))
    return lines


class _Pairs(list[Any]):
    """A JSON object as its pairs, with those that have the same key."""


def _parse_truncated(text: str) -> _Pairs:
    try:
        payload = from_json(text, allow_partial=True)
    except ValueError:
        return _Pairs()
    return _Pairs(payload.items()) if isinstance(payload, dict) else _Pairs()
