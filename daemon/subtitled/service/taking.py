"""Taking files of one library: what was told of them, what has settled, what is to be planned."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from subtitled.library.intake import Intake
from subtitled.library.ledger import Ledger
from subtitled.library.mailbox import LOOK, AskedFor
from subtitled.library.records import FileRecord
from subtitled.media.run import Stopping

_log = logging.getLogger(__name__)

GATHER = 0.1
"""Seconds for which what is told is gathered: ten thousand events of a file are then one."""
GATHER_SHARE = 5.0
"""It is gathered for so many times as long as it took to take in what came before."""
LONGEST_REST = 30.0
"""Seconds between two looks at the ledger, whatever it says: others write into it as well."""
SHORTEST_REST = 1.0
"""Seconds between two looks that found nothing, though something is due."""
AFTER_ERROR = 10.0
"""Seconds after something went wrong, such as a full disk."""
PLANNED_FOR = 1.0
"""Seconds of planning between two looks at what is most urgent."""


class Taking(threading.Thread):
    """A thread for each library, so that a share that hangs holds up none but its own files."""

    def __init__(
        self,
        library: str,
        ledger: Ledger,
        intake: Intake,
        plan: Callable[[FileRecord], None],
        looked: Callable[[Sequence[AskedFor]], None] = lambda asked: None,
    ) -> None:
        """``plan`` is given each file that has settled, ``looked`` what was asked for, once the
        path was looked at."""
        super().__init__(name=f"taking {library}", daemon=True)
        self._library = library
        self._ledger = ledger
        self._intake = intake
        self._plan = plan
        self._looked = looked
        self._asked: list[AskedFor] = []
        self._told: dict[Path, None] = {}
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._ending = threading.Event()

    def told(self, path: Path) -> None:
        """Something happened to a path; it is looked at once, however often this is said."""
        with self._lock:
            self._told[path] = None
        self._woken.set()

    def asked(self, request: AskedFor) -> None:
        """Somebody asks for something about a path, which may not be known, nor lie where it seems.

        It is answered in this thread, which plans as well: what comes first is not planned by what
        was known of it before.
        """
        with self._lock:
            self._asked.append(request)
        self._woken.set()

    def wake(self) -> None:
        """The ledger has something new."""
        self._woken.set()

    def end(self) -> None:
        """Ask for the end, without waiting: a file system may hang."""
        self._ending.set()
        self._woken.set()

    def run(self) -> None:
        rest = gather = 0.0
        while not self._ending.is_set():
            try:
                self._woken.wait(rest)
                self._woken.clear()
                if self._told or self._asked:
                    self._ending.wait(max(GATHER, gather))
                    gather = GATHER_SHARE * self._take_in()
                rest = self._plan_what_is_due()
            except Stopping:
                return
            except Exception:  # noqa: BLE001 - logged
                if self._ending.is_set():
                    return
                _log.exception("library %s: it is tried again in a while", self._library)
                rest = AFTER_ERROR

    def _take_in(self) -> float:
        """Take in what was told; how many seconds that took."""
        with self._lock:
            paths, self._told = list(self._told), {}
            asked, self._asked = self._asked, []
        begin = time.monotonic()
        try:
            self._intake.noticed(*paths, *self._unknown(asked))
            if asked:
                self._looked(asked)
        except Exception:
            with self._lock:
                self._told = dict.fromkeys(paths) | self._told
                self._asked = asked + self._asked
            raise
        return time.monotonic() - begin

    def _unknown(self, asked: Iterable[AskedFor]) -> Iterator[Path]:
        """The paths that are to be looked at before anything can be answered."""
        for one in asked:
            if one.path is not None and (one.kind == LOOK or self._ledger.get(one.path) is None):
                yield from self._intake.confined([one.path])

    def _plan_what_is_due(self) -> float:
        """Plan the most urgent of what has settled; in how many seconds to look again."""
        begin = time.monotonic()
        due = self._intake.due(time.time(), [self._library])
        for record in due:
            if self._ending.is_set():
                return 0.0
            self._plan(record)
            if self._told or self._asked or time.monotonic() - begin > PLANNED_FOR:
                return 0.0
        if due:
            return 0.0
        at = self._ledger.next_due(self._library)
        if at is None:
            return LONGEST_REST
        left = at - time.time()
        return min(LONGEST_REST, left) if left > 0 else SHORTEST_REST
