"""The words of a text, with times that follow from those of its tokens."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Sequence

from subtitled.plugin import TimeSpan, Word

MAX_TOKEN_SECONDS = 0.4
"""Seconds for which a token lasts at most. Its time is when it begins."""
_MARKERS = re.compile("[\\s\N{LOWER ONE EIGHTH BLOCK}]")
"""White space, and the sign that stands for it in a token."""
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Letters of Chinese and Japanese, which are written without spaces."""
_WORDS = re.compile(rf"\s*(?:[{_UNSPACED}]|[^\s{_UNSPACED}]+)[、。！？，．；：…,.!?;:]*")
"""A word with the space in front and the punctuation behind it. A letter without spaces is one."""


def place_words(
    text: str, tokens: Sequence[str], starts: Sequence[float], span: TimeSpan
) -> list[Word]:
    """Give each word of a text the times of its tokens.

    Tokens and text may be written differently, as when numbers are written in digits: then places
    in the one correspond to places in the other by their share of the letters.

    Args:
        text: What was recognised.
        tokens: Its tokens.
        starts: When each of them begins, in seconds from the beginning of ``span``.
        span: The audio that was recognised, in seconds of the track.

    Returns:
        The words in order, inside ``span``.
    """
    pieces = [piece for piece in _WORDS.findall(text) if piece.strip()]
    lengths = [len(_MARKERS.sub("", token)) for token in tokens[: len(starts)]]
    token_ends = list(itertools.accumulate(lengths))
    letters = sum(len(_MARKERS.sub("", piece)) for piece in pieces)
    if not letters or not token_ends or not token_ends[-1]:
        return []
    scale = token_ends[-1] / letters
    words: list[Word] = []
    position = 0
    for piece in pieces:
        first = _token_at(token_ends, position * scale)
        position += len(_MARKERS.sub("", piece))
        last = _token_at(token_ends, position * scale - 1e-6)
        following = starts[last + 1] if last + 1 < len(lengths) else span.duration
        end = min(following, starts[last] + MAX_TOKEN_SECONDS)
        start = min(span.start + starts[first], span.end)
        words.append(
            Word(
                text=piece if words else join_texts(piece),
                start=start,
                end=min(max(span.start + end, start), span.end),
            )
        )
    return words


def _token_at(token_ends: Sequence[float], position: float) -> int:
    """Return the token that has a place in the letters of all tokens."""
    return min(bisect.bisect_right(token_ends, position), len(token_ends) - 1)


def join_texts(text: str) -> str:
    """Return a text as it follows another one: with a space in front, where its script has any."""
    text = text.strip()
    return text if re.match(f"[{_UNSPACED}]", text) else f" {text}"
