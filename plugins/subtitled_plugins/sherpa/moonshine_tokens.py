"""The vocabulary of Moonshine as its package has it, in the form that sherpa-onnx reads."""

from __future__ import annotations

import base64
from pathlib import Path

from subtitled.plugin import SetupError

_LONG = 0x80
"""From this value on, a length has a second byte."""


def convert_tokenizer(source: Path, target: Path) -> None:
    """Write ``tokens.txt`` from ``tokenizer.bin``.

    Args:
        source: Each token with its length in front: one byte, or two for 128 and more.
        target: Is written: each token in Base64 and its number, one in a line.

    Raises:
        SetupError: The source is cut off or is something else.
    """
    tokens = _read_tokens(source.read_bytes())
    if not tokens:
        raise SetupError(f"{source} is no vocabulary of Moonshine", "Download the model again")
    target.write_bytes(
        b"".join(base64.b64encode(token) + b" %d\n" % number for number, token in enumerate(tokens))
    )


def _read_tokens(content: bytes) -> list[bytes]:
    """Return the tokens, none if a length leads beyond the end."""
    tokens: list[bytes] = []
    position = 0
    while position < len(content):
        length = content[position]
        position += 1
        if length >= _LONG and position < len(content):
            length += content[position] * _LONG - _LONG
            position += 1
        if position + length > len(content):
            return []
        tokens.append(content[position : position + length])
        position += length
    return tokens
