"""Who owns a sidecar now: its content compared with the database and with its signature."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from subtitled.plugin.limits import is_disk_error, is_out_of_resources
from subtitled.subtitles.ownership import (
    Ownership,
    Signature,
    determine_ownership,
    is_regular_file,
    read_signature,
)
from subtitled.subtitles.partial import is_partial_file
from subtitled.subtitles.publish import compute_sha256

from .schema import sidecars
from .sidecar_records import SidecarRecord, SidecarStatus, sidecar_from_row
from .signatures import SignatureStore


class SidecarOwnership:
    """What the ``sidecars`` table and the stored signatures say of the files on disk."""

    def __init__(self, engine: sa.Engine, signatures: SignatureStore) -> None:
        self._engine = engine
        self._signatures = signatures

    def get(self, path: Path) -> SidecarRecord | None:
        """Return the record of a sidecar, or None. The file itself may have been edited."""
        with self._engine.connect() as c:
            return fetch_sidecar(c, path)

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
        return self.inspect(path, fingerprint, digest)[0]

    def approval(self, path: Path, fingerprint: str | None = None) -> Signature | None:
        """Return the signature of a sidecar that a person approved; None if it is not approved.

        The arguments are those of :meth:`ownership`.
        """
        owner, _, signature = self.inspect(path, fingerprint)
        return signature if owner is Ownership.APPROVED else None

    def is_ours(self, path: Path) -> bool:
        """Return whether a sidecar is as we wrote it, whole or partial."""
        return self.ownership(path) in (Ownership.OURS, Ownership.PARTIAL)

    def own_digest(self, path: Path, fingerprint: str) -> str | None:
        """Return the SHA-256 of a sidecar that may be replaced, or None.

        It is ours, whole or partial, or outdated.
        """
        owner, digest, _ = self.inspect(path, fingerprint)
        replaceable = (Ownership.OURS, Ownership.OUTDATED, Ownership.PARTIAL)
        return digest if owner in replaceable else None

    def inspect(
        self, path: Path, fingerprint: str | None, digest: str | None = None
    ) -> tuple[Ownership, str, Signature | None]:
        """Return the ownership of a file, its SHA-256 and its signature.

        The arguments are those of :meth:`ownership`.
        """
        try:
            if digest is None:
                digest = compute_sha256(path) if is_regular_file(path) else None
        except OSError as error:
            if is_out_of_resources(error) or is_disk_error(error):
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
        owner = determine_ownership(path.name, digest, fingerprint, expected, signed)
        if owner in (Ownership.HUMAN, Ownership.EDITED) and is_partial_file(path):
            owner = Ownership.PARTIAL
        return owner, digest, signed


def fetch_sidecar(c: sa.Connection, path: Path) -> SidecarRecord | None:
    """Return the record of a sidecar in the caller's transaction, or None."""
    query = sa.select(sidecars).where(sidecars.c.path == os.fsencode(path))
    row = c.execute(query).mappings().first()
    return sidecar_from_row(row) if row is not None else None
