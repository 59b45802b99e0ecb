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

from .makers import NO_MAKERS, Makers

XATTR_NAME = "user.subtitled.signature"
"""The attribute that holds the whole signature, so that there is never half of one."""
_OLD_XATTR_NAME = "user.subtitled.made"
"""The attribute of signatures of version 1."""
_VERSION = 2
_APPROVED_VERSION = 3
"""The version of signatures of approved sidecars.

Versions of the program that know no approval take them for unsigned. A file that they know nothing
of, or whose hash is not the one that they recorded, they never write to.
"""
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
    PARTIAL = "partial"
    """Ours, and not whole: it grows while somebody watches. It counts as absent."""
    APPROVED = "approved"
    """Ours, and a person signed it off. Only a person has it written, moved away or deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalMark:
    """Who approved a sidecar, when, and what it was before."""

    by: str
    """The name of the person."""
    at: float
    """Seconds since 1970."""
    of: str
    """SHA-256 of the version that we made; empty if we made none under this name."""


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
    makers: Makers = NO_MAKERS


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
    approved: ApprovalMark | None = None
    makers: Makers = NO_MAKERS
    """What made it. Signatures of older versions do not say."""

    @property
    def machine_sha256(self) -> str:
        """SHA-256 of the version that we made: of the content, unless a person approved it."""
        return self.sha256 if self.approved is None else self.approved.of

    @classmethod
    def create(
        cls,
        text: bytes,
        description: SidecarDescription,
        approved: ApprovalMark | None = None,
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
            approved=approved,
            makers=description.makers,
        )


def to_json(signature: Signature) -> bytes:
    """Serialise a signature as ASCII, whatever bytes the file name has."""
    fields = asdict(signature)
    del fields["makers"]
    if signature.makers:
        fields["made_by"] = signature.makers.to_json()  # older versions ignore it
    if signature.approved is None:
        del fields["approved"]
    version = _VERSION if signature.approved is None else _APPROVED_VERSION
    return json.dumps({"v": version} | fields, separators=(",", ":")).encode("ascii")


def from_json(payload: bytes) -> Signature | None:
    """Parse what :func:`to_json` returned, now or in version 1; None for anything else.

    Anybody may have written the payload.
    """
    try:
        record = read_object(parse_json(payload, MAX_RECORD_BYTES, max_depth=3))
    except ValueError:
        return None
    version = record.get("v")
    if version == 1:
        record = record | {name: record.get(old_name) for name, old_name in _OLD_KEYS.items()}
    elif version not in (_VERSION, _APPROVED_VERSION):
        return None
    approved = _read_approval(record.get("approved")) if version == _APPROVED_VERSION else None
    if version == _APPROVED_VERSION and approved is None:
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
            approved=approved,
            makers=Makers.from_json(record.get("made_by")),
        )
    except ValueError:
        return None


def _read_approval(value: object) -> ApprovalMark | None:
    """Read who approved a sidecar; None for anything that we do not write."""
    if not isinstance(value, dict):
        return None
    by, at, of = value.get("by"), read_number(value.get("at"), 0.0, MAX_TIME), value.get("of")
    if not isinstance(by, str) or len(by) > MAX_FIELD_CHARACTERS or clean_text(by) != by:
        return None
    if at is None or not isinstance(of, str) or not (of == "" or _DIGEST.fullmatch(of)):
        return None
    return ApprovalMark(by=by, at=at, of=of)


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
    # The attribute of some file systems holds little, and how it was made is the only long part.
    without_variant = replace(signature, variant="")
    for candidate in (signature, without_variant, replace(without_variant, makers=NO_MAKERS)):
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


def unsign(path: Path) -> None:
    """Remove the signature of a file, if it has one.

    Raises:
        OSError: The attribute cannot be removed, such as from a read-only disk.
    """
    for attribute in (XATTR_NAME, _OLD_XATTR_NAME):
        try:
            os.removexattr(path, attribute)
        except OSError as error:
            if error.errno not in (errno.ENODATA, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
                raise


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
    purpose. It counts as a human subtitle. An approved sidecar stays approved when its media file
    is replaced by another version.

    Args:
        name: File name of the sidecar.
        digest: SHA-256 of its content.
        fingerprint: Fingerprint of the media file beside it; None if it is unknown.
        recorded: SHA-256 and fingerprint that the database holds for this path, if any.
        signature: The signature of the file, if it has one.
    """
    if signature is not None and signature.sha256 == digest and signature.approved is not None:
        is_in_place = recorded is not None or signature.name == name
        is_of_media = fingerprint in (None, signature.fingerprint)
        return Ownership.APPROVED if is_in_place or is_of_media else Ownership.HUMAN
    if recorded is not None and recorded[0] == digest:
        return Ownership.OURS if fingerprint in (None, recorded[1]) else Ownership.OUTDATED
    if signature is not None and signature.sha256 == digest:
        if fingerprint in (None, signature.fingerprint):
            return Ownership.OURS
        return Ownership.OUTDATED if signature.name == name else Ownership.HUMAN
    return Ownership.HUMAN if recorded is None and signature is None else Ownership.EDITED
