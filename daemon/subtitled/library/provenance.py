"""Signatures of sidecars on file systems that keep no attributes: in the state folder.

One small file for each, found by the content of the medium and the hash of the sidecar, so that
neither a rename nor a lost ledger makes what we wrote look like somebody else's::

    provenance/ab/ab12...-9f86....json
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from subtitled.subtitles.ownership import Provenance, from_json, to_json
from subtitled.subtitles.publish import publish


class ProvenanceStore:
    """The signatures in one folder, which is made with the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, provenance: Provenance) -> None:
        """Remember durably. Raises :class:`~subtitled.plugin.Problem` when it cannot."""
        target = self._path(provenance.content_id, provenance.sha256)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            publish(target, to_json(provenance), ours=None)

    def find(self, content_id: str, sha256: str) -> Provenance | None:
        """What we wrote for a content with this hash, or None."""
        return _read(self._path(content_id, sha256))

    def all(self) -> Iterator[Provenance]:
        """Everything that is remembered here."""
        for path in self._folder.glob("*/*.json"):
            if (known := _read(path)) is not None:
                yield known

    def _path(self, content_id: str, sha256: str) -> Path:
        return self._folder / content_id[:2] / f"{content_id}-{sha256[:32]}.json"


def _read(path: Path) -> Provenance | None:
    try:
        return from_json(path.read_bytes())
    except OSError:
        return None
