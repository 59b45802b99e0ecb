"""May a job be worked on now? Every rule is asked here, and each says no in one sentence."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import Settings
from subtitled.engines.breaker import Breakers
from subtitled.library.mailbox import Mailbox

from .halts import Halts, Told
from .hours import Hours, Timetable
from .pauses import Pause, end_with, pauses

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Closed:
    """Why a job waits, and until when if that is known (seconds since 1970).

    ``whole``: everything waits, so the job stays where it is. Else others may go ahead, and it is
    set aside.
    """

    why: str
    until: float | None
    whole: bool


class SetAside(BaseException):
    """A job leaves its place to others until its time comes. No error: nobody catches it as one."""

    def __init__(self, closed: Closed) -> None:
        super().__init__(closed.why)
        self.closed = closed


class Door:
    """The rules of one configuration."""

    def __init__(
        self,
        settings: Settings,
        state: Path,
        mailbox: Mailbox,
        halts: Halts | Told,
        breakers: Breakers,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._state = state
        self._mailbox = mailbox
        self._halts = halts
        self._breakers = breakers
        self._now = now
        self.timetable = Timetable(settings.schedule)

    def for_all(self) -> Closed | None:
        """Why no job at all may be worked on, or None."""
        return next(self._whole(), None)

    def for_library(self, library: str) -> Closed | None:
        """Why nothing of a library may be worked on, though other libraries may."""
        return next(self._of_library(library), None)

    def for_engine(self, engine: str) -> Closed | None:
        """Why an engine may not be asked, or None."""
        return next(self._of_engine(engine), None)

    def for_job(self, library: str, engines: Sequence[str]) -> Closed | None:
        """Why a job of a library may not be worked on, or None. Any one of the engines, of those
        that it may use, is enough; without any it needs none."""
        closed = self.for_all() or self.for_library(library)
        if closed is not None:
            return closed
        shut = [self.for_engine(name) for name in engines]
        found = [closed for closed in shut if closed is not None]
        if not found or len(found) < len(shut):
            return None
        return min(found, key=lambda closed: closed.until or float("inf"))

    def space(self, library: str) -> Closed | None:
        """Why there is too little room to begin. Looks at the library: its disk may hang."""
        neighbour = self._settings.neighbour
        for what, folder, least in (
            ("the state folder", self._state, neighbour.state_space),
            (f"library {library}", self._settings.libraries[library].path, neighbour.library_space),
        ):
            if least and (free := shutil.disk_usage(folder).free // MEGABYTE) < least:
                why = f"the disk of {what} has {free} MB free, fewer than {least}"
                return Closed(why, self._now() + 300.0, whole=False)
        return None

    def _whole(self) -> Iterator[Closed]:
        now = self._now()
        for pause in pauses(self._mailbox, now):
            if not pause.library:
                yield Closed(self._paused(pause), pause.until, whole=True)
        if (why := self._halts.first()) is not None:
            yield Closed(why, None, whole=True)
        yield from self._outside("work", self.timetable.all, whole=True)

    def _of_library(self, library: str) -> Iterator[Closed]:
        for pause in pauses(self._mailbox, self._now()):
            if pause.library == library:
                yield Closed(self._paused(pause), pause.until, whole=False)
        hours = self.timetable.libraries.get(library)
        if hours is not None:
            yield from self._outside(f"library {library}", hours, whole=False)

    def _of_engine(self, engine: str) -> Iterator[Closed]:
        hours = self.timetable.engines.get(engine)
        if hours is not None:
            yield from self._outside(f"engine {engine}", hours, whole=False)
        known = self._breakers.of(engine)
        if known.until > self._now():
            why = (
                f"engine {engine} failed {known.failures} times in a row ({known.why}); "
                f"it is tried again at {self._clock(known.until)}, or now with: "
                f"subtitled queue reset {engine}"
            )
            yield Closed(why, known.until, whole=False)

    def _outside(self, what: str, hours: Hours, *, whole: bool) -> Iterator[Closed]:
        now = self._now()
        if hours.open_at(now):
            return
        until = hours.next_change(now)
        goes_on = f"until {self._clock(until)}" if until is not None else "for more than a year"
        yield Closed(f"the hours of {what} are over {goes_on}", until, whole)

    def _paused(self, pause: Pause) -> str:
        what = f"library {pause.library} is paused" if pause.library else "paused"
        until = f" until {self._clock(pause.until)}" if pause.until is not None else ""
        return f"{what}{until}; go on with: {end_with(pause.library)}"

    def _clock(self, at: float) -> str:
        return self.timetable.clock(at, self._now())
