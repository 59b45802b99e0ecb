"""Authentication of callers by a token."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping

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


def is_authenticated(token: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Check whether a caller shows the token, in constant time.

    The token may be in ``Authorization: Bearer``, in the password of basic authentication (the only
    way of Sonarr and Radarr), in ``X-Api-Key``, or in ``?token=`` (the only way of Plex).
    """
    expected = token.encode("utf-8", "surrogateescape")
    is_match = False
    for candidate in _iter_tokens(headers, query):
        is_match |= hmac.compare_digest(candidate.encode("utf-8", "surrogateescape"), expected)
    return is_match


def _iter_tokens(headers: Mapping[str, str], query: Mapping[str, str]) -> Iterator[str]:
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            yield rest.strip()
        case "basic":
            try:
                decoded = base64.b64decode(rest.strip(), validate=True)
            except (binascii.Error, ValueError):
                pass
            else:
                yield decoded.decode("utf-8", "surrogateescape").partition(":")[2]
    if key := headers.get("x-api-key"):
        yield key
    if key := query.get("token"):
        yield key
