"""Hashes of passwords, by scrypt."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import secrets
import threading

from ..i18n import RejectedInputError
from ..i18n import mark_text as _

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 1024
"""Characters."""
_N, _R, _P = 2**15, 8, 1
"""The cost of scrypt: 32 MiB of memory and some 60 ms."""
_MAX_MEMORY = 64 * 1024 * 1024
_one_at_a_time = threading.Lock()
"""Held while a hash is computed, so that many callers cannot take all memory and cores."""


def check_password(password: str) -> None:
    """Check a new password.

    Raises:
        RejectedInputError: It is too short or too long.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise RejectedInputError(
            _("the password needs at least %(number)s characters"), number=MIN_PASSWORD_LENGTH
        )
    if len(password) > MAX_PASSWORD_LENGTH:
        raise RejectedInputError(
            _("the password may have at most %(number)s characters"), number=MAX_PASSWORD_LENGTH
        )


def hash_password(password: str) -> str:
    """Return a text to store for a password: the algorithm, its cost, the salt and the hash."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _N, _R, _P)
    return "$".join(
        ["scrypt", f"{_N},{_R},{_P}", *(base64.b64encode(part).decode() for part in (salt, digest))]
    )


def is_password(password: str, stored: str) -> bool:
    """Return whether a password is that of a stored text. This takes as long for a wrong one."""
    try:
        algorithm, cost, salt, digest = stored.split("$")
        n, r, p = (int(number) for number in cost.split(","))
        expected = base64.b64decode(digest, validate=True)
        computed = _scrypt(password, base64.b64decode(salt, validate=True), n, r, p)
    except (ValueError, binascii.Error):
        return False
    return algorithm == "scrypt" and hmac.compare_digest(computed, expected)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    with _one_at_a_time:
        return hashlib.scrypt(
            password[: MAX_PASSWORD_LENGTH + 1].encode("utf-8", "surrogatepass"),
            salt=salt,
            n=n,
            r=r,
            p=p,
            maxmem=_MAX_MEMORY,
            dklen=32,
        )


@functools.cache
def nobody_hash() -> str:
    """Return the hash of a password that nobody has. It is checked for unknown names."""
    return hash_password(secrets.token_urlsafe(16))
