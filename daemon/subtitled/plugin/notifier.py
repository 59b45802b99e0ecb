"""Notifiers tell people what happened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from .component import Component
from .events import Event


@dataclass(frozen=True, slots=True)
class Notice:
    """One event that a notifier is to be told of."""

    id: int
    """The same at each try, and of no other event: who receives it twice can tell."""
    at: float
    """When it happened, in seconds since 1970."""
    event: Event


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a notifier wants to be told."""

    every: float = 0.0
    """Seconds for which events are collected from the first one on; 0 tells each by itself."""
    quiet: tuple[time, time] | None = None
    """From when to when nobody is to be disturbed, by the clock of this machine; it may span
    midnight. What happens then is told afterwards."""


class Notifier(Component, ABC):
    """Tells somebody what happened. The core keeps what it could not tell, through restarts."""

    @classmethod
    def rhythm(cls, settings: Any) -> Rhythm:
        """When to be told with these settings. Called in the daemon: import nothing heavy."""
        return Rhythm()

    @abstractmethod
    def notify(self, notices: Sequence[Notice]) -> None:
        """Pass events on, oldest first, or leave those that nobody wants to hear of.

        One at a time, unless :meth:`rhythm` collects. Raises :class:`Temporary` when the other
        side is away: the same notices come again later. :class:`Rejected` gives these up.
        """
