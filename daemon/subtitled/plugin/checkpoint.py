"""Something to remember across a crash: a few values in a small file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A few texts under names, which outlive the process once :meth:`save` has returned.

    For what must not be done twice, such as a task that runs elsewhere and is paid for. It is
    stored as it is: never put a secret into it.
    """

    path: Path

    def load(self) -> dict[str, str]:
        """What was kept last; nothing if nothing was, or if it is damaged."""
        try:
            payload = json.loads(self.path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return payload if isinstance(payload, dict) else {}

    def save(self, **values: str) -> None:
        """Keep these values instead of what was kept; without any, forget."""
        if not values:
            self.path.unlink(missing_ok=True)
            return
        write_atomic(self.path, json.dumps(values).encode())


def write_atomic(target: Path, content: bytes) -> None:
    """Put a file in place so that a power cut leaves either nothing or all of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
