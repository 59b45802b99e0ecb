"""What other processes ask of the daemon: done, or handed to who may take long over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.jobs.jobs import Jobs
from subtitled.library.intake import library_of
from subtitled.library.ledger import Ledger
from subtitled.library.mailbox import LOOK, LOST, PLAYING, AskedFor
from subtitled.library.records import DECIDED, URGENT, WATCHED

from .asking import Asking
from .taking import Taking

_PRIORITIES = {"first": URGENT, PLAYING: URGENT, "watched": WATCHED}
"""Of files that somebody waits for, by the kind of request."""
_TAKEN = frozenset({LOOK, "retry", *_PRIORITIES})
"""Kinds of request about paths that may not be known yet, or are just being planned."""


class Requests:
    """The requests of one life."""

    def __init__(
        self,
        ledger: Ledger,
        libraries: Mapping[str, LibrarySettings],
        jobs: Jobs,
        taking: Mapping[str, Taking],
        asking: Asking,
        walk_soon: Callable[[str], None],
    ) -> None:
        """``taking`` has a thread for each library when the first request is taken."""
        self._ledger = ledger
        self._libraries = libraries
        self._jobs = jobs
        self._taking = taking
        self._asking = asking
        self._walk_soon = walk_soon
        self._taken = 0
        """The number of the last request that was done or handed on."""

    def take(self) -> None:
        """Do what was asked since the last time, or hand it to who does it."""
        mailbox = self._ledger.mailbox
        for request in mailbox.waiting(after=self._taken):
            if not self._hand_on(request):
                self._answer(request)
                mailbox.done([request.id])
            self._taken = request.id

    def _hand_on(self, request: AskedFor) -> bool:
        """Whether somebody else does it, who may take long over it, and says when it is done."""
        path = request.path
        if request.kind == PLAYING and path is None:
            self._asking.ask(request)
            return True
        name = library_of(path, self._libraries) if path is not None else None
        if name is None or request.kind not in _TAKEN:
            return False
        self._taking[name].asked(request)
        return True

    def looked(self, asked: Sequence[AskedFor]) -> None:
        """Paths were looked at: what lies there, if anything does, is known now."""
        for request in asked:
            self._answer(request)
        self._ledger.mailbox.done(request.id for request in asked)

    def _answer(self, request: AskedFor) -> None:
        if request.kind == "scan":
            self._walk_now(request.path)
            return
        if request.kind == LOST:
            self._jobs.doubt()
            return
        if request.kind == "wake":
            self._ledger.wake()
            for taking in self._taking.values():
                taking.wake()
            return
        record = self._ledger.get(request.path) if request.path else None
        if record is None:
            return
        if request.kind == "cancel":
            self._jobs.cancel(record)
        elif request.kind == "retry":
            self._jobs.again(record)
        elif request.kind in _PRIORITIES and not (
            # To watch a film is no wish to have made what could not be made.
            request.kind == PLAYING and record.state in DECIDED
        ):
            self._jobs.hurry(record, _PRIORITIES[request.kind])
        if record.library in self._taking:
            self._taking[record.library].wake()

    def _walk_now(self, path: Path | None) -> None:
        """Walk the libraries that a path lies in or above; all without a path."""
        for name, library in self._libraries.items():
            root = library.path
            if path is None or path.is_relative_to(root) or root.is_relative_to(path):
                self._walk_soon(name)
