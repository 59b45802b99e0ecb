"""The sidecars that we wrote, and who owns each of them now."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.plugin import Language, Sidecar, SubtitleKind
from subtitled.plugin.limits import is_out_of_resources
from subtitled.subtitles.ownership import (
    Ownership,
    Signature,
    determine_ownership,
    is_regular_file,
    re_sign,
    read_signature,
    unsign,
)
from subtitled.subtitles.publish import compute_sha256, explain_os_error

from .engine import BytePosition, upsert_insert, write_transaction
from .file_states import record_reexamination
from .history import HistoryEntry, write_history
from .outbox import record_change
from .schema import sidecars
from .signatures import SignatureStore

Also = Callable[[sa.Connection], object]
"""What else is written in the transaction of a change."""


class SidecarStatus(StrEnum):
    """What became of a sidecar that we wrote."""

    PRESENT = "present"
    YIELDED = "yielded"
    """It was removed because a human subtitle appeared."""
    REMOVED_BY_USER = "removed-by-user"
    """A person removed it. It is not made again until a person asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarRecord:
    """One sidecar that we wrote, as it was when we wrote it.

    Of an approved one it is the version that we made, not the approved one. So whatever compares
    the file with this record, in this version of the program or an older one, leaves it alone.
    """

    path: Path
    media: Path
    fingerprint: str
    language: Language
    kind: SubtitleKind
    format: str
    sha256: str
    """Of the version that we made; empty if only the approved one was ever written."""
    variant: str = ""
    created_at: float = 0.0
    """Seconds since 1970."""
    status: SidecarStatus = SidecarStatus.PRESENT
    is_user_requested: bool = False
    """A person asked for it, so it is not removed in favour of a human subtitle."""


class SidecarRepository:
    """The ``sidecars`` table, together with the stored signatures."""

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
        """Record a sidecar that is complete on disk, and notify the media servers."""
        self._upsert(
            path, media, signature_record, is_user_requested=is_user_requested, notify_servers=True
        )

    def record_approved(
        self,
        media: Path,
        approved: Sequence[tuple[Path, Signature]],
        entry: HistoryEntry,
        also: Also | None = None,
    ) -> None:
        """Record approved sidecars that are complete on disk, and notify the media servers.

        Args:
            media: Their media file.
            approved: Each sidecar's path and signature.
            entry: What the history says of it.
            also: What else is written in the same transaction.
        """
        with write_transaction(self._engine) as c:
            for path, signature in approved:
                row = _sidecar_to_row(path, media, signature)
                statement = upsert_insert(c, sidecars).values(row)
                changed = {name: value for name, value in row.items() if name != "path"}
                c.execute(statement.on_conflict_do_update(index_elements=["path"], set_=changed))
                _record_presence(c, path, media, signature)
            record_reexamination(c, media)
            write_history(c, entry)
            if also is not None:
                also(c)

    def adopt(self, signed_sidecars: Sequence[tuple[Path, Path, Signature]]) -> None:
        """Record signed sidecars, each with its path and that of its media file.

        Sidecars that are in the database already stay as they are.
        """
        if signed_sidecars:
            with self._engine.begin() as c:
                c.execute(
                    upsert_insert(c, sidecars).on_conflict_do_nothing(),
                    [_sidecar_to_row(*signed) for signed in signed_sidecars],
                )

    def get(self, path: Path) -> SidecarRecord | None:
        """Return the record of a sidecar, or None. The file itself may have been edited."""
        records = self._fetch_all(sidecars.c.path == os.fsencode(path))
        return records[0] if records else None

    def of_media(self, media: Path) -> list[SidecarRecord]:
        """Return every sidecar that was made for a media file, in the order of their paths."""
        return self._fetch_all(sidecars.c.media == os.fsencode(media))

    def with_fingerprint(self, fingerprint: str) -> list[SidecarRecord]:
        """Return every sidecar that was made for a fingerprint, wherever it is."""
        return self._fetch_all(sidecars.c.fingerprint == fingerprint)

    def in_folder(self, folder: Path) -> list[SidecarRecord]:
        """Return every sidecar that we wrote into a folder, without its subfolders."""
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
        """Record the new path of a sidecar and of its media file.

        The sidecar keeps its path if only the extension of the media file changed.
        """
        with write_transaction(self._engine) as c:
            if path != old_path:
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
        """Record what became of a sidecar. Media servers are notified of a removal."""
        with self._engine.begin() as c:
            if status is not SidecarStatus.PRESENT:
                _record_removal(c, path)
            is_this_path = sidecars.c.path == os.fsencode(path)
            c.execute(sidecars.update().where(is_this_path).values(status=status))

    def delete(self, path: Path) -> None:
        """Delete the record of a sidecar that no longer exists, and notify the media servers."""
        with self._engine.begin() as c:
            _record_removal(c, path)
            c.execute(sidecars.delete().where(sidecars.c.path == os.fsencode(path)))

    def stored_signatures(self) -> Iterator[Signature]:
        """Yield the signatures in the state folder."""
        return self._signatures.all()

    def ownership(
        self, path: Path, fingerprint: str | None = None, digest: str | None = None
    ) -> Ownership:
        """Return the ownership of a sidecar.

        Args:
            path: The sidecar.
            fingerprint: The fingerprint of its media file, or None if that is unknown.
            digest: The SHA-256 of its content, if it is known already.
        """
        return self._inspect(path, fingerprint, digest)[0]

    def approval(self, path: Path, fingerprint: str | None = None) -> Signature | None:
        """Return the signature of a sidecar that a person approved; None if it is not approved.

        The arguments are those of :meth:`ownership`.
        """
        owner, _, signature = self._inspect(path, fingerprint)
        return signature if owner is Ownership.APPROVED else None

    def remove_approval(self, path: Path, signature: Signature) -> None:
        """Take the signature off an approved sidecar. The file stays, and is an edited one.

        Raises:
            SubtitledError: The file cannot be changed.
        """
        try:
            unsign(path)
        except OSError as error:
            raise explain_os_error(error, path.parent) from error
        self.forget_approval(signature)

    def forget_approval(self, signature: Signature) -> None:
        """Delete the stored signature of a sidecar that was approved."""
        self._signatures.delete(signature.fingerprint, signature.sha256)

    def record_unlocked(
        self, media: Path, entry: HistoryEntry | None = None, also: Also | None = None
    ) -> None:
        """Record that a person unlocked sidecars.

        Args:
            media: Their media file.
            entry: What the history says of it.
            also: What else is written in the same transaction.
        """
        with write_transaction(self._engine) as c:
            record_reexamination(c, media)
            if entry is not None:
                write_history(c, entry)
            if also is not None:
                also(c)

    def keep_approval(self, signature: Signature) -> None:
        """Store the signature of a sidecar that is about to be approved.

        The file carries it too, but other programs copy files without it.
        """
        self._signatures.save(signature)

    def is_ours(self, path: Path) -> bool:
        """Return whether a sidecar is as we wrote it: neither human nor edited."""
        return self.ownership(path) is Ownership.OURS

    def own_digest(self, path: Path, fingerprint: str) -> str | None:
        """Return the SHA-256 of a sidecar that may be replaced, or None.

        It is ours or outdated.
        """
        owner, digest, _ = self._inspect(path, fingerprint)
        return digest if owner in (Ownership.OURS, Ownership.OUTDATED) else None

    def adopt_signed(self, path: Path, media: Path, fingerprint: str) -> None:
        """Record a sidecar of ours that the database does not know.

        The database was lost, or the file was moved.
        """
        owner, _, signature_record = self._inspect(path, fingerprint)
        record = self.get(path)
        if (
            owner in (Ownership.OURS, Ownership.APPROVED)
            and signature_record is not None
            and (not record or record.sha256 != signature_record.machine_sha256)
        ):
            re_sign(path, fingerprint)
            # Media servers are not notified: after the loss of a database it is the whole library.
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
                _record_presence(c, path, media, signature_record)

    def _inspect(
        self, path: Path, fingerprint: str | None, digest: str | None = None
    ) -> tuple[Ownership, str, Signature | None]:
        """Return the ownership of a file, its SHA-256 and its signature."""
        try:
            if digest is None:
                digest = compute_sha256(path) if is_regular_file(path) else None
        except OSError as error:
            if is_out_of_resources(error):
                raise  # nothing is known of the file, so nothing may be decided
            digest = None
        if digest is None:
            return Ownership.HUMAN, "", None
        record = self.get(path)
        # A removed sidecar left its name to a human subtitle.
        expected = (record.sha256, record.fingerprint) if record else None
        if record and record.status is not SidecarStatus.PRESENT and record.sha256 != digest:
            expected = None
        signed = read_signature(path)
        for known in dict.fromkeys((fingerprint, record.fingerprint if record else None)):
            if signed is None and known is not None:
                signed = self._signatures.find(known, digest)
        return determine_ownership(path.name, digest, fingerprint, expected, signed), digest, signed

    def _fetch_all(self, condition: sa.ColumnElement[bool]) -> list[SidecarRecord]:
        query = sa.select(sidecars).where(condition).order_by(sidecars.c.path)
        with self._engine.connect() as c:
            return [_sidecar_from_row(row) for row in c.execute(query).mappings()]


def _fetch_at(c: sa.Connection, path: Path) -> SidecarRecord | None:
    query = sa.select(sidecars).where(sidecars.c.path == os.fsencode(path))
    row = c.execute(query).mappings().first()
    return _sidecar_from_row(row) if row is not None else None


def _record_presence(c: sa.Connection, path: Path, media: Path, signature: Signature) -> None:
    """Record a change for the media servers: a sidecar was written."""
    record_change(c, media, Sidecar(path, signature.language, signature.kind), is_present=True)


def _record_removal(c: sa.Connection, path: Path) -> None:
    """Record a change for the media servers: a sidecar that was present is not any more."""
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
        "sha256": signature_record.machine_sha256,
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
