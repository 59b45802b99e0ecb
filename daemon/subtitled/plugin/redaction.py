"""Keeping secrets out of text that people read, such as log lines."""

from __future__ import annotations

import functools
import html
import json
import re
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "***"
"""What stands in place of a secret."""
MIN_SECRET_LENGTH = 6
"""Characters. A shorter one would hide parts of ordinary words."""
_NAMES = r"(?:\w{0,20}_)?(?:api_?key|token|password|secret)"
_IN_CONTEXT = (
    re.compile(r"(?<=://)()[^\s/]+(?=@)"),
    re.compile(rf"(?<=[?&])((?:{_NAMES}|key|auth|X-Plex-Token)=)[^\s&#\"']+", re.IGNORECASE),
    re.compile(rf"(([\"']){_NAMES}\2\s*:\s*([\"']))(?:(?!\3).)+", re.IGNORECASE),
    re.compile(
        r"(\b(?:Authorization[\"']?\s*[:=]\s*[\"']?(?:\w+ )?|"
        r"(?:X-[\w-]{0,20}(?:Key|Token)|xi-api-key)[\"']?\s*[:=]\s*[\"']?))[^\s\"',;}]+",
        re.IGNORECASE,
    ),
)
"""What is a secret by what stands around it: in an address, in JSON, and in a header."""
_LINE_BREAK = r"(?:\\?[\r\n])"
_ESCAPED = re.compile("%[0-9a-fA-F]{2}")

_lock = threading.Lock()
_known: frozenset[str] = frozenset()
_forms: frozenset[str] = frozenset()
"""How the known secrets look in a text without line breaks."""


def remember_secret(secret: str) -> None:
    """Hide a secret from now on, in whatever form a program prints it.

    The forms are: as it is, and as it stands in an address, in JSON, in HTML, in the source of
    Python, and in Base64, also behind a user name. Each of them may be broken into lines.

    Args:
        secret: The secret.
    """
    global _known, _forms
    if len(secret) < MIN_SECRET_LENGTH or secret in _known:
        return
    with _lock:
        _known |= {secret}
        _forms |= frozenset(map(_on_one_line, _forms_of(secret)))


def hide_secrets(text: str) -> str:
    """Hide known secrets, and keys in addresses, in JSON and in headers.

    Args:
        text: Any text.

    Returns:
        The text with :data:`HIDDEN` in their place.
    """
    # The pattern takes long to make and to find, and hardly any text has a secret.
    on_one_line = _on_one_line(text)
    if any(form in on_one_line for form in _forms):
        text = _pattern_of(_forms).sub(HIDDEN, text)
    if "@" in text or "=" in text or ":" in text:
        for pattern in _IN_CONTEXT:
            text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text


def _forms_of(secret: str) -> Iterator[str]:
    yield secret
    data = secret.encode("utf-8", "surrogateescape")
    yield from (quote(data, safe=""), quote(data), quote_plus(data))
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield html.escape(secret)
    yield repr(secret)[1:-1]
    yield repr(data)[2:-1]
    yield data.hex()
    for encode in (b64encode, urlsafe_b64encode):
        yield from _base64_forms(data, encode)


def _base64_forms(data: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """Yield what stands in every Base64 text of something with the data in it.

    Three bytes are four characters, so there are three forms, by how much stands before. The
    characters at both ends may depend on what is beside the data, and are left out.
    """
    for before in range(3):
        whole = encode(bytes(before) + data).decode().rstrip("=")
        last = (before + len(data)) * 8 // 6
        yield whole[-(-before * 8 // 6) : last]


@functools.lru_cache(maxsize=1)
def _pattern_of(forms: frozenset[str]) -> re.Pattern[str]:
    """Return what finds the forms in a text with line breaks."""
    # The longest first: a secret may be the beginning of another.
    return re.compile("|".join(map(_across_lines, sorted(forms, key=len, reverse=True))))


def _across_lines(form: str) -> str:
    escaped = {at for match in _ESCAPED.finditer(form) for at in range(*match.span())}
    return f"{_LINE_BREAK}*".join(
        f"(?i:{re.escape(character)})" if at in escaped else re.escape(character)
        for at, character in enumerate(form)
    )


def _on_one_line(text: str) -> str:
    return _ESCAPED.sub(_to_upper, re.sub(_LINE_BREAK, "", text))


def _to_upper(match: re.Match[str]) -> str:
    return match[0].upper()
