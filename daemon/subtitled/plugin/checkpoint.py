"""Checkpoints: a few values that survive a crash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .files import write_atomic


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A small file of named texts. It survives a crash once :meth:`save` has returned.

    Use it for what must not happen twice, such as starting a remote task that costs money. The file
    is not encrypted: never save a secret.
    """

    path: Path
    """The file."""

    def load(self) -> dict[str, str]:
        """Read the saved values.

        Returns:
            The values of the last :meth:`save`. Empty if there are none, or if the file is damaged.
        """
        try:
            payload = json.loads(self.path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return payload if isinstance(payload, dict) else {}

    def save(self, **values: str) -> None:
        """Replace the saved values.

        Args:
            **values: The new values. Without any, the file is deleted, as by :meth:`clear`.

        Raises:
            OSError: The file cannot be written.
        """
        if not values:
            self.clear()
            return
        write_atomic(self.path, json.dumps(values).encode())

    def clear(self) -> None:
        """Delete the saved values.

        Raises:
            OSError: The file cannot be deleted.
        """
        self.path.unlink(missing_ok=True)
