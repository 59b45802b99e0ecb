"""The delivery of changes to media servers, with a worker thread for each server.

Everything to deliver is in the database, so nothing is lost if a server is unreachable, the disk is
full or the daemon stops. A failing server is not called for a while, however many changes wait.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from subtitled.config.load import Configuration, servers_for_library
from subtitled.config.plugin_calls import LIMIT, call_with_timeout
from subtitled.config.plugins import ConfiguredComponent
from subtitled.db.database import Database
from subtitled.db.kv import SERVER_ERROR_KEY
from subtitled.db.outbox import Delivery, DeliveryState
from subtitled.library.paths import library_containing
from subtitled.plugin import InputRejectedError, MediaServer, SubtitledError
from subtitled.plugin.paths import display_path
from subtitled.polling import PollingWorker

from .delivery import DeliveryTimings, after_check, after_rejected, after_sent, seconds_until_retry

_log = logging.getLogger(__name__)

BATCH_SIZE = 100
"""Changes in one call, and deliveries processed at a time."""


class MediaServerDispatcher:
    """The workers of all servers of a configuration."""

    def __init__(
        self, configuration: Configuration, db: Database, timings: DeliveryTimings | None = None
    ) -> None:
        self._configuration = configuration
        self._db = db
        self._timings = timings or DeliveryTimings()
        self._workers = [
            ServerWorker(configured, db, self._timings, self._enqueue_changes)
            for configured in configuration.servers.values()
        ]

    def start(self) -> None:
        """Start with what an earlier run left."""
        self._db.deliveries.delete_unconfigured(self._configuration.servers)
        for key in self._db.kv.get_prefix(SERVER_ERROR_KEY):
            self._db.kv.set(key, None)
        self._enqueue_changes()
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Stop. Undelivered changes are delivered after the next start."""
        for worker in self._workers:
            worker.request_stop()
        for worker in self._workers:
            if worker.is_alive():
                worker.join(1.0)

    def _enqueue_changes(self) -> None:
        self._db.deliveries.enqueue_changes(
            self._servers_for, time.time() + self._timings.gather_seconds
        )

    def _servers_for(self, media: Path) -> Sequence[str]:
        libraries = self._configuration.settings.libraries
        name = library_containing(media, libraries)
        return servers_for_library(self._configuration, libraries[name]) if name else ()


class ServerWorker(PollingWorker):
    """Delivers changes to one server and checks whether it has indexed them."""

    def __init__(
        self,
        configured: ConfiguredComponent[MediaServer],
        db: Database,
        timings: DeliveryTimings,
        enqueue_changes: Callable[[], None],
    ) -> None:
        super().__init__(f"server {configured.name}")
        self._configured = configured
        self._server_name = configured.name
        self._db = db
        self._timings = timings
        self._enqueue_changes = enqueue_changes
        self._server: MediaServer | None = None
        self._failures = 0
        self._last_version = ""

    def tick(self) -> float:
        """Deliver and check what is due and return the seconds until the next call."""
        try:
            return self._process_due()
        except SubtitledError as error:
            return self._record_error(error)

    def _process_due(self) -> float:
        """Deliver and check what is due.

        Returns:
            The seconds until the next call.

        Raises:
            SubtitledError: What the server raised.
        """
        version = self._db.kv.data_version()
        if version != self._last_version:
            self._enqueue_changes()
            self._last_version = version
        now = time.time()
        # Deliveries that are due soon go along, so that there is one call instead of many.
        due = self._db.deliveries.due_deliveries(self._server_name, now, BATCH_SIZE)
        if any(delivery.state is DeliveryState.WAITING for delivery in due):
            soon = now + self._timings.gather_seconds
            due_soon = self._db.deliveries.due_deliveries(self._server_name, soon, BATCH_SIZE)
            due = [
                k for k in due_soon if k.state is DeliveryState.WAITING or (k.due_at or 0) <= now
            ]
        if not due:
            return self._timings.polling_seconds
        waiting = sorted(
            (k for k in due if k.state is DeliveryState.WAITING), key=lambda k: k.strategy
        )
        for strategy, group in groupby(waiting, key=lambda k: k.strategy):
            self._send(list(group), strategy)
        for delivery in due:
            if delivery.state is DeliveryState.SENT and not self.is_stopping:
                self._check_index(delivery)
        if self._failures:
            self._db.kv.set(SERVER_ERROR_KEY + self._server_name, None)
            _log.info("server %s: reachable again", self._server_name)
            self._failures = 0
        return 0.0

    def _send(self, deliveries: list[Delivery], strategy_index: int) -> None:
        server = self._get_server()
        try:
            changes = [delivery.change for delivery in deliveries]
            limit = LIMIT + len(changes)  # The server may need a request for each change.
            call_with_timeout(
                self._configured.plugin, lambda: server.refresh(changes, strategy_index), limit
            )
        except InputRejectedError as error:
            for delivery in deliveries:
                self._db.deliveries.update(delivery, **after_rejected(error, time.time()))
            return
        for delivery in deliveries:
            self._db.deliveries.update(delivery, **after_sent(self._timings, time.time()))
        strategy = server.refresh_strategies[
            min(strategy_index, len(server.refresh_strategies) - 1)
        ]
        _log.info("server %s: %s (%d files)", self._server_name, strategy, len(deliveries))

    def _check_index(self, delivery: Delivery) -> None:
        server = self._get_server()
        index_status = call_with_timeout(
            self._configured.plugin, lambda: server.check_indexed(delivery.change), LIMIT
        )
        values = after_check(
            delivery, index_status, len(server.refresh_strategies), self._timings, time.time()
        )
        self._db.deliveries.update(delivery, **values)
        if values.get("state") is DeliveryState.NOT_INDEXED:
            media = display_path(delivery.change.media)
            _log.warning(
                "server %s: has not indexed %s: %s", self._server_name, media, index_status.detail
            )

    def _get_server(self) -> MediaServer:
        if self._server is None:
            self._server = self._configured.create()
        return self._server

    def _record_error(self, error: SubtitledError) -> float:
        """Record an error and return the seconds until the server is called again."""
        self._failures += 1
        if self._failures == 1:
            _log.warning("server %s: %s", self._server_name, error)
        self._db.kv.set(SERVER_ERROR_KEY + self._server_name, str(error))
        timings = self._timings
        return seconds_until_retry(
            error, self._failures, timings.backoff, timings.setup_error_seconds
        )
