"""Plans of whole libraries, made in the background by the configuration file as it is now.

So an admin sees what a change would make before the daemon takes it over.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from itertools import islice

from subtitled.config.errors import ConfigurationError
from subtitled.config.load import Configuration, load_config
from subtitled.config.reference import settings_digest
from subtitled.db.database import Database
from subtitled.plugin.redaction import hide_secrets

from .answers.plan import PlanAnswer, PlanRow, find_media, plan_files

_log = logging.getLogger(__name__)

MAX_FILES = 2000
"""Most files of one plan. Each that the daemon is not done with is probed."""
MAX_SECONDS = 300.0
"""Seconds after which a plan ends with the files that it has."""


@dataclass(slots=True, kw_only=True)
class PlanRun:
    """The plan of one library, which grows until it has ended."""

    library: str
    started_at: float
    files: int = 0
    """How many files it is about, at most :data:`MAX_FILES`."""
    rows: list[PlanRow] = field(default_factory=list)
    has_more_files: bool = False
    """Whether the library has more files than the plan is about."""
    is_of_change: bool = False
    """Whether the file says something else than is in force."""
    has_ended: bool = False
    error: str = ""
    """Why there is no plan; empty if there is one."""

    @property
    def answer(self) -> PlanAnswer:
        """What is known so far."""
        return PlanAnswer(tuple(self.rows))


class PlanRuns:
    """The last plan of each library. One is made at a time."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self._configuration = configuration
        self._db = db
        self._lock = threading.Lock()
        self._runs: dict[str, PlanRun] = {}
        self._running: PlanRun | None = None

    def start(self, library: str) -> bool:
        """Begin the plan of a library. Returns False while another one is made."""
        with self._lock:
            if self._running is not None and not self._running.has_ended:
                return False
            run = PlanRun(library=library, started_at=time.time())
            self._runs[library] = self._running = run
        threading.Thread(target=self._make, args=(run,), name="plan", daemon=True).start()
        return True

    def last_of(self, library: str) -> PlanRun | None:
        """Return the last plan of a library; None if there is none since the daemon started."""
        with self._lock:
            return self._runs.get(library)

    def _make(self, run: PlanRun) -> None:
        try:
            self._add_rows(run)
        except ConfigurationError as error:
            run.error = str(error)
        except Exception as error:  # noqa: BLE001 - the page shows it, and the daemon goes on
            run.error = hide_secrets(f"{type(error).__name__}: {error}")
            _log.warning("the plan of the library %s failed: %s", run.library, error)
        finally:
            run.has_ended = True

    def _add_rows(self, run: PlanRun) -> None:
        configuration = load_config(self._configuration.path)
        run.is_of_change = settings_digest(configuration) != settings_digest(self._configuration)
        library = configuration.settings.libraries.get(run.library)
        if library is None:
            run.error = f"the file has no library {run.library} any more"
            return
        media_files = list(islice(find_media(configuration, [library.path]), MAX_FILES + 1))
        run.has_more_files = len(media_files) > MAX_FILES
        del media_files[MAX_FILES:]
        run.files = len(media_files)
        end = time.monotonic() + MAX_SECONDS
        for row in plan_files(configuration, self._db, media_files, skip_decided=True):
            run.rows.append(row)
            if time.monotonic() > end:
                run.has_more_files = True
                return
