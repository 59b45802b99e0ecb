"""What was done since the daemon began, in numbers that only grow."""

from __future__ import annotations

import threading


class Counters:
    """Counters by name and label; threads share it."""

    def __init__(self) -> None:
        self._amounts: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def add(self, name: str, label: str, amount: float = 1.0) -> None:
        """Count something of a kind, such as ``("audio_seconds", "whisper")``."""
        with self._lock:
            self._amounts[name, label] = self._amounts.get((name, label), 0.0) + amount

    def by_label(self, name: str) -> dict[str, float]:
        """All amounts of a name, by label."""
        with self._lock:
            return {label: amount for (of, label), amount in self._amounts.items() if of == name}
