"""Jobs and the ledger: what is queued, worked on and remembered of each file."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from subtitled.config.settings import LibrarySettings
from subtitled.library.identity import content_id
from subtitled.library.ledger import Ledger
from subtitled.library.records import URGENT, FileRecord, FileState
from subtitled.media.probe import probe
from subtitled.plugin import Event, Failed, Finished, Problem, Temporary

from .child import Stopping
from .durable import CANCELLED, Durable, Queue
from .making import Job, Outcome, Workshop, make
from .planning import examine, settings_digest
from .retries import after
from .telling import WAITS, announce, message, servers_of, tell_server

_log = logging.getLogger(__name__)

PAUSED = "paused"
"""The control in the ledger that halts work at the next stretch."""


class Jobs:
    """Plans files, queues them, works on them and writes down what became of them."""

    def __init__(self, shop: Workshop, database: Path) -> None:
        self._shop = shop
        self._ledger: Ledger = shop.ledger
        self._libraries = shop.configuration.settings.libraries
        self._stopping = threading.Event()
        self.queue = Queue(database, self._work, self._tell)

    def start(self) -> None:
        """Begin with what an earlier life left; what it lost is planned anew."""
        self.queue.start()
        for name, library in self._libraries.items():
            changed = self._ledger.stale(name, settings_digest(self._shop.configuration, library))
            if changed:
                _log.info("library %s: settings changed, %d files looked at anew", name, changed)
        live = set()
        for state in (FileState.QUEUED, FileState.WORKING):
            for record in self._ledger.in_state(state):
                if record.job_id and self.queue.is_live(record.job_id):
                    live.add(record.content_id)
                else:
                    self._ledger.settle(record.id)
        for left in self._shop.scratch.glob("*"):
            if left.name.split("-")[0] not in live:
                left.unlink(missing_ok=True)

    def stop(self) -> None:
        """Leave everything where it is, for the next life."""
        self._stopping.set()
        self._shop.engines.close()
        self.queue.stop()

    def plan(self, record: FileRecord) -> None:
        """Look at a settled file and queue it, or write down why not."""
        library = self._libraries[record.library]
        digest = settings_digest(self._shop.configuration, library)
        try:
            content = content_id(record.path)
            seen = examine(
                record.path,
                probe(record.path),
                library,
                self._shop.configuration,
                content=content,
                transcripts=self._shop.transcripts,
                ours=self._ledger.sidecars.is_ours,
            )
        except FileNotFoundError:
            self._ledger.forget(record.id)
            return
        except OSError as error:
            problem = Temporary(f"{_shown(record.path)} cannot be read: {error.strerror}")
            self._failed(record, problem, digest)
            return
        except Problem as problem:
            self._failed(record, problem, digest)
            return
        decision = seen.decision
        if decision.make or decision.needs_listening:
            job_id = f"{content[:16]}-{time.time_ns():x}"
            # The ledger first: a crash in between leaves a job that start() finds missing.
            self._ledger.set_state(
                record.id,
                FileState.QUEUED,
                reason="; ".join(decision.reasons),
                content_id=content,
                job_id=job_id,
                settings_digest=digest,
            )
            self.queue.put(job_id, record.id, content, record.priority)
            return
        state = FileState.UNSATISFIABLE if decision.impossible else FileState.NOTHING_TO_DO
        reason = "; ".join(decision.impossible or decision.reasons)
        self._ledger.set_state(
            record.id, state, reason=reason, content_id=content, settings_digest=digest
        )

    def again(self, record: FileRecord, *, first: bool = False) -> None:
        """Have a file looked at anew, or put first in the queue."""
        if record.job_id and self.queue.is_live(record.job_id):
            if not first or record.state is FileState.WORKING:
                return
            self.queue.cancel(record.job_id)
        self._ledger.settle(record.id, URGENT)

    def cancel(self, record: FileRecord) -> None:
        """Take a file off the queue and leave it alone until somebody asks for it."""
        if record.job_id:
            self.queue.cancel(record.job_id)
        self._ledger.set_state(
            record.id,
            FileState.FAILED,
            reason="cancelled by hand",
            cure=f"Run: subtitled queue retry {_shown(record.path)}",
        )

    def _work(self, file_id: int, content: str) -> None:
        """One durable workflow. Ledger writes may be repeated after a crash, and bear it."""
        record = self._ledger.by_id(file_id)
        if record is None or record.content_id != content or record.library not in self._libraries:
            return
        library = self._libraries[record.library]
        job = Job(record.path, library, content)
        steps = Durable(self._gate)
        self._ledger.set_state(file_id, FileState.WORKING)
        digest = record.settings_digest or settings_digest(self._shop.configuration, library)
        try:
            outcome = make(job, self._shop, steps)
        except Problem as problem:
            self._failed(record, problem, digest)
        except CANCELLED:
            self._clean(content)
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the others
            _log.exception("%s: unexpected error", _shown(record.path))
            fault = Temporary(
                f"unexpected error: {type(error).__name__}: {error}",
                "This is a fault of subtitled: please report it with the log",
            )
            self._failed(record, fault, digest)
        else:
            self._ended(record, library, outcome, digest)
        self._clean(content)

    def _ended(
        self, record: FileRecord, library: LibrarySettings, outcome: Outcome, digest: str
    ) -> None:
        sidecars = tuple(published.sidecar for published in outcome.made)
        for name in servers_of(self._shop.configuration, library) if sidecars else ():
            self.queue.put_message(message(name, record.path, sidecars))
        _log.info("%s: %s", _shown(record.path), outcome.reason)
        self._ledger.set_state(
            record.id,
            outcome.state,
            reason=outcome.reason,
            spoken=outcome.spoken,
            settings_digest=digest,
        )
        finished = Finished(record.path, sidecars, outcome.reason)
        events: tuple[Event, ...] = (*outcome.made, finished)
        for event in events:
            announce(self._shop.configuration, event)

    def _failed(self, record: FileRecord, problem: Problem, digest: str) -> None:
        attempts = record.attempts + 1
        first_wait = self._shop.configuration.settings.daemon.retry_after
        then = after(problem, attempts, time.time(), first_wait)
        _log.warning("%s: %s", _shown(record.path), problem)
        self._ledger.set_state(
            record.id,
            then.state,
            reason=problem.what,
            cure=problem.cure,
            attempts=attempts,
            next_try_at=then.at,
            settings_digest=digest,
        )
        announce(self._shop.configuration, Failed(record.path, problem.what, problem.cure))

    def _tell(self, said: dict[str, Any]) -> None:
        """One durable message to a server; told later if the server is away."""
        key = f"server {said['server']}"
        try:
            Durable(self._gate).run("tell", lambda: tell_server(self._shop.configuration, said))
        except Problem as problem:
            _log.warning("%s: %s", said["server"], problem)
            self._ledger.mailbox.control(key, str(problem))
            attempt = said["attempt"]
            if isinstance(problem, Temporary) and attempt < len(WAITS):
                self.queue.put_message(said | {"attempt": attempt + 1}, WAITS[attempt])
        else:
            self._ledger.mailbox.control(key, None)

    def _gate(self) -> None:
        """Wait here while work is paused; leave when the daemon stops."""
        while not self._stopping.is_set():
            if not self._ledger.mailbox.get_control(PAUSED):
                return
            self._stopping.wait(1.0)
        raise Stopping

    def _clean(self, content: str) -> None:
        for left in self._shop.scratch.glob(f"{content}-*"):
            with contextlib.suppress(OSError):
                left.unlink()


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


def _shown(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
