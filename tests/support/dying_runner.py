"""A step runner that dies at a step, and goes on from what was stored before."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


class DyingRunner:
    """Runs steps as the daemon does: it dies at one, and takes the results before it as stored."""

    def __init__(
        self,
        stored: list[tuple[str, Any]],
        dies_at: int | None,
        *,
        after: bool,
        error: type[BaseException] = KeyboardInterrupt,
    ) -> None:
        """Create a runner.

        Args:
            stored: The names and results of the steps that ended before.
            dies_at: The number of the step at which it dies; None for none.
            after: Whether that step is done, and only its result lost.
            error: What it dies of.
        """
        self.stored = stored
        self.begun = 0
        self.dies_at = dies_at
        self.after = after
        self._error = error

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """Run a step, or return the result that is stored."""
        number, self.begun = self.begun, self.begun + 1
        if number < len(self.stored):
            known, result = self.stored[number]
            assert known == name, "the work takes the same way as before the crash"
            return result
        if number == self.dies_at:
            if self.after:
                function()
            raise self._error
        self.stored.append((name, json.loads(json.dumps(function()))))
        return self.stored[-1][1]

    def checkpoint(self, engine: str = "") -> None:
        """Wait for nothing."""
        return
