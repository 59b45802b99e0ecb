"""Counters of what was done since the daemon started. They only grow."""

from __future__ import annotations

import threading


class Counters:
    """Counters by name and label, shared by threads."""

    def __init__(self) -> None:
        self._amounts: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def add(self, name: str, label: str, amount: float = 1.0) -> None:
        """Add to a counter, such as ``("audio_seconds", "whisper")``."""
        with self._lock:
            self._amounts[name, label] = self._amounts.get((name, label), 0.0) + amount

    def by_label(self, name: str) -> dict[str, float]:
        """Return all amounts of a name by label."""
        with self._lock:
            return {label: amount for (of, label), amount in self._amounts.items() if of == name}
