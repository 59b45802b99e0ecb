"""How many engines have their model in memory at a time: one that is idle makes room."""

from __future__ import annotations

import threading
from typing import Protocol

from subtitled.media.run import Stopping

LOOK = 0.5
"""Seconds between two looks at whether one that was busy is idle now."""


class Tenant(Protocol):
    """An engine that takes up room."""

    @property
    def closed(self) -> bool:
        """It will never be needed again."""

    def make_room(self) -> bool:
        """Leave if idle; whether it left."""


class Room:
    """Room for so many at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: list[Tenant] = []
        self._changed = threading.Condition()

    def enter(self, tenant: Tenant) -> None:
        """Come in, once one that is idle, the longest inside first, has left if need be.

        Raises :class:`Stopping` if the newcomer is closed while it waits.
        """
        with self._changed:
            while tenant not in self._inside:
                if len(self._inside) < self._most:
                    self._inside.append(tenant)
                elif tenant.closed:
                    raise Stopping
                elif not any(other.make_room() for other in list(self._inside)):
                    self._changed.wait(LOOK)

    def leave(self, tenant: Tenant) -> None:
        """Go out; one that is not inside may say so as well."""
        with self._changed:
            if tenant in self._inside:
                self._inside.remove(tenant)
                self._changed.notify_all()
