"""The sidecars that we wrote: recorded, moved, adopted and forgotten."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa

from subtitled.plugin import Sidecar
from subtitled.subtitles.ownership import Ownership, Signature, re_sign, read_signature, unsign
from subtitled.subtitles.publish import explain_os_error

from .engine import BytePosition, upsert_insert, write_transaction
from .history import HistoryEntry, write_history
from .outbox import record_change
from .reexamination import record_reexamination
from .schema import sidecars
from .sidecar_ownership import SidecarOwnership, fetch_sidecar
from .sidecar_records import SidecarRecord, SidecarStatus, sidecar_from_row, sidecar_to_row

__all__ = ["Also", "SidecarRecord", "SidecarRepository", "SidecarStatus"]

Also = Callable[[sa.Connection], object]
"""What else is written in the transaction of a change."""


class SidecarRepository(SidecarOwnership):
    """The ``sidecars`` table, together with the stored signatures."""

    def record_written(
        self,
        path: Path,
        media: Path,
        signature_record: Signature,
        *,
        is_user_requested: bool = False,
        replaced: Signature | None = None,
    ) -> None:
        """Record a sidecar that is complete on disk, and notify the media servers.

        Args:
            path: The sidecar.
            media: Its media file.
            signature_record: Its signature.
            is_user_requested: Whether a person asked for it.
            replaced: The signature of the version before it, if that is kept.
        """
        self._upsert(
            path,
            media,
            signature_record,
            is_user_requested=is_user_requested,
            notify_servers=True,
            replaced=replaced,
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
                row = sidecar_to_row(path, media, signature)
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
                    [sidecar_to_row(*signed) for signed in signed_sidecars],
                )

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
            record = fetch_sidecar(c, path)
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

    def adopt_signed(self, path: Path, media: Path, fingerprint: str) -> None:
        """Record a sidecar of ours that the database does not know.

        The database was lost, or the file was moved. What a job has just made again, and could not
        record before it was interrupted, is left to it: it knows the version before.
        """
        owner, _, signature_record = self.inspect(path, fingerprint)
        record = self.get(path)
        if owner is Ownership.OURS and record is not None and record.is_upgrade_requested:
            return
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
        replaced: Signature | None = None,
    ) -> None:
        if read_signature(path) is None:
            self._signatures.save(signature_record)
        row = sidecar_to_row(path, media, signature_record, replaced) | {
            "is_user_requested": is_user_requested
        }
        updated_values = {name: value for name, value in row.items() if name != "path"}
        with self._engine.begin() as c:
            statement = upsert_insert(c, sidecars).values(row)
            c.execute(statement.on_conflict_do_update(index_elements=["path"], set_=updated_values))
            if notify_servers:
                _record_presence(c, path, media, signature_record)

    def _fetch_all(self, condition: sa.ColumnElement[bool]) -> list[SidecarRecord]:
        query = sa.select(sidecars).where(condition).order_by(sidecars.c.path)
        with self._engine.connect() as c:
            return [sidecar_from_row(row) for row in c.execute(query).mappings()]


def _record_presence(c: sa.Connection, path: Path, media: Path, signature: Signature) -> None:
    """Record a change for the media servers: a sidecar was written."""
    record_change(c, media, Sidecar(path, signature.language, signature.kind), is_present=True)


def _record_removal(c: sa.Connection, path: Path) -> None:
    """Record a change for the media servers: a sidecar that was present is not any more."""
    record = fetch_sidecar(c, path)
    if record is not None and record.status is SidecarStatus.PRESENT:
        record_change(
            c, record.media, Sidecar(path, record.language, record.kind), is_present=False
        )
