"""How far the work on a file is, for ``status`` and ``explain``."""

from __future__ import annotations

import time
from collections.abc import Callable

from subtitled.library.ledger import Ledger

from .making import Job


def ledger_progress(ledger: Ledger, every: float = 1.0) -> Callable[[Job, str, float], None]:
    """A progress listener that writes into the ledger, at most once in ``every`` seconds."""
    last: tuple[float, str] = (0.0, "")

    def tell(job: Job, what: str, share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if what != last[1] or now - last[0] >= every:
            last = (now, what)
            ledger.set_progress(job.medium, f"{what} ({share:.0%})" if share else what)

    return tell
