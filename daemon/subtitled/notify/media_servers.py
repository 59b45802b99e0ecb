"""Each media server has a lane: a thread that tells it what changed and asks what it shows.

Everything that is to be said lies in the ledger, so that a server which is away, a full disk or the
end of the daemon loses nothing. A server that fails is left alone for a while as a whole, however
many changes wait for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from subtitled.config.load import Configuration, servers_for_library
from subtitled.config.plugins import LIMIT, ConfiguredComponent, call_with_timeout
from subtitled.db.database import Database
from subtitled.db.kv import SERVER_ERROR_KEY
from subtitled.db.outbox import Delivery, DeliveryState
from subtitled.library.ingest import library_containing
from subtitled.media.ffmpeg import display_path
from subtitled.plugin import InputRejectedError, MediaServer, SubtitledError

from .delivery import DeliveryTimings, after_check, after_rejected, after_sent, backoff

_log = logging.getLogger(__name__)

BATCH_SIZE = 100
"""Changes in one call, and tellings that are looked at in one turn."""
ERROR_WAIT_SECONDS = 60.0
"""Seconds after an error of ours, such as a full disk."""


class MediaServerDispatcher:
    """The lanes of all servers of a configuration."""

    def __init__(
        self, configuration: Configuration, db: Database, timings: DeliveryTimings | None = None
    ) -> None:
        self._configuration = configuration
        self._db = db
        self._timings = timings or DeliveryTimings()
        self._stop_event = threading.Event()
        self._workers = [
            ServerWorker(configured, db, self._timings, self._stop_event, self._enqueue_changes)
            for configured in configuration.servers.values()
        ]

    def start(self) -> None:
        """Begin with what an earlier life left."""
        self._db.deliveries.delete_unconfigured(self._configuration.servers)
        for key in self._db.kv.get_prefix(SERVER_ERROR_KEY):
            self._db.kv.set(key, None)
        self._enqueue_changes()
        for lane in self._workers:
            lane.thread.start()

    def stop(self) -> None:
        """Leave everything where it is, for the next life."""
        self._stop_event.set()
        for lane in self._workers:
            if lane.thread.is_alive():
                lane.thread.join(1.0)

    def _enqueue_changes(self) -> None:
        self._db.deliveries.enqueue_changes(
            self._servers_for, time.time() + self._timings.gather_seconds
        )

    def _servers_for(self, media: Path) -> Sequence[str]:
        libraries = self._configuration.settings.libraries
        name = library_containing(media, libraries)
        return servers_for_library(self._configuration, libraries[name]) if name else ()


class ServerWorker:
    """One server and all that is said to it."""

    def __init__(
        self,
        configured: ConfiguredComponent[MediaServer],
        db: Database,
        timings: DeliveryTimings,
        stop_event: threading.Event,
        enqueue_changes: Callable[[], None],
    ) -> None:
        self._configured = configured
        self._name = configured.name
        self._db = db
        self._timings = timings
        self._stop_event = stop_event
        self._enqueue_changes = enqueue_changes
        self._server: MediaServer | None = None
        self._failures = 0
        self._last_version = ""
        self.thread = threading.Thread(target=self._run, name=f"server {self._name}", daemon=True)

    def _run(self) -> None:
        while not self._stop_event.is_set():
            try:
                pause = self._tick()
            except Exception:  # noqa: BLE001 - a fault of ours must not end the lane
                if not self._stop_event.is_set():
                    _log.exception("server %s: retrying in %g s", self._name, ERROR_WAIT_SECONDS)
                pause = ERROR_WAIT_SECONDS
            self._stop_event.wait(pause)

    def _tick(self) -> float:
        try:
            return self._process_due()
        except SubtitledError as error:
            return self._record_error(error)

    def _process_due(self) -> float:
        """Say and ask what is due; seconds until the next turn. Raises what the server raises."""
        version = self._db.kv.data_version()
        if version != self._last_version:
            self._enqueue_changes()
            self._last_version = version
        now = time.time()
        # What comes due within the time of gathering goes along: one call instead of many.
        due = self._db.deliveries.due_deliveries(self._name, now, BATCH_SIZE)
        if any(known.state is DeliveryState.WAITING for known in due):
            soon = now + self._timings.gather_seconds
            coming = self._db.deliveries.due_deliveries(self._name, soon, BATCH_SIZE)
            due = [k for k in coming if k.state is DeliveryState.WAITING or (k.due_at or 0) <= now]
        if not due:
            return self._timings.polling_seconds
        waiting = sorted(
            (k for k in due if k.state is DeliveryState.WAITING), key=lambda k: k.strategy
        )
        for method, group in groupby(waiting, key=lambda k: k.strategy):
            self._send(list(group), method)
        for known in due:
            if known.state is DeliveryState.SENT and not self._stop_event.is_set():
                self._check_index(known)
        if self._failures:
            self._db.kv.set(SERVER_ERROR_KEY + self._name, None)
            _log.info("server %s: reachable again", self._name)
            self._failures = 0
        return 0.0

    def _send(self, deliveries: list[Delivery], strategy_index: int) -> None:
        server = self._get_server()
        try:
            changes = [known.change for known in deliveries]
            limit = LIMIT + len(changes)  # it may have to speak of each by itself
            call_with_timeout(self._name, lambda: server.refresh(changes, strategy_index), limit)
        except InputRejectedError as error:
            for known in deliveries:
                self._db.deliveries.update(known, **after_rejected(error, time.time()))
            return
        for known in deliveries:
            self._db.deliveries.update(known, **after_sent(self._timings, time.time()))
        strategy = server.refresh_strategies[
            min(strategy_index, len(server.refresh_strategies) - 1)
        ]
        _log.info("server %s: %s (%d files)", self._name, strategy, len(deliveries))

    def _check_index(self, delivery: Delivery) -> None:
        server = self._get_server()
        index_status = call_with_timeout(
            self._name, lambda: server.check_indexed(delivery.change), LIMIT
        )
        then = after_check(
            delivery, index_status, len(server.refresh_strategies), self._timings, time.time()
        )
        self._db.deliveries.update(delivery, **then)
        if then.get("state") is DeliveryState.NOT_INDEXED:
            media = display_path(delivery.change.media)
            _log.warning(
                "server %s: has not indexed %s: %s", self._name, media, index_status.detail
            )

    def _get_server(self) -> MediaServer:
        if self._server is None:
            self._server = self._configured.create()
        return self._server

    def _record_error(self, error: SubtitledError) -> float:
        """Say what is wrong; seconds for which the server is left alone."""
        self._failures += 1
        if self._failures == 1:
            _log.warning("server %s: %s", self._name, error)
        self._db.kv.set(SERVER_ERROR_KEY + self._name, str(error))
        return backoff(error, self._failures, self._timings)
