"""Working off the queue: jobs are taken, done and written down, by the daemon as by each worker."""

from __future__ import annotations

import contextlib
import logging
import threading
from functools import partial
from pathlib import Path

from sqlalchemy.exc import OperationalError

from subtitled.config.places import database as server
from subtitled.jobcontext.job import Job, JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.database import trouble
from subtitled.library.lineage import ancestors
from subtitled.library.records import AT_WORK, DAEMON
from subtitled.media.run import end_all
from subtitled.pipeline.pipeline import run_job
from subtitled.pipeline.planning import settings_digest
from subtitled.plugin import Problem, Published, Temporary

from .admission import Admission
from .door import Door, SetAside
from .durable import CANCELLED, TAKEN, Durable, Queue
from .halts import Halts
from .jobname import JOB
from .outcomes import Outcomes, shown

_log = logging.getLogger(__name__)


class Working:
    """The jobs of one process."""

    def __init__(
        self, services: Services, database: Path, name: str = DAEMON, halts: Halts | None = None
    ) -> None:
        """``name`` is this process's, ``database`` the queue's."""
        self.services = services
        self.name = name
        self._ledger = services.db
        settings = services.config.settings
        self._libraries = settings.libraries
        mailbox = services.db.mailbox
        self.door = Door(
            settings=settings,
            state=database.parent,
            mailbox=mailbox,
            halts=halts or Halts(mailbox, name),
            breakers=services.breakers,
        )
        self.doubtful = threading.Event()
        """Set when ledger or queue could not be written: the two may say different things."""
        self.in_work: set[str] = set()
        """The jobs that are worked on here, or wait for leave to be."""
        self.queue = Queue(database, self._work, name, server(settings))
        self.outcomes = Outcomes(services)
        self.admission = Admission(self.door, services.db, name)

    def start(self) -> None:
        """Begin with what an earlier life left; sound that it decoded for other jobs goes."""
        earlier = list(self.services.scratch.glob("*"))
        self.queue.start()
        live = self.queue.live()
        waiting = {
            record.content_id for record in self._ledger.in_state(*AT_WORK) if record.job_id in live
        }
        for left in earlier:
            if left.name.split("-")[0] not in waiting:
                left.unlink(missing_ok=True)

    def stop(self) -> None:
        """Leave everything where it is, for the next life."""
        self.admission.close()
        self.services.engines.close()
        end_all()
        self.queue.stop()

    def give_back(self) -> None:
        """Queue again what was lost here while ledger or queue could not be written. Only while
        nothing is in work."""
        self.queue.hand_on(self.name)

    def _work(self, job_id: str, file_id: int, content: str) -> None:
        """One durable workflow. Whoever plans finds what it could not write down."""
        self.in_work.add(job_id)
        JOB.set(job_id)
        well = False
        try:
            self._work_on(job_id, file_id, content)
            well = True
        finally:
            self.in_work.discard(job_id)
            JOB.set("")
            if not well:
                self.doubtful.set()

    def _work_on(self, job_id: str, file_id: int, content: str) -> None:
        """The same. Ledger writes may be repeated after a crash, and bear it."""
        record = self._ledger.by_id(file_id)
        if record is None or record.job_id != job_id or record.library not in self._libraries:
            return  # called off: the file has changed or gone, or another job has taken over
        library = self._libraries[record.library]
        previous = ancestors(self._ledger, record)
        job = Job(record.path, library, content, previous_versions=previous)
        steps = Durable(partial(self.admission.gate, record))
        configuration = self.services.config
        digest = record.settings_digest or settings_digest(configuration, library)
        try:
            record = self.admission.begin(record, library.engines or tuple(configuration.engines))
            result = self._made(job, steps)
        except SetAside as aside:
            self.admission.set_aside(record, aside.closed)
        except Problem as problem:
            self.outcomes.failed(record, problem, digest)
        except (CANCELLED, TAKEN):
            self._clean(file_id, content)
            raise
        except OperationalError as error:
            self.outcomes.failed(record, Temporary(*trouble(error)), digest)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the others
            _log.exception("%s: unexpected error", shown(record.path))
            fault = Temporary(
                f"unexpected error: {type(error).__name__}: {error}",
                "This is a fault of subtitled: please report it with the log",
            )
            self.outcomes.failed(record, fault, digest)
        else:
            self.outcomes.ended(record, result, digest)
        self._clean(file_id, content)

    def _made(self, job: Job, steps: Durable) -> JobResult:
        """What becomes of a job. If it does not come to its end, what it published is told now: the
        next job of the file finds it there."""
        made: list[Published] = []
        try:
            return run_job(job, self.services, steps, made)
        except (Problem, SetAside):
            self.outcomes.published(made)
            raise

    def _clean(self, file_id: int, content: str) -> None:
        """Remove the decoded sound, unless another file of the same content needs it next."""
        if self._ledger.identities.at_work(content, file_id):
            return
        for left in self.services.scratch.glob(f"{content}-*"):
            with contextlib.suppress(OSError):
                left.unlink()
