"""Signatures of sidecars on file systems that keep no attributes: in the state folder.

One small file for each, found by the content of the medium and the hash of the sidecar, so that
neither a rename nor a lost ledger makes what we wrote look like somebody else's::

    signatures/ab/ab12...-9f86....json

The ledger's pages of sidecars: every one that we wrote, as we wrote it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.plugin import Language, Sidecar, SubtitleKind
from subtitled.subtitles.ownership import (
    Ownership,
    Signature,
    determine_ownership,
    from_json,
    is_regular_file,
    re_sign,
    read_signature,
    to_json,
)
from subtitled.subtitles.publish import compute_sha256, publish_sidecar

from .engine import BytePosition, upsert_insert, write_transaction
from .outbox import record_change
from .schema import sidecars


class SignatureStore:
    """The signatures in one folder, which is made with the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, signature: Signature) -> None:
        """Remember durably. Raises :class:`~subtitled.plugin.Problem` when it cannot."""
        target = self._path(signature.fingerprint, signature.sha256)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            publish_sidecar(target, to_json(signature), own_digest=None)

    def find(self, fingerprint: str, sha256: str) -> Signature | None:
        """What we wrote for a content with this hash, or None."""
        return _read_signature(self._path(fingerprint, sha256))

    def all(self) -> Iterator[Signature]:
        """Everything that is remembered here."""
        for path in self._folder.glob("*/*.json"):
            if (signature := _read_signature(path)) is not None:
                yield signature

    def _path(self, fingerprint: str, sha256: str) -> Path:
        return self._folder / fingerprint[:2] / f"{fingerprint}-{sha256[:32]}.json"


def _read_signature(path: Path) -> Signature | None:
    try:
        return from_json(path.read_bytes())
    except OSError:
        return None


class SidecarStatus(StrEnum):
    """What became of a sidecar that we wrote."""

    PRESENT = "present"
    YIELDED = "yielded"
    """Taken away because somebody else's came."""
    REMOVED_BY_USER = "removed-by-user"
    """Taken away because a person said so: it is not made again until a person says so."""


@dataclass(frozen=True, slots=True)
class SidecarRecord:
    """One sidecar that we wrote, as we wrote it."""

    path: Path
    media: Path
    fingerprint: str
    language: Language
    kind: SubtitleKind
    format: str
    sha256: str
    variant: str = ""
    created_at: float = 0.0
    """Seconds since 1970."""
    status: SidecarStatus = SidecarStatus.PRESENT
    is_user_requested: bool = False
    """A person asked for it: it yields to nothing."""


class SidecarRepository:
    """The sidecars in a ledger's database, and the signatures that say the same."""

    def __init__(self, engine: sa.Engine, signatures: SignatureStore) -> None:
        self._engine = engine
        self._signatures = signatures

    def record_written(
        self,
        path: Path,
        media: Path,
        signature_record: Signature,
        *,
        is_user_requested: bool = False,
    ) -> None:
        """Remember a sidecar that we wrote and that now is whole on disk; servers hear of it."""
        self._upsert(
            path, media, signature_record, is_user_requested=is_user_requested, notify_servers=True
        )

    def adopt(self, signed_sidecars: Sequence[tuple[Path, Path, Signature]]) -> None:
        """Remember sidecars by their signatures, each with its path and that of its medium; what
        is known of a path already stays known."""
        if signed_sidecars:
            with self._engine.begin() as c:
                c.execute(
                    upsert_insert(c, sidecars).on_conflict_do_nothing(),
                    [_sidecar_to_row(*signed) for signed in signed_sidecars],
                )

    def get(self, path: Path) -> SidecarRecord | None:
        """What we remember of a sidecar; the file itself may have been edited since."""
        records = self._fetch_all(sidecars.c.path == os.fsencode(path))
        return records[0] if records else None

    def of_media(self, media: Path) -> list[SidecarRecord]:
        """Every sidecar that was made for what lay at this path, by name."""
        return self._fetch_all(sidecars.c.media == os.fsencode(media))

    def with_fingerprint(self, fingerprint: str) -> list[SidecarRecord]:
        """Every sidecar that was made for this content, wherever it lies."""
        return self._fetch_all(sidecars.c.fingerprint == fingerprint)

    def in_folder(self, folder: Path) -> list[SidecarRecord]:
        """Every sidecar that we wrote into a folder, not below it."""
        key = os.fsencode(folder).rstrip(b"/") + b"/"
        name = sa.func.substr(sidecars.c.path, len(key) + 1)
        return self._fetch_all(
            sa.and_(
                sidecars.c.path > key,
                sidecars.c.path < key[:-1] + b"0",  # the byte after "/"
                BytePosition(name, b"/") == 0,
            )
        )

    def record_moved(self, old_path: Path, path: Path, media: Path) -> None:
        """A sidecar lies, or would lie, elsewhere now, beside its medium."""
        with write_transaction(self._engine) as c:
            _record_removal(c, old_path)
            c.execute(sidecars.delete().where(sidecars.c.path == os.fsencode(path)))
            c.execute(
                sidecars.update()
                .where(sidecars.c.path == os.fsencode(old_path))
                .values(path=os.fsencode(path), media=os.fsencode(media))
            )
            record = _fetch_at(c, path)
            if record is not None and record.status is SidecarStatus.PRESENT:
                re_sign(path, record.fingerprint)
                record_change(
                    c, media, Sidecar(path, record.language, record.kind), is_present=True
                )

    def set_status(self, path: Path, status: SidecarStatus) -> None:
        """Write down what became of a sidecar; servers hear of one that was taken away."""
        with self._engine.begin() as c:
            if status is not SidecarStatus.PRESENT:
                _record_removal(c, path)
            is_this_path = sidecars.c.path == os.fsencode(path)
            c.execute(sidecars.update().where(is_this_path).values(status=status))

    def delete(self, path: Path) -> None:
        """A sidecar is no longer known, nor there: servers hear of it."""
        with self._engine.begin() as c:
            _record_removal(c, path)
            c.execute(sidecars.delete().where(sidecars.c.path == os.fsencode(path)))

    def stored_signatures(self) -> Iterator[Signature]:
        """The signatures that the file systems of the libraries could not keep."""
        return self._signatures.all()

    def ownership(self, path: Path, fingerprint: str | None = None) -> Ownership:
        """Whose a sidecar is, beside a medium of this content (None: not known which)."""
        return self._inspect(path, fingerprint)[0]

    def is_ours(self, path: Path) -> bool:
        """Whether a sidecar is as we wrote it: not somebody else's, not edited."""
        return self.ownership(path) is Ownership.OURS

    def own_digest(self, path: Path, fingerprint: str) -> str | None:
        """The SHA-256 of a sidecar that is ours, of whatever version: what may be replaced."""
        owner, digest, _ = self._inspect(path, fingerprint)
        return digest if owner in (Ownership.OURS, Ownership.OUTDATED) else None

    def adopt_signed(self, path: Path, media: Path, fingerprint: str) -> None:
        """Remember a sidecar of ours that is not in the ledger: it was lost, or the file moved."""
        owner, digest, signature_record = self._inspect(path, fingerprint)
        record = self.get(path)
        if (
            owner is Ownership.OURS
            and signature_record is not None
            and (not record or record.sha256 != digest)
        ):
            re_sign(path, fingerprint)
            # No server hears of it: when the ledger was lost, this is the whole library.
            self._upsert(
                path, media, signature_record, is_user_requested=False, notify_servers=False
            )

    def _upsert(
        self,
        path: Path,
        media: Path,
        signature_record: Signature,
        *,
        is_user_requested: bool,
        notify_servers: bool,
    ) -> None:
        if read_signature(path) is None:
            self._signatures.save(signature_record)
        row = _sidecar_to_row(path, media, signature_record) | {
            "is_user_requested": is_user_requested
        }
        updated_values = {name: value for name, value in row.items() if name != "path"}
        with self._engine.begin() as c:
            statement = upsert_insert(c, sidecars).values(row)
            c.execute(statement.on_conflict_do_update(index_elements=["path"], set_=updated_values))
            if notify_servers:
                record_change(
                    c,
                    media,
                    Sidecar(path, signature_record.language, signature_record.kind),
                    is_present=True,
                )

    def _inspect(
        self, path: Path, fingerprint: str | None
    ) -> tuple[Ownership, str, Signature | None]:
        """Whose a file is, its SHA-256, and its signature wherever that is kept."""
        try:
            digest = compute_sha256(path) if is_regular_file(path) else None
        except OSError:
            digest = None
        if digest is None:
            return Ownership.HUMAN, "", None
        record = self.get(path)
        # What was taken away left its name to whoever came.
        expected = (record.sha256, record.fingerprint) if record else None
        if record and record.status is not SidecarStatus.PRESENT and record.sha256 != digest:
            expected = None
        signed = read_signature(path)
        if signed is None and fingerprint is not None:
            signed = self._signatures.find(fingerprint, digest)
        return determine_ownership(path.name, digest, fingerprint, expected, signed), digest, signed

    def _fetch_all(self, condition: sa.ColumnElement[bool]) -> list[SidecarRecord]:
        query = sa.select(sidecars).where(condition).order_by(sidecars.c.path)
        with self._engine.connect() as c:
            return [_sidecar_from_row(row) for row in c.execute(query).mappings()]


def _fetch_at(c: sa.Connection, path: Path) -> SidecarRecord | None:
    query = sa.select(sidecars).where(sidecars.c.path == os.fsencode(path))
    row = c.execute(query).mappings().first()
    return _sidecar_from_row(row) if row is not None else None


def _record_removal(c: sa.Connection, path: Path) -> None:
    """Write down for the servers that a sidecar which was there no longer is."""
    record = _fetch_at(c, path)
    if record is not None and record.status is SidecarStatus.PRESENT:
        record_change(
            c, record.media, Sidecar(path, record.language, record.kind), is_present=False
        )


def _sidecar_to_row(path: Path, media: Path, signature_record: Signature) -> dict[str, Any]:
    return {
        "path": os.fsencode(path),
        "media": os.fsencode(media),
        "fingerprint": signature_record.fingerprint,
        "language": str(signature_record.language),
        "kind": str(signature_record.kind),
        "format": signature_record.format,
        "sha256": signature_record.sha256,
        "size": signature_record.size_bytes,
        "variant": signature_record.variant,
        "created_at": signature_record.created_at,
        "status": SidecarStatus.PRESENT,
    }


def _sidecar_from_row(row: Any) -> SidecarRecord:
    return SidecarRecord(
        path=Path(os.fsdecode(row["path"])),
        media=Path(os.fsdecode(row["media"])),
        fingerprint=row["fingerprint"],
        language=Language(row["language"]),
        kind=SubtitleKind(row["kind"]),
        format=row["format"],
        sha256=row["sha256"],
        variant=row["variant"],
        created_at=row["created_at"],
        status=SidecarStatus(row["status"]),
        is_user_requested=row["is_user_requested"],
    )
