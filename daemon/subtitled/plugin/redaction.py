"""Keeping secrets out of text that people read, such as log lines."""

from __future__ import annotations

import re
import threading
from urllib.parse import quote

HIDDEN = "***"
"""What stands in place of a secret."""
MIN_SECRET_LENGTH = 6
"""Characters. A shorter one would hide parts of ordinary words."""
_IN_ADDRESS = re.compile(
    r"(?<=://)[^\s/@]+(?=@)|(?<=[?&])((?:api_?key|token|password|secret|key|X-Plex-Token)=)[^\s&#\"']+",
    re.IGNORECASE,
)

_lock = threading.Lock()
_known: frozenset[str] = frozenset()


def remember_secret(secret: str) -> None:
    """Hide a secret from now on, as it is and as an address has it."""
    global _known
    if len(secret) < MIN_SECRET_LENGTH:
        return
    with _lock:
        _known = _known | {secret, quote(secret, safe="")}


def hide_secrets(text: str) -> str:
    """Return a text without known secrets, and without user names and keys in addresses."""
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, HIDDEN)
    if "=" in text or "@" in text:
        text = _IN_ADDRESS.sub(lambda match: f"{match[1] or ''}{HIDDEN}", text)
    return text
