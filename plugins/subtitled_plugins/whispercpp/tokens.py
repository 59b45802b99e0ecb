"""Words from the tokens of whisper.cpp, which may be parts of letters."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from subtitled.plugin import TimeSpan, Word

MAX_TOKEN_SECONDS = 0.4
"""Seconds for which a token lasts at most."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Letters of Chinese and Japanese, which are written without spaces."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it was recognised."""

    content: bytes
    """Its text in UTF-8, which may end inside a letter."""
    start: float
    """When it begins, in seconds of the audio that was recognised."""
    end: float
    """When it ends, as far as that is known."""
    logprob: float
    """The natural logarithm of its probability."""


def build_words(tokens: Iterable[Token], span: TimeSpan) -> list[Word]:
    """Join tokens into words.

    Args:
        tokens: The tokens of the text in order.
        span: The audio that was recognised, in seconds of the track.

    Returns:
        The words in order, inside ``span``.
    """
    groups = _group_words(_join_letters(tokens))
    words: list[Word] = []
    for number, group in enumerate(groups):
        text = "".join(token.content.decode("utf-8", "replace") for token in group)
        following = groups[number + 1][0].start if number + 1 < len(groups) else span.duration
        last = _last_spoken(group)
        end = last.end if last.end > last.start else last.start + MAX_TOKEN_SECONDS
        end = min(end, following)
        words.append(
            Word(
                text=text,
                start=_clamp(span.start + group[0].start, span),
                end=_clamp(span.start + max(end, group[0].start), span),
                confidence=math.exp(min(0.0, sum(t.logprob for t in group) / len(group))),
            )
        )
    return words


def _join_letters(tokens: Iterable[Token]) -> list[Token]:
    """Join tokens that are parts of one letter."""
    whole: list[Token] = []
    is_open = False
    for token in tokens:
        if is_open:
            first = whole.pop()
            token = Token(first.content + token.content, first.start, token.end, token.logprob)
        whole.append(token)
        try:
            token.content.decode()
            is_open = False
        except UnicodeDecodeError as error:
            is_open = error.reason == "unexpected end of data"
    return whole


def _group_words(tokens: Sequence[Token]) -> list[list[Token]]:
    """Group the tokens of each word. A word has its space in front and its punctuation behind."""
    groups: list[list[Token]] = []
    before = " "
    for token in tokens:
        text = token.content.decode("utf-8", "replace")
        if not text:
            continue
        if not groups or _begins_word(text, before):
            groups.append([token])
        else:
            groups[-1].append(token)
        before = text
    return groups


def _last_spoken(group: Sequence[Token]) -> Token:
    """Return the last token of a word that is no punctuation: that has a time, but no sound."""
    for token in reversed(group):
        if any(letter.isalnum() for letter in token.content.decode("utf-8", "replace")):
            return token
    return group[0]


def _begins_word(text: str, before: str) -> bool:
    """Decide whether a token begins a word, by the token before it."""
    if text[0].isspace() or _UNSPACED.match(text):
        return True
    return text[0].isalnum() and _UNSPACED.match(before[-1]) is not None


def _clamp(time: float, span: TimeSpan) -> float:
    return min(max(time, span.start), span.end)
