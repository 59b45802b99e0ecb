"""The token of webhooks and metrics, and how requests show it."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Iterator, Mapping

from subtitled.plugin import Secret, SetupError

MIN_TOKEN_LENGTH = 16
"""Characters. A shorter token could be guessed."""


def load_token(secret: Secret) -> str:
    """Return the token itself.

    Raises:
        SetupError: The token cannot be read, or is so short that it could be guessed.
    """
    token = secret.reveal()
    if len(token) < MIN_TOKEN_LENGTH:
        raise SetupError(
            f"the token of the HTTP port has fewer than {MIN_TOKEN_LENGTH} characters",
            "Make one with: openssl rand -hex 32",
        )
    return token


def matches_token(token: str, shown: Iterable[str]) -> bool:
    """Check whether one of the shown texts is the token, in constant time."""
    expected = token.encode("utf-8", "surrogateescape")
    is_match = False
    for candidate in shown:
        is_match |= hmac.compare_digest(candidate.encode("utf-8", "surrogateescape"), expected)
    return is_match


def iter_header_tokens(headers: Mapping[str, str], *, allows_basic: bool) -> Iterator[str]:
    """Yield the tokens and keys that a request shows in its headers.

    One may be in ``Authorization: Bearer``, in ``X-Api-Key``, or, if that is allowed, in the
    password of basic authentication, the only way of Sonarr and Radarr.
    """
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            yield rest.strip()
        case "basic" if allows_basic:
            try:
                decoded = base64.b64decode(rest.strip(), validate=True)
            except (binascii.Error, ValueError):
                yield ""  # It is wrong, and not nothing.
            else:
                yield decoded.decode("utf-8", "surrogateescape").partition(":")[2]
    if key := headers.get("x-api-key"):
        yield key
