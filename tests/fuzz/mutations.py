"""Breaking valid inputs: a strategy of hypothesis that draws a sample and what is done to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

MAX_BYTES = 200_000
"""Largest input. What costs too much at this size costs minutes at ten times of it."""
TOKENS = (
    b"[", b"]", b"{", b"}", b"<", b">", b"(", b")", b"<!--", b"-->", b"&", b"&amp;", b"&#x0;", b'"',
    b"\\", b"\\u0000", b"\\ud800", b"\n", b"\r", b"\r\n\r\n", b"\0", b"\x1b[2J", b"\xff\xfe",
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "\u2028\u200f\u202e".encode(),
    "\U0001f1ea\U0001f1f8".encode(), "a\u0301".encode(), "ﬁ\u0130ß".encode(), b" ", b"\t",
    b"0", b"-1", b"1e999", b"NaN", b"99999999999999999999", b"00:00:00,000 --> 00:00:00,000\n",
    b"[99:99.99]", b"{1}{2}", b"null", b"true", b"[]", b"{}", b"..", b"/", b"../", b"%s%n",
    b"<![CDATA[", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"<i>", b"</i>", b"{\\p1}", b"-", b":",
    b"(a", b"MAN: ", b", ", b"=", b";", b"|", b"'", b"#", b"\xe2\x99\xaa",
)  # fmt: skip
Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def _cut(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    first, last = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:first] + data[last:]


def _truncate(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _insert(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(TOKENS) + data[place:]


def _repeat_token(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    place, token = chance.randrange(len(data) + 1), chance.choice(TOKENS)
    count = chance.choice((3, 20, 70, 300, 2000, 2000, 20_000, 100_000))
    return data[:place] + token * min(count, MAX_BYTES // len(token)) + data[place:]


def _repeat_part(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    first, last = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    part = data[first : min(last, first + 200)]
    count = chance.choice((2, 5, 30, 300, 3000))
    return data[:first] + part * min(count, MAX_BYTES // max(1, len(part))) + data[first:]


def _flip(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8)) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _splice(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    other = chance.choice(corpus)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _change_number(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    places = [place for place, byte in enumerate(data) if 48 <= byte <= 57]
    if not places:
        return data
    place = chance.choice(places)
    numbers = (b"0", b"-1", b"1e999", b"4294967296", b"9" * 400, b"0.1", b'"x"', b"\xd9\xa3")
    return data[:place] + chance.choice(numbers) + data[place + 1 :]


def _change_value(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """Replace what stands between two quotation marks by a value of another type."""
    parts = data.split(b'"')
    if len(parts) < 3:
        return data
    place = chance.randrange(1, len(parts) - 1)
    values = (b"", b"\\ud800", b"x" * 5000, b"\\u0000", b"../..", b"Z" * 40, b"\\\\")
    parts[place] = chance.choice(values)
    return b'"'.join(parts)


MUTATIONS: tuple[Mutation, ...] = (
    _cut, _truncate, _insert, _insert, _repeat_token, _repeat_part, _flip, _splice, _change_number,
    _change_value,
)  # fmt: skip


def mutated(corpus: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy of broken variants of some valid inputs.

    Args:
        corpus: The valid inputs.
    """
    return st.builds(
        lambda sample, steps: _apply(sample, steps, corpus),
        st.sampled_from(list(corpus)),
        st.lists(st.tuples(st.integers(0, len(MUTATIONS) - 1), st.integers(0, 2**32)), max_size=6),
    )


def _apply(data: bytes, steps: list[tuple[int, int]], corpus: Sequence[bytes]) -> bytes:
    for number, seed in steps:
        data = MUTATIONS[number](random.Random(seed), data, corpus)[:MAX_BYTES]
    return data
