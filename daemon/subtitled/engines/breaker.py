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

from subtitled.library.mailbox import Mailbox
from subtitled.plugin import Backoff, Misconfigured, Problem, Rejected, Temporary

_log = logging.getLogger(__name__)

BREAKER = "breaker "
"""Before the name of an engine: the control that holds the state of its breaker."""
FAILURES = 3
"""Failures in a row that open it."""
MEDIA = 2
"""Media over which they must have happened: one alone may itself be the reason."""
FIRST_WAIT = 60.0
"""Seconds for which it stays open at first."""
LONGEST_WAIT = 3600.0
JITTER = 0.2
"""Share by which a wait is longer or shorter by chance, so that many do not come back at once."""
_BACKOFF = Backoff(FIRST_WAIT, maximum=LONGEST_WAIT, jitter=JITTER)
_CHANGING = threading.Lock()
"""Breakers are made anew wherever they are needed; what they know is in the ledger."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one engine. Times are seconds since 1970."""

    failures: int = 0
    """In a row."""
    media: tuple[str, ...] = ()
    """Content identities over which it failed in this row, as many as matter."""
    openings: int = 0
    """How often it opened in this row."""
    until: float = 0.0
    """Closed when it is 0; else open until then, and then half-open: one may try."""
    why: str = ""
    cure: str = ""

    @property
    def closed(self) -> bool:
        return self.until == 0.0


_BREAKER: TypeAdapter[Breaker] = TypeAdapter(Breaker)


def after_failure(
    known: Breaker, medium: str, problem: Problem, now: float, chance: float = 0.5
) -> Breaker:
    """What is known after a failure of the engine; ``chance`` (0 to 1) is the jitter's."""
    media = known.media if medium in known.media else (*known.media, medium)[:MEDIA]
    failed = replace(known, failures=known.failures + 1, media=media)
    if known.closed and (failed.failures < FAILURES or len(media) < MEDIA):
        return failed
    if known.until > now:
        return failed  # one of several that were under way when it opened
    openings = known.openings + 1
    asked = problem.retry_after if isinstance(problem, Temporary) else None
    until = now + _BACKOFF.delay(openings, asked, chance)
    return replace(failed, openings=openings, until=until, why=problem.what, cure=problem.cure)


class Breakers:
    """The breakers of all engines."""

    def __init__(
        self,
        mailbox: Mailbox,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._mailbox = mailbox
        self._now = now
        self._chance = chance

    def of(self, engine: str) -> Breaker:
        """What is known of an engine."""
        return _read(self._mailbox.get_control(BREAKER + engine))

    def all(self) -> dict[str, Breaker]:
        """Of every engine that failed last."""
        found = self._mailbox.controls(BREAKER)
        return {key.removeprefix(BREAKER): _read(value) for key, value in found.items()}

    def reset(self, engine: str) -> bool:
        """Forget what happened, and let everybody try again; whether there was anything."""
        known = self._mailbox.get_control(BREAKER + engine) is not None
        self._mailbox.control(BREAKER + engine, None)
        return known

    @contextmanager
    def watching(self, engine: str, medium: str, *, proves: bool = True) -> Iterator[None]:
        """Around a call of an engine for a medium: learn from how it ends.

        ``proves``: that it goes well says that the engine works. Which language is spoken is a
        lesser question, and each medium asks it anew.
        """
        try:
            yield
        except (Temporary, Misconfigured) as problem:
            with _CHANGING:
                before = self.of(engine)
                after = after_failure(before, medium, problem, self._now(), self._chance())
                self._mailbox.control(BREAKER + engine, _BREAKER.dump_json(after).decode())
            if after.until != before.until:
                wait = after.until - self._now()
                _log.warning("engine %s is left alone for %.0f s: %s", engine, wait, problem)
            raise
        except Rejected:
            self._well(engine)  # it answered: the file is to blame
            raise
        else:
            if proves:
                self._well(engine)

    def _well(self, engine: str) -> None:
        with _CHANGING:
            known = self.of(engine)
            if known != Breaker():
                self._mailbox.control(BREAKER + engine, None)
                if not known.closed:
                    _log.info("engine %s works again", engine)


def _read(value: str | None) -> Breaker:
    try:
        return _BREAKER.validate_json(value) if value else Breaker()
    except ValidationError:
        return Breaker()  # of another version


def told(known: Breaker) -> dict[str, Any]:
    """A breaker for programs."""
    return {**asdict(known), "state": "closed" if known.closed else "open"}
