"""The token that callers show: where it may stand, and whether it is the right one."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping

from subtitled.plugin import Misconfigured, Secret

SHORTEST = 16
"""Characters: what is shorter could be tried out."""


def reveal(secret: Secret) -> str:
    """The token itself. Raises :class:`Misconfigured` for one that could be guessed."""
    token = secret.reveal()
    if len(token) < SHORTEST:
        raise Misconfigured(
            f"the token of the HTTP port has less than {SHORTEST} characters",
            "Make one with: openssl rand -hex 32",
        )
    return token


def is_shown(token: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether a caller shows the token in any of the places; takes as long for any wrong one.

    ``Authorization: Bearer``, the password of basic authentication (all that Sonarr and Radarr can
    be told), ``X-Api-Key``, or ``?token=`` (all that Plex can be told).
    """
    right = token.encode("utf-8", "surrogateescape")
    found = False
    for shown in _shown(headers, query):
        found |= hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), right)
    return found


def _shown(headers: Mapping[str, str], query: Mapping[str, str]) -> Iterator[str]:
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
