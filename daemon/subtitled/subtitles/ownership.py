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

from subtitled.plugin import Kind, Language

ATTRIBUTE = "user.subtitled.made"
"""One attribute with all of it, so that there is never half a signature."""
_VERSION = 1
_UNSUPPORTED = frozenset(
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


class Whose(StrEnum):
    """Whose a sidecar is."""

    THEIRS = "theirs"
    OURS = "ours"
    STALE = "ours, of another version of the medium"
    EDITED = "ours, edited since"
    """Locked: it counts as theirs and is never written to."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What we wrote: everything that the ledger has to know of a sidecar except where it lies."""

    content_id: str
    """Of the medium that it was made for."""
    name: str
    """The file name that it was given."""
    language: Language
    kind: Kind
    format: str
    recipe: str
    made_at: float
    """Seconds since 1970."""
    sha256: str
    size: int

    @classmethod
    def of(
        cls,
        text: bytes,
        name: str,
        content_id: str,
        language: Language,
        fmt: str,
        recipe: str,
        kind: Kind = Kind.FULL,
    ) -> Provenance:
        """Of what is about to be written."""
        digest = hashlib.sha256(text).hexdigest()
        return cls(content_id, name, language, kind, fmt, recipe, time.time(), digest, len(text))


def to_json(provenance: Provenance) -> bytes:
    """ASCII, whatever bytes the name has."""
    return json.dumps({"v": _VERSION} | asdict(provenance), separators=(",", ":")).encode("ascii")


def from_json(said: bytes) -> Provenance | None:
    """What :func:`to_json` wrote down; None for anything else, which anybody may have written."""
    try:
        known: Any = json.loads(said)
        if known["v"] != _VERSION:
            return None
        return Provenance(
            content_id=str(known["content_id"]),
            name=str(known["name"]),
            language=Language(known["language"]),
            kind=Kind(known["kind"]),
            format=str(known["format"]),
            recipe=str(known["recipe"]),
            made_at=float(known["made_at"]),
            sha256=str(known["sha256"]),
            size=int(known["size"]),
        )
    except (ValueError, TypeError, KeyError):
        return None


def sign(path: Path, provenance: Provenance) -> bool:
    """Write the signature onto a file; whether the file system keeps such a thing."""
    # The attribute of some file systems holds little: the recipe is the only long part.
    for signed in (provenance, replace(provenance, recipe="")):
        try:
            os.setxattr(path, ATTRIBUTE, to_json(signed))
        except OSError as error:
            if error.errno not in _UNSUPPORTED | {errno.ENOSPC}:
                raise
        else:
            return True
    return False


def signature(path: Path) -> Provenance | None:
    """What a file says of itself, None if it is not signed or not there."""
    try:
        return from_json(os.getxattr(path, ATTRIBUTE, follow_symlinks=False))
    except OSError:
        return None


def sign_anew(path: Path, content: str) -> None:
    """What we wrote for a content is known under another name from now on, and is to say so: else
    it would look, without the ledger, like a copy that somebody put there. Best effort."""
    made = signature(path)
    if made is not None and made.content_id == content and made.name != path.name:
        with contextlib.suppress(OSError):
            sign(path, replace(made, name=path.name))


def is_plain(path: Path) -> bool:
    """Whether it is a file proper: opening a pipe would wait for ever, and we make no links."""
    return stat.S_ISREG(path.lstat().st_mode)


def whose(
    name: str,
    digest: str,
    content: str | None,
    remembered: tuple[str, str] | None,
    signed: Provenance | None,
) -> Whose:
    """Whose a file is, from its name and SHA-256, beside a medium of this content (None: unknown).

    ``remembered`` is (SHA-256, content identity) as the ledger has it for this very path, or None.
    A signed copy under another name beside another medium was put there by somebody who meant it:
    it is theirs.
    """
    if remembered is not None and remembered[0] == digest:
        return Whose.OURS if content in (None, remembered[1]) else Whose.STALE
    if signed is not None and signed.sha256 == digest:
        if content in (None, signed.content_id):
            return Whose.OURS
        return Whose.STALE if signed.name == name else Whose.THEIRS
    return Whose.THEIRS if remembered is None and signed is None else Whose.EDITED
