"""Whose a sidecar is. What we write is signed: an extended attribute says what it is and its hash.

The signature travels with the file through renames, moves and backups that keep attributes, so a
lost ledger can be rebuilt from what lies beside the media. A hash that does not fit says that
somebody edited the file since.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from subtitled.plugin import Language, SubtitleKind

XATTR_NAME = "user.subtitled.made"
"""One attribute with all of it, so that there is never half a signature."""
_VERSION = 1
_UNSUPPORTED_ERRNOS = frozenset(
    {
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.ENOSYS,
        errno.EPERM,
        errno.EACCES,
        errno.E2BIG,
        errno.ERANGE,
        errno.EINVAL,
    }
)
"""What file systems answer that keep no attributes, or not ours."""


class Ownership(StrEnum):
    """Whose a sidecar is."""

    HUMAN = "theirs"
    OURS = "ours"
    OUTDATED = "ours, of another version of the medium"
    EDITED = "ours, edited since"
    """Locked: it counts as theirs and is never written to."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What we wrote: everything that the ledger has to know of a sidecar except where it lies."""

    fingerprint: str
    """Of the medium that it was made for."""
    name: str
    """The file name that it was given."""
    language: Language
    kind: SubtitleKind
    format: str
    variant: str
    created_at: float
    """Seconds since 1970."""
    sha256: str
    size_bytes: int

    @classmethod
    def create(
        cls,
        text: bytes,
        name: str,
        fingerprint: str,
        language: Language,
        fmt: str,
        variant: str,
        kind: SubtitleKind = SubtitleKind.FULL,
    ) -> Signature:
        """Of what is about to be written."""
        digest = hashlib.sha256(text).hexdigest()
        return cls(fingerprint, name, language, kind, fmt, variant, time.time(), digest, len(text))


def to_json(signature: Signature) -> bytes:
    """ASCII, whatever bytes the name has."""
    return json.dumps({"v": _VERSION} | asdict(signature), separators=(",", ":")).encode("ascii")


def from_json(payload: bytes) -> Signature | None:
    """What :func:`to_json` wrote down; None for anything else, which anybody may have written."""
    try:
        record: Any = json.loads(payload)
        if record["v"] != _VERSION:
            return None
        return Signature(
            fingerprint=str(record["content_id"]),
            name=str(record["name"]),
            language=Language(record["language"]),
            kind=SubtitleKind(record["kind"]),
            format=str(record["format"]),
            variant=str(record["recipe"]),
            created_at=float(record["made_at"]),
            sha256=str(record["sha256"]),
            size_bytes=int(record["size"]),
        )
    except (ValueError, TypeError, KeyError):
        return None


def sign(path: Path, signature: Signature) -> bool:
    """Write the signature onto a file; whether the file system keeps such a thing."""
    # The attribute of some file systems holds little: the recipe is the only long part.
    for candidate in (signature, replace(signature, variant="")):
        try:
            os.setxattr(path, XATTR_NAME, to_json(candidate))
        except OSError as error:
            if error.errno not in _UNSUPPORTED_ERRNOS | {errno.ENOSPC}:
                raise
        else:
            return True
    return False


def read_signature(path: Path) -> Signature | None:
    """What a file says of itself, None if it is not signed or not there."""
    try:
        return from_json(os.getxattr(path, XATTR_NAME, follow_symlinks=False))
    except OSError:
        return None


def re_sign(path: Path, fingerprint: str) -> None:
    """What we wrote for a content is known under another name from now on, and is to say so: else
    it would look, without the ledger, like a copy that somebody put there. Best effort."""
    signature = read_signature(path)
    if (
        signature is not None
        and signature.fingerprint == fingerprint
        and signature.name != path.name
    ):
        with contextlib.suppress(OSError):
            sign(path, replace(signature, name=path.name))


def is_regular_file(path: Path) -> bool:
    """Whether it is a file proper: opening a pipe would wait for ever, and we make no links."""
    return stat.S_ISREG(path.lstat().st_mode)


def determine_ownership(
    name: str,
    digest: str,
    fingerprint: str | None,
    recorded: tuple[str, str] | None,
    signature: Signature | None,
) -> Ownership:
    """Whose a file is, from its name and SHA-256, beside a medium of this content (None: unknown).

    ``remembered`` is (SHA-256, content identity) as the ledger has it for this very path, or None.
    A signed copy under another name beside another medium was put there by somebody who meant it:
    it is theirs.
    """
    if recorded is not None and recorded[0] == digest:
        return Ownership.OURS if fingerprint in (None, recorded[1]) else Ownership.OUTDATED
    if signature is not None and signature.sha256 == digest:
        if fingerprint in (None, signature.fingerprint):
            return Ownership.OURS
        return Ownership.OUTDATED if signature.name == name else Ownership.HUMAN
    return Ownership.HUMAN if recorded is None and signature is None else Ownership.EDITED
