"""Limits of everything that is read from outside: files, attributes, tags, answers, requests.

The author of an input may be careless or hostile. A reader takes the bytes with a limit on their
number, the JSON with a limit on its depth, and each field by the type, length and range that it
must have. What breaks a limit of the whole input raises :class:`LimitExceededError`. A field that
is not what it should be counts as missing.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .errors import InputRejectedError

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Largest answer of a server. A page of a thousand films is about two megabytes."""
MAX_WIRE_BYTES = 64 * 1024 * 1024
"""Largest message between the daemon and an engine process. An hour of words is a megabyte."""
MAX_ATTRIBUTE_BYTES = 64 * 1024
"""Largest extended attribute, which is what Linux keeps."""
MAX_RECORD_BYTES = 4 * 1024 * 1024
"""Largest record of a state folder, such as a signature or a list of models."""
MAX_DEPTH = 64
"""Deepest nesting of a JSON document. What the project and its servers write has less than 12."""
MAX_ITEMS = 100_000
"""Most items of a list that are looked at."""
MAX_PEOPLE = 500
"""Most people of a film that are looked at."""
YEARS = (1870, 2200)
"""Range of the year of a film."""
MAX_FIELD_CHARACTERS = 4096
"""Longest text of one field, such as a title or a language."""
MAX_OUTPUT_CHARACTERS = 2_000_000
"""Longest text that a language model may write, in characters."""
MAX_PATH_BYTES = 4096
"""Longest path of Linux in bytes, including the terminating zero."""
MAX_NUMBER_CHARACTERS = 32
"""Longest number that is written as text."""
MAX_SECONDS = 200 * 3600.0
"""Longest medium that is believed: the longest audiobooks have about 150 hours."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\(?:.|\Z))*+(?:"|\Z)', re.DOTALL)
_NOT_A_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_IDENTIFIER = re.compile("[0-9A-Za-z_-]{1,128}")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class LimitExceededError(ValueError):
    """An input that is larger, deeper or longer than a limit allows. The message says which."""


def check_size(size: int, limit: int, name: str = "it") -> None:
    """Check the size of an input.

    Args:
        size: The size in bytes.
        limit: The most bytes.
        name: What it is, for the message.

    Raises:
        LimitExceededError: It is larger than the limit.
    """
    if size > limit:
        raise LimitExceededError(f"{name} has {size} bytes, and {limit} are read at most")


def parse_json(
    payload: bytes | bytearray | str,
    max_bytes: int = MAX_ANSWER_BYTES,
    max_depth: int = MAX_DEPTH,
) -> Any:
    """Parse JSON within limits. The cost is linear in the size, whatever the bytes are.

    Numbers that are not finite (``1e999``, ``NaN``) become None.

    Args:
        payload: The document.
        max_bytes: The most bytes or characters.
        max_depth: The deepest nesting.

    Returns:
        The parsed document. Texts in it may have surrogates: see :func:`clean_text`.

    Raises:
        LimitExceededError: It is too large or nested too deeply.
        ValueError: It is no JSON.
    """
    check_size(len(payload), max_bytes, "the JSON")
    encoded = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    _check_depth(bytes(encoded), max_depth)
    try:
        return json.loads(payload, parse_float=_parse_finite, parse_constant=lambda name: None)
    except RecursionError:  # a document of less depth than the limit, far down the stack
        raise LimitExceededError("the JSON is nested too deeply") from None


def _check_depth(payload: bytes, max_depth: int) -> None:
    """Raise an error if brackets outside of texts are nested too deeply."""
    if b"\x00" in payload[:4]:  # UTF-16 or UTF-32, which json.loads reads as well
        payload = payload.replace(b"\x00", b"")
    if payload.count(b"[") + payload.count(b"{") <= max_depth:
        return
    brackets = _STRING.sub(b"", payload).translate(None, _NOT_A_BRACKET)
    # Each pass removes the innermost level, so the passes count the levels.
    for _ in range(max_depth):
        reduced = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not reduced:
            return
        if len(reduced) == len(brackets):
            raise LimitExceededError("the JSON has brackets that do not match")
        brackets = reduced
    raise LimitExceededError(f"the JSON is nested deeper than {max_depth} levels")


def _parse_finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def clean_text(value: object, max_characters: int = MAX_FIELD_CHARACTERS, default: str = "") -> str:
    """Read a text of one field.

    Args:
        value: The value of the field.
        max_characters: The longest text. A longer one is cut.
        default: What any other type counts as.

    Returns:
        The text without control characters. Surrogates, which cannot be stored or printed, become
        U+FFFD.
    """
    if not isinstance(value, str):
        return default
    return _UNWANTED.sub(
        lambda match: "\ufffd" if "\ud800" <= match[0] <= "\udfff" else " ",
        value[:max_characters],
    )


def read_path(value: object) -> str | None:
    """Read the path of one field.

    Args:
        value: The value of the field.

    Returns:
        The path as it is. None for another type, a blank text, a zero character, half of a
        surrogate pair, or a path that is longer than Linux allows.
    """
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        return None
    if len(value) >= MAX_PATH_BYTES:
        return None
    try:
        return value if len(os.fsencode(value)) < MAX_PATH_BYTES else None
    except UnicodeEncodeError:
        return None


def read_identifier(value: object) -> str | None:
    """Read an id of one field, which becomes part of an address.

    Args:
        value: The value of the field: a text, or a whole number.

    Returns:
        The id. None unless it is 1 to 128 letters, digits, dashes and underlines.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and _IDENTIFIER.fullmatch(text) else None


def read_number(value: object, low: float, high: float) -> float | None:
    """Read a number of one field, which may be written as text.

    Args:
        value: The value of the field.
        low: The smallest number.
        high: The largest number.

    Returns:
        The number, or None for another type, what is not finite, or what is out of range.
    """
    if isinstance(value, str) and len(value) > MAX_NUMBER_CHARACTERS:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and low <= number <= high else None


def read_integer(value: object, low: int, high: int) -> int | None:
    """Read a whole number of one field, which may be written as text.

    Args:
        value: The value of the field.
        low: The smallest number.
        high: The largest number.

    Returns:
        The number, or None for another type, a fraction, or what is out of range.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value if low <= value <= high else None
    number = read_number(value, low, high)
    return int(number) if number is not None and number.is_integer() else None


def read_objects(value: object, max_items: int = MAX_ITEMS) -> list[dict[str, Any]]:
    """Read a list of objects of one field.

    Args:
        value: The value of the field.
        max_items: The most items that are looked at.

    Returns:
        The objects among the first items. Empty if the value is no list.
    """
    if not isinstance(value, list):
        return []
    return [item for item in value[:max_items] if isinstance(item, dict)]


def read_object(value: object) -> dict[str, Any]:
    """Read an object of one field.

    Args:
        value: The value of the field.

    Returns:
        The object. Empty if the value is none.
    """
    return value if isinstance(value, dict) else {}


def is_out_of_resources(error: OSError) -> bool:
    """Check whether an error says nothing about a file, because this process can open none.

    Args:
        error: The error of opening a file or a folder.

    Returns:
        True if descriptors or memory are exhausted. The file may be there or not.
    """
    return error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS)


DISK_ERRORS = frozenset(
    {
        errno.EIO,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.ENOTCONN,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ENODEV,
        errno.ENXIO,
        errno.EREMOTEIO,
        errno.ENOLINK,
        errno.EBADMSG,
        errno.EUCLEAN,
    }
)
"""Numbers of the errors of disks, mounts and shares. None of them says anything about a file."""


def is_disk_error(error: OSError) -> bool:
    """Check whether an error says nothing about a file, because its disk or share fails.

    Args:
        error: The error of the operating system.

    Returns:
        Whether its number is one of :data:`DISK_ERRORS`.
    """
    return error.errno in DISK_ERRORS


def storable_paths(paths: Iterable[object], max_items: int = MAX_ITEMS) -> list[Path]:
    """Select the paths that can be looked up and stored.

    Args:
        paths: What a plugin gave as paths.
        max_items: The most paths that are looked at.

    Returns:
        The absolute paths among them.
    """
    found = []
    for path, _ in zip(paths, range(max_items), strict=False):
        if isinstance(path, Path) and read_path(str(path)) and path.is_absolute():
            found.append(path)
    return found


def read_file(path: Path, max_bytes: int) -> bytes:
    """Read a regular file within a limit. A pipe or a device is not waited for.

    Args:
        path: The file.
        max_bytes: The most bytes.

    Returns:
        The bytes.

    Raises:
        OSError: The file cannot be opened or read.
        InputRejectedError: It is no regular file, or it is too large.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InputRejectedError(f"{path.name} is no file", "Take it out of the library")
        payload = file.read(max_bytes + 1)
    if len(payload) > max_bytes:
        raise InputRejectedError(
            f"{path.name} has more than {max_bytes} bytes, which no such file has",
            "Check what it is, and take it out of the library",
        )
    return payload
