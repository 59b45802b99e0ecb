"""The delivery of events to notifiers: batched, outside quiet hours, and repeated after failures.

Events wait in the database. Each notifier has its own thread, so one that hangs holds up no other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError

from subtitled.config.load import Configuration
from subtitled.config.plugin_calls import LIMIT, call_event_hooks, call_with_timeout
from subtitled.config.plugins import ConfiguredComponent
from subtitled.db.database import Database
from subtitled.db.kv import NOTIFIER_ERROR_KEY
from subtitled.plugin import (
    DeliverySchedule,
    Event,
    InputRejectedError,
    JobFailed,
    JobFinished,
    Notification,
    Notifier,
    ReviewEvent,
    SubtitledError,
    SubtitlePublished,
)
from subtitled.polling import PollingWorker

from .delivery import BACKOFF, seconds_until_retry

_log = logging.getLogger(__name__)

NOTIFY_TIMEOUT_SECONDS = 60.0
"""Seconds that a notifier may take."""
SETUP_ERROR_WAIT_SECONDS = 3600.0
"""Seconds before the next try after an error that a person has to fix. A reload tries at once."""
MAX_POLL_SECONDS = 3600.0
"""Seconds between two polls without a wake-up.

The daemon wakes workers when the database changes.
"""

_HOOKS = {
    SubtitlePublished: "subtitle_published",
    JobFinished: "job_finished",
    JobFailed: "job_failed",
}
"""The hook of each kind of event."""


class NotifierDispatcher:
    """The workers of all notifiers of a configuration."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self._configuration = configuration
        self._db = db
        self._outbox = db.notifications
        self._workers = [
            NotifierWorker(configured, db) for configured in configuration.notifiers.values()
        ]

    def start(self) -> None:
        """Start a thread for each notifier."""
        self._outbox.delete_unconfigured(worker.notifier for worker in self._workers)
        for key in self._db.kv.get_prefix(NOTIFIER_ERROR_KEY):
            self._db.kv.set(key, None)
        for worker in self._workers:
            worker.start()

    def enqueue(self, event: Event) -> None:
        """Store an event for every notifier that gets it.

        If that fails, the event is dropped and work continues.
        """
        try:
            self._outbox.enqueue(choose_notifiers(self._configuration, event), event, time.time())
        except OperationalError as error:
            _log.warning("event dropped, the outbox cannot be written: %s", error.orig)
        self.poll()

    def poll(self) -> None:
        """Make every worker check for events, which another process may have stored."""
        for worker in self._workers:
            worker.wake()

    def stop(self) -> None:
        """Request the end without waiting.

        Undelivered events are delivered after the next start.
        """
        for worker in self._workers:
            worker.request_stop()


class NotifierWorker(PollingWorker):
    """A thread that delivers the notifications of one notifier."""

    def __init__(self, configured: ConfiguredComponent[Notifier], db: Database) -> None:
        super().__init__(f"notifier {configured.name}")
        self.notifier = configured.name
        self._configured = configured
        self._outbox = db.notifications
        self._kv = db.kv
        self._failures = 0

    def error_wait(self) -> float:
        """Return the seconds until the next call after an unexpected error."""
        return BACKOFF.first

    def is_wakeable(self) -> bool:
        """Return whether new events are delivered at once: they make no notifier reachable."""
        return not self._failures

    def tick(self) -> float:
        """Deliver what is due and return the seconds until the next call."""
        try:
            return self._deliver_due()
        except SubtitledError as error:
            return self._record_error(error)

    def _deliver_due(self) -> float:
        """Deliver what is due and return the seconds until the next call.

        Raises:
            SubtitledError: What the notifier raised when it was asked for its schedule.
        """
        waiting = self._outbox.pending(self.notifier)
        settings = self._configured.settings
        schedule = call_with_timeout(
            self._configured.plugin,
            lambda: self._configured.component_class.delivery_schedule(settings),
            NOTIFY_TIMEOUT_SECONDS,
        )
        while waiting and not self.is_stopping:
            now = time.time()
            if (wait_seconds := seconds_until_delivery(schedule, waiting[0].occurred_at, now)) > 0:
                return min(wait_seconds, MAX_POLL_SECONDS)
            batch = waiting if schedule.batch_seconds else waiting[:1]
            if (wait_seconds := self._deliver(batch)) > 0:
                return wait_seconds
            self._outbox.mark_delivered(notification.id for notification in batch)
            waiting = waiting[len(batch) :]
        return 0.0 if waiting else MAX_POLL_SECONDS

    def _deliver(self, batch: Sequence[Notification]) -> float:
        """Deliver notifications; return the seconds until the next try, or 0 if there is none."""
        try:
            notifier = self._configured.create()
            plugin = self._configured.plugin
            call_with_timeout(plugin, lambda: notifier.notify(batch), NOTIFY_TIMEOUT_SECONDS)
        except InputRejectedError as error:
            _log.warning("notifier %s: dropped %d events: %s", self.notifier, len(batch), error)
        except SubtitledError as error:
            return self._record_error(error)
        if self._failures:
            self._kv.set(NOTIFIER_ERROR_KEY + self.notifier, None)
        self._failures = 0
        return 0.0

    def _record_error(self, error: SubtitledError) -> float:
        """Record an error and return the seconds until the next try."""
        self._failures += 1
        wait = seconds_until_retry(error, self._failures, BACKOFF, SETUP_ERROR_WAIT_SECONDS)
        _log.warning("notifier %s: retrying in %.0f s: %s", self.notifier, wait, error)
        self._kv.set(NOTIFIER_ERROR_KEY + self.notifier, str(error))
        return wait


def choose_notifiers(configuration: Configuration, event: Event) -> list[str]:
    """Return the names of the notifiers that get an event: all, or those that ask for its type."""
    return [
        name
        for name, configured in configuration.notifiers.items()
        if not isinstance(event, ReviewEvent) or type(event) in find_review_events(configured)
    ]


def find_review_events(configured: ConfiguredComponent[Notifier]) -> frozenset[type[ReviewEvent]]:
    """Return the events of reviews that a notifier asks for; none if it fails."""
    try:
        return configured.review_events()
    except SubtitledError as error:
        _log.warning("notifier %s gets no events of reviews: %s", configured.name, error)
        return frozenset()


def dispatch_event(configuration: Configuration, event: Event) -> None:
    """Call the hooks of every plugin for an event. What they raise is logged with their name."""
    call_event_hooks(configuration.hooks, _HOOKS[type(event)], event, LIMIT)


def seconds_until_delivery(schedule: DeliverySchedule, first_event_at: float, now: float) -> float:
    """Return the seconds until a batch may be delivered whose first event happened then; 0: now."""
    # An event in the future means that the clock was set back.
    due = max(0.0, min(first_event_at, now) + schedule.batch_seconds - now)
    return due + quiet_seconds_left(schedule, now + due)


def quiet_seconds_left(schedule: DeliverySchedule, now: float) -> float:
    """Return the seconds until quiet hours end; 0 outside of them."""
    if schedule.quiet_hours is None:
        return 0.0
    begin, end = schedule.quiet_hours
    local_time = datetime.fromtimestamp(now).astimezone()
    clock = local_time.time()
    inside = begin <= clock < end if begin <= end else clock >= begin or clock < end
    if not inside:
        return 0.0
    ends = local_time.replace(hour=end.hour, minute=end.minute, second=end.second, microsecond=0)
    if ends <= local_time:
        ends += timedelta(days=1)
    return (ends - local_time).total_seconds()
