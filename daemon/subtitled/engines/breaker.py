"""A circuit breaker for each engine: one that is down is left alone, and no file pays for it.

It opens when an engine failed several times in a row over more than one medium. Jobs then wait for
the engine; after a while one of them may try. If that goes well the breaker closes, else it waits
twice as long. Its state is a control in the ledger: a restart keeps it, and the command line shows
and resets it.
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

_log = logging.getLogger(__name__)

FAILURE_THRESHOLD = 3
"""Failures in a row that open it."""
MIN_DISTINCT_MEDIA = 2
"""Media over which they must have happened: one alone may itself be the reason."""
FIRST_WAIT_SECONDS = 60.0
"""Seconds for which it stays open at first."""
MAX_WAIT_SECONDS = 3600.0
JITTER = 0.2
"""Share by which a wait is longer or shorter by chance, so that many do not come back at once."""
_BACKOFF = Backoff(FIRST_WAIT_SECONDS, maximum=MAX_WAIT_SECONDS, jitter=JITTER)
_UPDATE_LOCK = threading.Lock()
"""Breakers are made anew wherever they are needed; what they know is in the ledger."""


@dataclass(frozen=True, slots=True)
class BreakerState:
    """What is known of one engine. Times are seconds since 1970."""

    failures: int = 0
    """In a row."""
    media: tuple[str, ...] = ()
    """Content identities over which it failed in this row, as many as matter."""
    openings: int = 0
    """How often it opened in this row."""
    open_until: float = 0.0
    """Closed when it is 0; else open until then, and then half-open: one may try."""
    reason: str = ""
    hint: str = ""

    @property
    def is_closed(self) -> bool:
        return self.open_until == 0.0


_BREAKER_STATE: TypeAdapter[BreakerState] = TypeAdapter(BreakerState)


def next_state_after_failure(
    state: BreakerState, medium: str, error: SubtitledError, now: float, jitter: float = 0.5
) -> BreakerState:
    """What is known after a failure of the engine; ``chance`` (0 to 1) is the jitter's."""
    media = state.media if medium in state.media else (*state.media, medium)[:MIN_DISTINCT_MEDIA]
    failed = replace(state, failures=state.failures + 1, media=media)
    if state.is_closed and (failed.failures < FAILURE_THRESHOLD or len(media) < MIN_DISTINCT_MEDIA):
        return failed
    if state.open_until > now:
        return failed  # one of several that were under way when it opened
    openings = state.openings + 1
    retry_after = error.retry_after if isinstance(error, TransientError) else None
    until = now + _BACKOFF.delay(openings, retry_after, jitter)
    return replace(
        failed, openings=openings, open_until=until, reason=error.message, hint=error.hint
    )


class CircuitBreakers:
    """The breakers of all engines."""

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
        """What is known of an engine."""
        return _parse_state(self._kv.get(BREAKER_KEY + engine))

    def open_states(self) -> dict[str, BreakerState]:
        """Of every engine that failed last."""
        values = self._kv.get_prefix(BREAKER_KEY)
        return {key.removeprefix(BREAKER_KEY): _parse_state(value) for key, value in values.items()}

    def reset(self, engine: str) -> bool:
        """Forget what happened, and let everybody try again; whether there was anything."""
        had_failures = self._kv.get(BREAKER_KEY + engine) is not None
        self._kv.set(BREAKER_KEY + engine, None)
        return had_failures

    @contextmanager
    def guard(self, engine: str, media: str, *, counts_as_success: bool = True) -> Iterator[None]:
        """Around a call of an engine for a medium: learn from how it ends.

        ``proves``: that it goes well says that the engine works. Which language is spoken is a
        lesser question, and each medium asks it anew.
        """
        try:
            yield
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
            self._record_success(engine)  # it answered: the file is to blame
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
        return BreakerState()  # of another version


def to_dict(state: BreakerState) -> dict[str, Any]:
    """A breaker for programs."""
    return {**asdict(state), "state": "closed" if state.is_closed else "open"}
