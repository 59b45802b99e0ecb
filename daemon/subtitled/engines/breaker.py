"""A circuit breaker for each engine, so that an engine that is down costs no file an attempt.

The breaker opens after several failures in a row over more than one media file. Jobs then wait.
After a while it is half-open: one job may try. A success closes it, a failure doubles the wait. The
state lies in the database, so a restart keeps it and the command line can show and reset it.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from subtitled.db.kv import BREAKER_KEY, KeyValueStore
from subtitled.plugin import Backoff, InputRejectedError, SetupError, SubtitledError, TransientError

from .errors import CallCancelledError, EngineLoadError

_log = logging.getLogger(__name__)

FAILURE_THRESHOLD = 3
"""Failures in a row that open a breaker."""
MIN_DISTINCT_MEDIA = 2
"""Media files that the failures must concern: a single one may be the cause itself."""
FIRST_WAIT_SECONDS = 60.0
"""Seconds for which a breaker stays open the first time."""
MAX_WAIT_SECONDS = 3600.0
JITTER = 0.2
"""Share by which a wait is varied at random, so that processes do not retry at the same time."""
_BACKOFF = Backoff(FIRST_WAIT_SECONDS, maximum=MAX_WAIT_SECONDS, jitter=JITTER)
_UPDATE_LOCK = threading.Lock()
"""Serialises updates of a process: instances are created where needed and share the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerState:
    """The state of one engine's breaker. Times are seconds since 1970."""

    failures: int = 0
    """Failures in a row."""
    media: tuple[str, ...] = ()
    """Fingerprints that failed in this row, at most :data:`MIN_DISTINCT_MEDIA`."""
    openings: int = 0
    """How often the breaker opened in this row."""
    open_until: float = 0.0
    """0: closed. Otherwise open until then, and half-open afterwards: one job may try."""
    reason: str = ""
    """What went wrong last."""
    hint: str = ""
    """What the user can do about it."""

    @property
    def is_closed(self) -> bool:
        """Whether the engine may be called."""
        return self.open_until == 0.0


_BREAKER_STATE: TypeAdapter[BreakerState] = TypeAdapter(BreakerState)


def next_state_after_failure(
    state: BreakerState, fingerprint: str, error: SubtitledError, now: float, jitter: float = 0.5
) -> BreakerState:
    """Return the state after a failure of the engine.

    Args:
        state: The state before.
        fingerprint: The fingerprint of the media file that failed.
        error: What went wrong. Its ``retry_after`` is the least wait.
        now: Seconds since 1970.
        jitter: A random number from 0 to 1 that varies the wait.
    """
    media = (
        state.media
        if fingerprint in state.media
        else (*state.media, fingerprint)[:MIN_DISTINCT_MEDIA]
    )
    failed = replace(
        state,
        failures=state.failures + 1,
        media=media,
        reason=error.message,
        hint=error.hint,
    )
    is_enough = failed.failures >= FAILURE_THRESHOLD and len(media) >= MIN_DISTINCT_MEDIA
    # An engine that does not load costs minutes each time, and no media file is the cause.
    if state.is_closed and not is_enough and not isinstance(error, EngineLoadError):
        return failed
    if state.open_until > now:
        return failed  # The call was in flight when the breaker opened.
    openings = state.openings + 1
    retry_after = error.retry_after if isinstance(error, TransientError) else None
    open_until = now + _BACKOFF.delay(openings, retry_after, jitter)
    return replace(failed, openings=openings, open_until=open_until)


class CircuitBreakers:
    """The circuit breakers of all engines."""

    def __init__(
        self,
        kv: KeyValueStore,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._kv = kv
        self._now = now
        self._chance = chance

    def state_of(self, engine: str) -> BreakerState:
        """Return the state of an engine's breaker."""
        return _parse_state(self._kv.get(BREAKER_KEY + engine))

    def open_states(self) -> dict[str, BreakerState]:
        """Return the breaker of every engine whose last call failed."""
        values = self._kv.get_prefix(BREAKER_KEY)
        return {key.removeprefix(BREAKER_KEY): _parse_state(value) for key, value in values.items()}

    def reset(self, engine: str) -> bool:
        """Close a breaker and forget its failures; return whether there were any."""
        had_failures = self._kv.get(BREAKER_KEY + engine) is not None
        self._kv.set(BREAKER_KEY + engine, None)
        return had_failures

    @contextmanager
    def guard(self, engine: str, media: str, *, counts_as_success: bool = True) -> Iterator[None]:
        """Record how a call of an engine ends, and open or close its breaker accordingly.

        Args:
            engine: The configured name of the engine.
            media: The fingerprint that the call is about.
            counts_as_success: Whether a success proves that the engine works. Language detection
                does not: it is a lesser task, repeated for every media file.
        """
        try:
            yield
        except CallCancelledError:
            raise  # This says nothing about the engine.
        except (TransientError, SetupError) as error:
            with _UPDATE_LOCK:
                before = self.state_of(engine)
                after = next_state_after_failure(before, media, error, self._now(), self._chance())
                self._kv.set(BREAKER_KEY + engine, _BREAKER_STATE.dump_json(after).decode())
            if after.open_until != before.open_until:
                wait = after.open_until - self._now()
                _log.warning(
                    "circuit breaker opened for engine %s (%.0f s): %s", engine, wait, error
                )
            raise
        except InputRejectedError:
            self._record_success(engine)  # The engine answered, so the file is at fault.
            raise
        else:
            if counts_as_success:
                self._record_success(engine)

    def _record_success(self, engine: str) -> None:
        with _UPDATE_LOCK:
            state = self.state_of(engine)
            if state != BreakerState():
                self._kv.set(BREAKER_KEY + engine, None)
                if not state.is_closed:
                    _log.info("circuit breaker closed for engine %s", engine)


def _parse_state(value: str | None) -> BreakerState:
    try:
        return _BREAKER_STATE.validate_json(value) if value else BreakerState()
    except ValidationError:
        return BreakerState()  # Another version wrote it.


def to_dict(state: BreakerState) -> dict[str, Any]:
    """Convert a breaker to JSON for ``status --json``."""
    return {**asdict(state), "state": "closed" if state.is_closed else "open"}
