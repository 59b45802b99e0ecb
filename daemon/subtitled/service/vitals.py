"""What the daemon knows of itself while it lives: its metrics, and how it is."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.jobcontext.counters import Tally
from subtitled.library.ledger import Ledger

from .health import Health, Vital, judge
from .metrics import Facts, exposition, facts_of

PROBE = bytes(4096)
"""What is written to see whether anything can be: a full disk still makes empty files."""


class Vitals:
    """Asked from any thread; only :meth:`beat` is the main loop's."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        tally: Tally,
        jobs: Callable[[], int],
        away: Callable[[], Iterable[str]],
    ) -> None:
        """``jobs`` says how many are in work, ``away`` which libraries were last found so: nobody
        waits here for a share that hangs."""
        self._configuration = configuration
        self._ledger = ledger
        self._tally = tally
        self._jobs = jobs
        self._away = away
        self._last_beat = time.monotonic()

    def beat(self) -> None:
        """The main loop has turned."""
        self._last_beat = time.monotonic()

    def metrics(self) -> str:
        """As Prometheus reads them."""
        return exposition(self._facts())

    def health(self) -> Health:
        """How it is now."""
        facts, readable = Facts(files={}), True
        try:
            facts = self._facts()
        except Exception:  # noqa: BLE001 - whatever it is, it is not well
            readable = False
        return judge(
            Vital(
                time.monotonic() - self._last_beat,
                state_writable=_is_writable(self._ledger.path.parent),
                ledger_readable=readable,
                broken=[str(broken) for broken in self._configuration.broken],
                away=sorted(self._away()),
                engines_down=[name for name, is_open in facts.breakers.items() if is_open],
                servers_down=[name for name, is_up in facts.servers.items() if not is_up],
            )
        )

    def _facts(self) -> Facts:
        return facts_of(self._configuration, self._ledger, self._tally, self._jobs())


def _is_writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            return file.write(PROBE) == len(PROBE)
    except OSError:
        return False
