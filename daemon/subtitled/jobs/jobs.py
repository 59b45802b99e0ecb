"""Planning: what is queued of each file, what is called off, what is looked at anew."""

from __future__ import annotations

import logging
import time
from typing import Any

from subtitled.config.settings import LibrarySettings
from subtitled.library.following import follow
from subtitled.library.ledger import Ledger
from subtitled.library.records import AT_WORK, DECIDED, URGENT, FileRecord, FileState
from subtitled.library.sidecars import Fate
from subtitled.library.withdrawal import Withdrawal
from subtitled.media.probe import probe
from subtitled.media.problems import unreadable
from subtitled.pipeline.planning import Examination, examine, settings_digest
from subtitled.plugin import Problem

from .outcomes import shown
from .working import Working

_log = logging.getLogger(__name__)


class Jobs:
    """Plans files, queues them, and finds jobs that were lost."""

    def __init__(self, working: Working) -> None:
        services = working.services
        self._services = services
        self._ledger: Ledger = services.db
        self._libraries = services.config.settings.libraries
        self._working = working
        self._outcomes = working.outcomes
        self.queue = working.queue
        self._suspects: set[int] = set()

    def start(self) -> None:
        """What an earlier life lost is planned anew, and what other settings decided."""
        for name, library in self._libraries.items():
            changed = self._ledger.stale(name, settings_digest(self._services.config, library))
            if changed:
                _log.info("library %s: settings changed, %d files looked at anew", name, changed)
            changed = self._ledger.stale_failures(name, self._outcomes.makers[name])
            if changed:
                _log.info("library %s: engines changed, %d files looked at anew", name, changed)
        self._ledger.wake()  # hours and engines may be others now
        live = self.queue.live()
        for record in list(self._ledger.in_state(*AT_WORK)):
            if record.job_id not in live:
                self._ledger.settle(record.id)

    def take_up_lost(self) -> None:
        """Plan anew what was lost while ledger or queue could not be written: on a full disk.

        Costs nothing at other times. A job that is lost at two looks in a row is lost; one look
        may fall between its being taken off the queue and its being begun. What another process
        works on is not lost: that one says so itself.
        """
        if not self._working.doubtful.is_set():
            return
        live, here = self.queue.live(), self._working.name
        lost = {
            record.id: record.job_id or ""
            for record in self._ledger.in_state(*AT_WORK)
            if record.job_id not in self._working.in_work
            and live.get(record.job_id or "", here) == here
        }
        for file_id in lost.keys() & self._suspects:
            self.queue.cancel(lost[file_id])
            self._ledger.settle(file_id)
        if not lost.keys() - self._suspects:
            self._working.doubtful.clear()
        self._suspects = lost.keys() - self._suspects

    def doubt(self) -> None:
        """Have :meth:`take_up_lost` look: a process could not write down what became of a job."""
        self._working.doubtful.set()

    def plan(self, record: FileRecord) -> None:
        """Look at a settled file and queue it, or write down why not."""
        library = self._libraries[record.library]
        closed = self._working.door.for_library(record.library)
        if closed is not None:
            self._working.admission.set_aside(record, closed)
            return
        digest = settings_digest(self._services.config, library)
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

    def again(self, record: FileRecord) -> None:
        """Have a file looked at anew, because a person asked: nothing that is remembered of it, or
        of its content, stands in the way any more. What waits or is worked on stays."""
        if self._at_work(record) or record.state is FileState.MISSING:
            return
        for sidecar in self._ledger.sidecars.of_medium(record.path):
            if sidecar.fate is Fate.TAKEN_BACK:
                self._ledger.sidecars.forget(sidecar.path)
        if record.content_id is not None:
            self._services.store.forget_listened(record.content_id)
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
        """Take a file off the queue and leave it alone until somebody asks for it. One that rests
        already stays what it is."""
        if record.state in DECIDED or record.state is FileState.MISSING:
            return
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
            self._services.config,
            content=content,
            transcripts=self._services.store,
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
            worker=None,
            priority=priority,
            **values,
        )
        try:
            self.queue.put(job_id, record.id, content, priority)
        except Exception:
            self._working.doubtful.set()
            raise
