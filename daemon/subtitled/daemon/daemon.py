"""The daemon: it watches libraries, plans and runs jobs, and notifies servers and people."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from subtitled.config.load import Configuration
from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from subtitled.db.kv import NEXT_SCAN_KEY, WATCH_MODE_KEY
from subtitled.db.records import FileState
from subtitled.jobcontext.counters import Counters
from subtitled.jobs.planner import JobPlanner
from subtitled.jobs.runner import JobRunner
from subtitled.library.ingest import Ingest
from subtitled.library.paths import library_containing
from subtitled.library.watcher import LibraryWatcher
from subtitled.notify.media_servers import MediaServerDispatcher
from subtitled.plugin import SubtitledError
from subtitled.plugin.paths import display_path

from .answers.upgrades import request_configured_upgrades
from .commands import CommandDispatcher
from .health import HealthMonitor
from .item_lookup import ServerLookup
from .library_worker import LibraryWorker
from .process import ServiceProcess
from .review_notices import CHECK_SECONDS, ReviewNotices
from .scheduler import Scheduler
from .set_delivery import SetDelivery
from .systemd import Systemd
from .worker_runtime import WorkerRuntime
from .workers import purge_lost

if TYPE_CHECKING:
    from .audio_requests.service import AudioRequests
    from .reviews.passage_worker import PassageWorker

_log = logging.getLogger(__name__)

_WAITING_STATES = (FileState.QUEUED, FileState.STABILISING, FileState.GROWING, FileState.WAITING)
"""States of files that wait to be processed."""
KEEP_ENDED_SECONDS = 7 * 24 * 3600.0
"""Seconds after which a finished job, or a worker that was lost, is purged."""
MIN_REPORTED_WAIT_SECONDS = 600.0
"""Seconds until the next scan from which its time is stored. A shorter wait is not stored."""
STOP_SECONDS = 2.0
"""Seconds that the thread of audio requests may take to stop, once its engines are closed."""
ERROR_WAIT_SECONDS = 60.0
"""Seconds until a scan that failed is retried."""


class BackgroundService(Protocol):
    """A service of another package that runs beside the daemon, such as the HTTP port."""

    def start(self) -> None:
        """Start the service.

        Raises:
            SubtitledError: The service cannot start. The daemon runs without it.
        """

    def stop(self) -> None:
        """Stop within seconds. This is called even if :meth:`start` failed."""


ServiceFactory = Callable[
    [Configuration, Database, HealthMonitor, "AudioRequests | None"], BackgroundService | None
]
"""Creates a background service, or None if the configuration does not ask for it."""


class Daemon(ServiceProcess):
    """The daemon with one configuration. A reload creates another one."""

    def __init__(
        self,
        configuration: Configuration,
        db: Database,
        systemd: Systemd,
        counters: Counters,
        web: ServiceFactory | None = None,
    ) -> None:
        super().__init__(systemd)
        self._configuration = configuration
        self._db = db
        self._last_seen = ("", "")
        self._libraries = configuration.settings.libraries
        self._ingest = Ingest(db, self._libraries)
        self._runtime = WorkerRuntime(configuration, db, counters, on_playback=self._on_playback)
        self._runner = self._runtime.runner
        self._planner = JobPlanner(self._runner)
        self._media_servers = MediaServerDispatcher(configuration, db)
        self._notifiers = self._runner.results.notifications
        self._scheduler = Scheduler(len(self._libraries))
        self._watcher = LibraryWatcher(self._libraries, self._on_path_changed, self._request_scan)
        self._scans_requested: set[str] = set()
        self._library_workers: dict[str, LibraryWorker] = {}
        self._delivery = SetDelivery(configuration, db)
        self._commands = CommandDispatcher(
            db=db,
            libraries=self._libraries,
            planner=self._planner,
            library_workers=self._library_workers,
            server_lookup=ServerLookup(configuration, db.commands),
            request_scan=self._request_scan,
        )
        for name in self._libraries:
            self._library_workers[name] = LibraryWorker(
                name,
                db,
                self._ingest,
                self._planner,
                self._commands.completed,
                self._work_while_idle,
            )
        self._health = HealthMonitor(
            configuration,
            db,
            counters,
            active_jobs=lambda: len(self._runner.active_jobs),
            unavailable_libraries=lambda: self._ingest.availability.unavailable,
        )
        self._audio_requests = _build_audio_requests(configuration, self._runner)
        self._passages = _build_passage_worker(configuration, self._runner)
        self._web = (
            web(configuration, db, self._health, self._audio_requests) if web is not None else None
        )

    def start(self) -> None:
        """Start the threads, the scans and the HTTP port."""
        self._delivery.finish_interrupted()  # A scan must not see half of a set.
        for name, library in self._libraries.items():
            _log.info("library %s: %s", name, library.path)
            self._scheduler.add_scan(name, self._scan_interval, self._scan_library)
            self._scheduler.add_watch_check(name, self._supervise_watcher)
        for component in self._configuration.unavailable:
            _log.error("%s", component)
        self._scheduler.add_daily_cleanup(self._clean_up)
        notices = ReviewNotices(self._configuration, self._db, self._notifiers.enqueue)
        if notices.is_wanted:
            self._scheduler.add_review_notices(CHECK_SECONDS, notices.check)
        self._runtime.start()
        self._media_servers.start()
        self._notifiers.start()
        self._planner.start()
        request_configured_upgrades(self._configuration, self._db)
        for library_worker in self._library_workers.values():
            library_worker.start()
        self._scheduler.start()
        if self._audio_requests is not None:
            self._audio_requests.start()
        if self._passages is not None:
            self._passages.start()
        if self._web is not None:
            try:
                self._web.start()
            except SubtitledError as error:
                _log.error("%s", error)  # subtitles are made without the port as well

    def tick(self) -> None:
        """Do what is due in the main loop."""
        self._health.heartbeat()
        if self._scheduler.detect_clock_change():
            _log.warning("the system clock changed; re-scheduling all scans")
        blocked = self._runner.gate.blocked_for_all()
        current = (self._db.kv.data_version(), blocked.reason if blocked else "")
        if current != self._last_seen:
            self._commands.poll()
            self._notifiers.poll()  # a worker may have added notifications
            self.systemd.status(self._status_line())
            self._last_seen = current
        self._planner.reconcile()
        self._runtime.tick()

    @property
    def _scan_interval(self) -> float:
        return self._configuration.settings.daemon.scan_interval

    def _on_path_changed(self, path: Path) -> None:
        name = library_containing(path, self._libraries)
        if name is not None:
            self._library_workers[name].path_changed(path)

    def _request_scan(self, library: str) -> None:
        """Scan a library now, or again when the scan in progress has ended."""
        self._scans_requested.add(library)
        self._scheduler.scan_in(library, 0.0)

    def _scan_library(self, library: str) -> None:
        is_requested = library in self._scans_requested
        self._scans_requested.discard(library)
        begin = time.monotonic()
        try:
            report = self._ingest.scan(library)
        except Exception:  # noqa: BLE001 - logged
            if not self.stop_reason:
                _log.exception("library %s: the scan failed; it is retried later", library)
                self._scheduler.scan_in(library, ERROR_WAIT_SECONDS)
            return
        scan_seconds = time.monotonic() - begin
        if self.stop_reason:
            return
        if report.new:  # among them are files of what was another library
            self._planner.requeue_outdated(library)
        # A polled library is scanned each minute, mostly without a change.
        is_noteworthy = is_requested or report.new or report.changed or report.missing
        level = logging.INFO if is_noteworthy else logging.DEBUG
        _log.log(level, "scanned %s in %.1f s: %s", library, scan_seconds, report)
        self._library_workers[library].wake()
        wait = self._watcher.next_scan_in(library, scan_seconds, self._scan_interval)
        if library in self._scans_requested:
            # Pause as long as a scan takes, in case events are lost all the time.
            wait = scan_seconds
        self._scheduler.scan_in(library, max(1.0, wait))
        if wait >= MIN_REPORTED_WAIT_SECONDS:
            self._db.kv.set(f"{NEXT_SCAN_KEY}{library}", f"{time.time() + wait:.0f}")

    def _supervise_watcher(self, library: str) -> None:
        if self._watcher.supervise(library):
            self._request_scan(library)
            self._db.kv.set(f"{WATCH_MODE_KEY}{library}", self._watcher.describe(library))

    def _work_while_idle(self, library: str, limit: int) -> int:
        """Do what a library wants with finished files, else examine some. Return how many."""
        return self._delivery.deliver(library) or self._planner.examine_pending(library, limit)

    def _clean_up(self) -> None:
        before = time.time() - KEEP_ENDED_SECONDS
        purged = self._planner.queue.purge_ended(int(before * 1000))
        _log.info("purged %d finished jobs", purged)
        purge_lost(self._configuration, self._db, before)
        self._db.history.prune()
        self._db.reviews.prune()
        self._db.judgements.prune()
        request_configured_upgrades(self._configuration, self._db)

    def _on_playback(self, paths: Sequence[Path]) -> None:
        """Prioritise files that are being played, and the next episodes, if they still wait."""
        for path in paths:
            record = self._db.files.get(path)
            if record is not None and record.state in _WAITING_STATES:
                library = self._libraries.get(record.library)
                is_served = library is not None and library.subtitle_while_playing
                self._db.commands.enqueue(
                    CommandKind.PLAYBACK_STARTED if is_served else CommandKind.PRIORITISE_WATCHING,
                    path,
                )
            for following in self._planner.find_next_episodes(path):
                self._db.commands.enqueue(CommandKind.PRIORITISE_WATCHING, following)

    def _status_line(self) -> str:
        counts = self._db.states.count_by_state()
        working = next(iter(self._db.states.by_state(FileState.WORKING)), None)
        waiting = sum(counts.get(state, 0) for state in _WAITING_STATES)
        if waiting and (blocked := self._runner.gate.blocked_for_all()) is not None:
            return f"{blocked.reason[0].upper()}{blocked.reason[1:]}; {waiting} waiting"
        if working is not None:
            name = display_path(working.path.name)
            return f"{name}: {working.progress or 'starting'}; {waiting} waiting"
        return f"Idle; {waiting} waiting" if waiting else "Idle"

    def shutdown(self) -> None:
        """Stop the HTTP port, the threads and the jobs."""
        if self._audio_requests is not None:
            self._audio_requests.request_stop()
        if self._passages is not None:
            self._passages.request_stop()
        if self._web is not None:
            self._web.stop()
        for library_worker in self._library_workers.values():
            library_worker.request_stop()
        self._ingest.stop()
        self._scheduler.stop()
        self._watcher.stop()
        self._media_servers.stop()
        self._notifiers.stop()
        self._runtime.stop()
        if self._audio_requests is not None:
            self._audio_requests.join(STOP_SECONDS)  # the next one empties its scratch folder
        if self._passages is not None:
            self._passages.join(STOP_SECONDS)


def _build_audio_requests(configuration: Configuration, runner: JobRunner) -> AudioRequests | None:
    """Create what answers programs that send audio, if it is wanted. Its code is imported then."""
    if not configuration.settings.web.asr.enabled:
        return None
    from .audio_requests.service import AudioRequests

    return AudioRequests(configuration, runner)


def _build_passage_worker(configuration: Configuration, runner: JobRunner) -> PassageWorker | None:
    """Create what asks engines about passages of reviews, if there is a port for people."""
    if not configuration.settings.web.is_enabled:
        return None
    from .reviews.passage_worker import PassageWorker

    return PassageWorker(runner)
