"""Ownership of sidecars, and the signature that we write onto each of ours.

The signature is an extended attribute: what the sidecar is, and the hash of its content. It stays
with the file through renames, moves and backups that keep attributes, so a lost database can be
rebuilt from the files beside the media. A hash that does not match means that a person edited the
file after we wrote it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeGuard

from subtitled.plugin import Language, SubtitleKind
from subtitled.plugin.limits import (
    MAX_FIELD_CHARACTERS,
    MAX_RECORD_BYTES,
    clean_text,
    parse_json,
    read_integer,
    read_number,
    read_object,
    read_path,
)

XATTR_NAME = "user.subtitled.signature"
"""The attribute that holds the whole signature, so that there is never half of one."""
_OLD_XATTR_NAME = "user.subtitled.made"
"""The attribute of signatures of version 1."""
_VERSION = 2
_OLD_KEYS = {
    "fingerprint": "content_id",
    "variant": "recipe",
    "created_at": "made_at",
    "size_bytes": "size",
}
"""The keys of version 1 that have another name since."""
_TEXT_KEYS = ("fingerprint", "name", "language", "kind", "format", "variant", "sha256")
_DIGEST = re.compile(r"[0-9A-Za-z_-]{1,128}")
MAX_TIME = 1e11
"""Latest time of a signature, in seconds since 1970: the year 5138."""
MAX_SIDECAR_BYTES = 1 << 40
"""Largest size of a sidecar that a signature may state."""
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
"""Errors of file systems that keep no extended attributes, or not ours."""


class Ownership(StrEnum):
    """Who owns a sidecar, and whether it is current."""

    HUMAN = "human"
    """A file that we did not write."""
    OURS = "ours"
    OUTDATED = "outdated"
    """Ours, made for another version of the media file."""
    EDITED = "edited"
    """Ours, changed by a person since. It counts as a human subtitle and is never written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarDescription:
    """What a sidecar is that is about to be written."""

    name: str
    """File name that it is given."""
    fingerprint: str
    """Fingerprint of the media file that it is made for."""
    language: Language
    kind: SubtitleKind = SubtitleKind.FULL
    format: str
    variant: str
    """How it was made, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Our record that we wrote a sidecar: all that the database holds of it except its folder."""

    fingerprint: str
    """Fingerprint of the media file that it was made for."""
    name: str
    """File name that it was given."""
    language: Language
    kind: SubtitleKind
    format: str
    variant: str
    created_at: float
    """Seconds since 1970."""
    sha256: str
    """Of the content."""
    size_bytes: int

    @classmethod
    def create(
        cls,
        text: bytes,
        description: SidecarDescription,
    ) -> Signature:
        """Create the signature of a text that is about to be written."""
        return cls(
            fingerprint=description.fingerprint,
            name=description.name,
            language=description.language,
            kind=description.kind,
            format=description.format,
            variant=description.variant,
            created_at=time.time(),
            sha256=hashlib.sha256(text).hexdigest(),
            size_bytes=len(text),
        )


def to_json(signature: Signature) -> bytes:
    """Serialise a signature as ASCII, whatever bytes the file name has."""
    return json.dumps({"v": _VERSION} | asdict(signature), separators=(",", ":")).encode("ascii")


def from_json(payload: bytes) -> Signature | None:
    """Parse what :func:`to_json` returned, now or in version 1; None for anything else.

    Anybody may have written the payload.
    """
    try:
        record = read_object(parse_json(payload, MAX_RECORD_BYTES, max_depth=2))
    except ValueError:
        return None
    version = record.get("v")
    if version == 1:
        record = record | {name: record.get(old_name) for name, old_name in _OLD_KEYS.items()}
    elif version != _VERSION:
        return None
    created_at = read_number(record.get("created_at"), 0.0, MAX_TIME)
    size_bytes = read_integer(record.get("size_bytes"), 0, MAX_SIDECAR_BYTES)
    texts = {key: record.get(key) for key in _TEXT_KEYS}
    if created_at is None or size_bytes is None or not _are_texts(texts):
        return None
    try:
        return Signature(
            fingerprint=texts["fingerprint"],
            name=texts["name"],
            language=Language(texts["language"]),
            kind=SubtitleKind(texts["kind"]),
            format=texts["format"],
            variant=texts["variant"],
            created_at=created_at,
            sha256=texts["sha256"],
            size_bytes=size_bytes,
        )
    except ValueError:
        return None


def _are_texts(values: Mapping[str, object]) -> TypeGuard[Mapping[str, str]]:
    """Return whether all values are texts of a length and kind that we write."""
    for key, value in values.items():
        if not isinstance(value, str) or len(value) > MAX_FIELD_CHARACTERS:
            return False
        if key in ("fingerprint", "sha256") and not _DIGEST.fullmatch(value):
            return False
        if key != "name" and clean_text(value) != value:
            return False
    name = values["name"]
    return isinstance(name, str) and read_path(name) is not None and "/" not in name


def sign(path: Path, signature: Signature) -> bool:
    """Write a signature onto a file.

    Returns:
        Whether the file system keeps extended attributes.

    Raises:
        OSError: The attribute cannot be written for another reason, such as a read-only disk.
    """
    # The attribute of some file systems holds little, and the variant is the only long part.
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
    """Read the signature of a file; None if it has none, or does not exist."""
    for attribute in (XATTR_NAME, _OLD_XATTR_NAME):
        try:
            return from_json(os.getxattr(path, attribute, follow_symlinks=False))
        except OSError:
            continue
    return None


def re_sign(path: Path, fingerprint: str) -> None:
    """Sign a sidecar of ours again after it was renamed.

    Without the database, a signature with the old name would look like a copy that a person put
    there. Errors are ignored.
    """
    signature = read_signature(path)
    if (
        signature is not None
        and signature.fingerprint == fingerprint
        and signature.name != path.name
    ):
        with contextlib.suppress(OSError):
            sign(path, replace(signature, name=path.name))


def is_regular_file(path: Path) -> bool:
    """Check that a path is a regular file: opening a pipe would block, and we make no links."""
    return stat.S_ISREG(path.lstat().st_mode)


def determine_ownership(
    name: str,
    digest: str,
    fingerprint: str | None,
    recorded: tuple[str, str] | None,
    signature: Signature | None,
) -> Ownership:
    """Determine who owns a sidecar.

    A signed copy under another name beside another media file was put there by a person, on
    purpose. It counts as a human subtitle.

    Args:
        name: File name of the sidecar.
        digest: SHA-256 of its content.
        fingerprint: Fingerprint of the media file beside it; None if it is unknown.
        recorded: SHA-256 and fingerprint that the database holds for this path, if any.
        signature: The signature of the file, if it has one.
    """
    if recorded is not None and recorded[0] == digest:
        return Ownership.OURS if fingerprint in (None, recorded[1]) else Ownership.OUTDATED
    if signature is not None and signature.sha256 == digest:
        if fingerprint in (None, signature.fingerprint):
            return Ownership.OURS
        return Ownership.OUTDATED if signature.name == name else Ownership.HUMAN
    return Ownership.HUMAN if recorded is None and signature is None else Ownership.EDITED
