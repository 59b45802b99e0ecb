"""Signatures of sidecars, as files in the state folder.

They are used where the file system of a library has no extended attributes. A signature is found
by the fingerprint of the media file and the hash of the sidecar. A sidecar of ours is therefore
recognised after a rename or the loss of the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from subtitled.plugin import InputRejectedError
from subtitled.plugin.limits import MAX_RECORD_BYTES, read_file
from subtitled.subtitles.ownership import Signature, from_json, to_json
from subtitled.subtitles.publish import compute_sha256, publish_sidecar


class SignatureStore:
    """The folder of signatures, ``signatures/ab/ab12...-9f86....json``.

    It is created with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, signature: Signature) -> None:
        """Store a signature durably. An approved sidecar's one replaces what is there.

        Raises:
            SubtitledError: It cannot be written.
        """
        target = self._path(signature.fingerprint, signature.sha256)
        if not target.exists() or signature.approved is not None:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            publish_sidecar(target, to_json(signature), own_digest=compute_sha256(target))

    def delete(self, fingerprint: str, sha256: str) -> None:
        """Delete the signature of a sidecar, if it is there."""
        self._path(fingerprint, sha256).unlink(missing_ok=True)

    def find(self, fingerprint: str, sha256: str) -> Signature | None:
        """Return the signature of a sidecar, or None.

        It is found by the sidecar's hash and the fingerprint of its media file.
        """
        return _read_signature(self._path(fingerprint, sha256))

    def all(self) -> Iterator[Signature]:
        """Yield every stored signature."""
        for path in self._folder.glob("*/*.json"):
            if (signature := _read_signature(path)) is not None:
                yield signature

    def _path(self, fingerprint: str, sha256: str) -> Path:
        return self._folder / fingerprint[:2] / f"{fingerprint}-{sha256[:32]}.json"


def _read_signature(path: Path) -> Signature | None:
    try:
        return from_json(read_file(path, MAX_RECORD_BYTES))
    except (OSError, InputRejectedError):
        return None
