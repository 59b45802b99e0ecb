"""What the daemon and every worker need to run jobs with one configuration."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from socket import gethostname

from subtitled.config.load import Configuration
from subtitled.config.paths import ensure_private_folder, resolve_state_dir
from subtitled.config.reference import settings_digest
from subtitled.db.database import Database
from subtitled.db.records import DAEMON_NAME
from subtitled.db.state_folder import QUEUE_FILE
from subtitled.jobcontext.counters import Counters
from subtitled.jobcontext.services import build_services
from subtitled.jobs.heartbeat import FailoverMonitor, HeartbeatSender
from subtitled.jobs.runner import JobRunner
from subtitled.jobs.throttle_state import ThrottleRegistry
from subtitled.library.paths import library_containing
from subtitled.memory import IdleRelease, release_memory

from .lock import WORKERS_FOLDER, find_holder, find_workers
from .sensors import child_processes
from .throttling import ThrottleCallbacks, ThrottleController


class WorkerRuntime:
    """The services, the job runner, throttling, and heartbeats to and from the other processes."""

    def __init__(
        self,
        configuration: Configuration,
        db: Database,
        counters: Counters,
        name: str = DAEMON_NAME,
        on_playback: Callable[[Sequence[Path]], None] = lambda paths: None,
    ) -> None:
        """``name`` is that of the process; ``on_playback`` is called with files that are played."""
        settings = configuration.settings
        self._state = ensure_private_folder(resolve_state_dir(settings))
        self._name = name
        scratch = "scratch" if name == DAEMON_NAME else f"{WORKERS_FOLDER}/{name}/scratch"
        self.services = build_services(configuration, db, scratch=scratch, counters=counters)
        throttles = ThrottleRegistry(db.kv, name)
        self.runner = JobRunner(self.services, self._state / QUEUE_FILE, name, throttles)
        callbacks = ThrottleCallbacks(
            is_busy=lambda: bool(self.runner.active_jobs),
            on_playback=on_playback,
            processes=self._process_ids,
            is_wanted=self.runner.is_wanted,
            viewers=self.services.viewers,
            viewer_servers=frozenset(
                server
                for library in settings.libraries.values()
                for server in library.subtitle_while_playing
            ),
            is_served=self._is_served,
        )
        self._libraries = settings.libraries
        self._throttling = ThrottleController(
            settings.throttle, configuration.servers, throttles, self.services.engines, callbacks
        )
        self.services.viewers.show = self._throttling.show_sidecar
        self.services.viewers.withdraw = self._throttling.withdraw_sidecar
        timeout = settings.daemon.worker_timeout
        self._heartbeat = HeartbeatSender(db.kv, name, settings_digest(configuration), timeout)
        self._failover = FailoverMonitor(db.kv, self.runner.queue, name, timeout)
        self._db = db
        self._idle_release = IdleRelease(release=self._release_memory)

    def start(self) -> None:
        """Start all threads. Jobs that the last run left unfinished come first."""
        self._heartbeat.start()
        self._throttling.start()
        self.runner.start()

    def tick(self) -> None:
        """Send a heartbeat if one is due, check those of the others, and release idle memory."""
        self._heartbeat.send_if_due(is_busy=bool(self.runner.active_jobs))
        self._failover.check()
        self._idle_release.tick(bool(self.runner.active_jobs), time.monotonic())

    def stop(self) -> None:
        """Stop all threads. Running jobs are resumed at the next start."""
        self._throttling.request_stop()
        self.runner.stop()
        self._heartbeat.stop()

    def _release_memory(self) -> None:
        self._db.close_idle_connections()
        self.runner.queue.close_idle_connections()
        release_memory()

    def _is_served(self, media: Path, server: str) -> bool:
        """Return whether the viewers of a file on a server get its subtitle while they watch."""
        name = library_containing(media, self._libraries)
        return name is not None and server in self._libraries[name].subtitle_while_playing

    def _process_ids(self) -> Iterator[int]:
        """Yield the processes of this project on this machine.

        They are the engine processes of this process, and all that other processes on this state
        folder started. Their load is our own.
        """
        yield from self.services.engines.process_ids()
        for other in (find_holder(self._state), *find_workers(self._state).values()):
            if other is not None and other.name != self._name and other.host == gethostname():
                yield from child_processes(other.pid or 0)
