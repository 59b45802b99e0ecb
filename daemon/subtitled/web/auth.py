"""The token that callers show: where it may stand, and whether it is the right one."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping

from subtitled.plugin import Secret, SetupError

MIN_TOKEN_LENGTH = 16
"""Characters: what is shorter could be tried out."""


def load_token(secret: Secret) -> str:
    """The token itself. Raises :class:`SetupError` for one that could be guessed."""
    token = secret.reveal()
    if len(token) < MIN_TOKEN_LENGTH:
        raise SetupError(
            f"the token of the HTTP port has less than {MIN_TOKEN_LENGTH} characters",
            "Make one with: openssl rand -hex 32",
        )
    return token


def is_authenticated(token: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether a caller shows the token in any of the places; takes as long for any wrong one.

    ``Authorization: Bearer``, the password of basic authentication (all that Sonarr and Radarr can
    be told), ``X-Api-Key``, or ``?token=`` (all that Plex can be told).
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
