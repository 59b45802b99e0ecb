"""Jobs and the ledger: what is queued, worked on and remembered of each file."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from subtitled.config.settings import LibrarySettings
from subtitled.library.following import follow
from subtitled.library.ledger import Ledger
from subtitled.library.lineage import ancestors
from subtitled.library.records import AT_WORK, URGENT, FileRecord, FileState
from subtitled.library.sidecars import Fate
from subtitled.library.withdrawal import Withdrawal
from subtitled.media.probe import probe
from subtitled.media.problems import unreadable
from subtitled.plugin import Problem, Temporary

from ..making import Job, Workshop, make
from ..planning import Examination, examine, settings_digest
from ..servers.teller import Teller
from .admission import Admission
from .door import Door, SetAside
from .durable import CANCELLED, Durable, Queue
from .halts import Halts
from .jobname import JOB
from .outcomes import Outcomes, shown

_log = logging.getLogger(__name__)


class Jobs:
    """Plans files, queues them, works on them and writes down what became of them."""

    def __init__(self, shop: Workshop, database: Path, halts: Halts | None = None) -> None:
        self._shop = shop
        self._ledger: Ledger = shop.ledger
        settings = shop.configuration.settings
        self._libraries = settings.libraries
        mailbox = shop.ledger.mailbox
        self.door = Door(
            *(settings, database.parent, mailbox, halts or Halts(mailbox), shop.breakers)
        )
        self._in_work: set[str] = set()
        self._doubtful = threading.Event()
        """Set when ledger or queue could not be written: the two may say different things."""
        self._suspects: set[int] = set()
        self.queue = Queue(database, self._work)
        self._outcomes = Outcomes(shop)
        self._teller = Teller(shop.configuration, shop.ledger)
        self._admission = Admission(self.door, shop.ledger)

    def start(self) -> None:
        """Begin with what an earlier life left; what it lost is planned anew."""
        self.queue.start()
        self._teller.start()
        self._outcomes.notifying.start()
        for name, library in self._libraries.items():
            changed = self._ledger.stale(name, settings_digest(self._shop.configuration, library))
            if changed:
                _log.info("library %s: settings changed, %d files looked at anew", name, changed)
            changed = self._ledger.stale_failures(name, self._outcomes.makers[name])
            if changed:
                _log.info("library %s: engines changed, %d files looked at anew", name, changed)
        self._ledger.wake()  # hours and engines may be others now
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
        self._admission.close()
        self._teller.stop()
        self._outcomes.notifying.stop()
        self._shop.engines.close()
        self.queue.stop()

    def take_up_lost(self) -> None:
        """Plan anew what was lost while ledger or queue could not be written: on a full disk.

        Costs nothing at other times. A job that is lost at two looks in a row is lost; one look
        may fall between its being taken off the queue and its being begun.
        """
        if not self._doubtful.is_set():
            return
        live = self.queue.live()
        lost = {
            record.id: record.job_id or ""
            for record in self._ledger.in_state(FileState.QUEUED, FileState.WORKING)
            if record.job_id not in self._in_work and live.get(record.job_id or "", True)
        }
        for file_id in lost.keys() & self._suspects:
            self.queue.cancel(lost[file_id])
            self._ledger.settle(file_id)
        if not lost.keys() - self._suspects:
            self._doubtful.clear()
        self._suspects = lost.keys() - self._suspects

    def plan(self, record: FileRecord) -> None:
        """Look at a settled file and queue it, or write down why not."""
        library = self._libraries[record.library]
        closed = self.door.for_library(record.library)
        if closed is not None:
            self._admission.set_aside(record, closed)
            return
        digest = settings_digest(self._shop.configuration, library)
        try:
            content = self._ledger.identities.content_of(record.path)
            if content != record.content_id:
                self._ledger.identities.keep_content(record.id, content)
            poison = follow(self._ledger, record, content, self.queue.cancel)
            if poison is not None and self._outcomes.quarantined_too(record, poison, digest):
                return
            seen = self._examine(record, library, content)
        except FileNotFoundError:
            self._ledger.settle(record.id)  # whoever looks next says whether it is missing
            return
        except OSError as error:
            self._outcomes.failed(record, unreadable(record.path, error), digest)
            return
        except Problem as problem:
            self._outcomes.failed(record, problem, digest)
            return
        decision = seen.decision
        if decision.is_work:
            reason = "; ".join(decision.reasons)
            self._put(record, content, record.priority, reason=reason, settings_digest=digest)
            return
        state = FileState.UNSATISFIABLE if decision.impossible else FileState.NOTHING_TO_DO
        reason = "; ".join(decision.impossible or decision.reasons)
        self._outcomes.remember(record, state, digest, reason=reason)

    @property
    def in_work(self) -> int:
        """How many jobs are worked on, or wait for leave to be."""
        return len(self._in_work)

    def again(self, record: FileRecord) -> None:
        """Have a file looked at anew, because a person asked: nothing that is remembered of it, or
        of its content, stands in the way any more. What waits or is worked on stays."""
        if self._at_work(record) or record.state is FileState.MISSING:
            return
        for sidecar in self._ledger.sidecars.of_medium(record.path):
            if sidecar.fate is Fate.TAKEN_BACK:
                self._ledger.sidecars.forget(sidecar.path)
        if record.content_id is not None:
            self._shop.transcripts.forget_listened(record.content_id)
            for other in self._ledger.identities.with_content(record.content_id):
                if other.state is FileState.QUARANTINED:
                    self._ledger.settle(other.id)
        self._ledger.settle(record.id, URGENT)

    def hurry(self, record: FileRecord, priority: int) -> None:
        """Somebody waits for a file. It moves up, never down; ten who ask are one job."""
        if record.state is FileState.MISSING:
            return
        if record.state in (FileState.SETTLING, FileState.GROWING):
            if priority < record.priority:
                self._ledger.identities.hurry(record.id, priority)
        elif not self._at_work(record):
            self._ledger.settle(record.id, min(priority, record.priority))
        elif record.state is FileState.QUEUED and priority < record.priority:
            assert record.job_id is not None
            assert record.content_id is not None
            self.queue.cancel(record.job_id)
            self._put(record, record.content_id, priority, reason=record.reason)

    def _at_work(self, record: FileRecord) -> bool:
        if record.state not in AT_WORK or record.job_id is None:
            return False  # the queue may not know yet that its job has ended
        return self.queue.is_live(record.job_id)

    def cancel(self, record: FileRecord) -> None:
        """Take a file off the queue and leave it alone until somebody asks for it."""
        if record.job_id:
            self.queue.cancel(record.job_id)
        self._ledger.set_state(
            record.id,
            FileState.FAILED,
            reason="cancelled by hand",
            cure=f"Run: subtitled queue retry {shown(record.path)}",
            job_id=None,
            settings_digest=None,
            makers_digest=None,
        )

    def _examine(self, record: FileRecord, library: LibrarySettings, content: str) -> Examination:
        """What is there and what is to be done; what of ours is needless by now is taken away."""
        sidecars = self._ledger.sidecars
        seen = examine(
            record.path,
            probe(record.path),
            library,
            self._shop.configuration,
            content=content,
            transcripts=self._shop.transcripts,
            sidecars=sidecars,
        )
        if library.yielding == "remove":
            spoken, rules = seen.spoken or seen.choice.track.language, library.existing
            withdrawal = Withdrawal(self._ledger)
            for path in withdrawal.give_way(record.path, seen.existing, spoken, rules):
                _log.info("%s: taken away, somebody else's came", shown(path))
        return seen

    def _put(self, record: FileRecord, content: str, priority: int, **values: Any) -> None:
        job_id = f"{content[:16]}-{time.time_ns():x}"
        # The ledger first: a crash in between leaves a job that start() finds missing.
        self._ledger.set_state(
            record.id,
            FileState.QUEUED,
            content_id=content,
            job_id=job_id,
            priority=priority,
            **values,
        )
        try:
            self.queue.put(job_id, record.id, content, priority)
        except Exception:
            self._doubtful.set()
            raise

    def _work(self, job_id: str, file_id: int, content: str) -> None:
        """One durable workflow. What it could not write down is found by :meth:`take_up_lost`."""
        self._in_work.add(job_id)
        JOB.set(job_id)
        well = False
        try:
            self._work_on(job_id, file_id, content)
            well = True
        finally:
            self._in_work.discard(job_id)
            JOB.set("")
            if not well:
                self._doubtful.set()

    def _work_on(self, job_id: str, file_id: int, content: str) -> None:
        """The same. Ledger writes may be repeated after a crash, and bear it."""
        record = self._ledger.by_id(file_id)
        if record is None or record.job_id != job_id or record.library not in self._libraries:
            return  # called off: the file has changed or gone, or another job has taken over
        library = self._libraries[record.library]
        earlier = ancestors(self._ledger, record)
        job = Job(record.path, library, content, earlier=earlier)
        steps = Durable(partial(self._admission.gate, record))
        digest = record.settings_digest or settings_digest(self._shop.configuration, library)
        try:
            self._admission.begin(
                record, library.engines or tuple(self._shop.configuration.engines)
            )
            outcome = make(job, self._shop, steps)
        except SetAside as aside:
            self._admission.set_aside(record, aside.closed)
        except Problem as problem:
            self._outcomes.failed(record, problem, digest)
        except CANCELLED:
            self._clean(file_id, content)
            raise
        except OperationalError as error:
            full = Temporary(
                f"the state folder cannot be written to: {error.orig}", "Make room there"
            )
            self._outcomes.failed(record, full, digest)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the others
            _log.exception("%s: unexpected error", shown(record.path))
            fault = Temporary(
                f"unexpected error: {type(error).__name__}: {error}",
                "This is a fault of subtitled: please report it with the log",
            )
            self._outcomes.failed(record, fault, digest)
        else:
            self._outcomes.ended(record, outcome, digest)
        self._clean(file_id, content)

    def _clean(self, file_id: int, content: str) -> None:
        """Remove the decoded sound, unless another file of the same content needs it next."""
        if self._ledger.identities.at_work(content, file_id):
            return
        for left in self._shop.scratch.glob(f"{content}-*"):
            with contextlib.suppress(OSError):
                left.unlink()
