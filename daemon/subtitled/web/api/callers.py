"""Who calls, and what of the libraries that caller may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from subtitled.db.actors import Actor
from subtitled.db.history import HistoryEntry, HistoryEvent

from ..auth.identity import Identity
from ..auth.roles import Role
from ..wall import Call
from .problems import ApiError

_ABOUT_USERS = (HistoryEvent.SIGNED_IN, HistoryEvent.ADMINISTERED)


@dataclass(frozen=True, slots=True)
class Caller:
    """The user or program that calls."""

    identity: Identity

    @property
    def name(self) -> str:
        """The name of the user or of the key, as the history has it."""
        return self.identity.name

    @property
    def actor(self) -> Actor:
        """Who that is, told from others of the same name."""
        return self.identity.actor

    @property
    def key(self) -> str:
        """What tells this caller from all others."""
        identity = self.identity
        return f"{identity.kind}:{identity.key_id}:{identity.name}"

    @property
    def libraries(self) -> tuple[str, ...] | None:
        """The libraries that the caller may see; None for all."""
        return self.identity.libraries

    def sees(self, library: str | None) -> bool:
        """Return whether the caller may see what belongs to a library, or to none."""
        return self.libraries is None or library in self.libraries

    def sees_entry(self, entry: HistoryEntry) -> bool:
        """Return whether the caller may see an entry of the history."""
        return entry.event in self.visible_events() and self.sees(entry.library)

    def visible_events(self) -> Sequence[HistoryEvent]:
        """Return the events that the caller may see. Those about users are for admins."""
        role = self.identity.role
        is_admin = role is not None and role.includes(Role.ADMIN)
        return [event for event in HistoryEvent if is_admin or event not in _ABOUT_USERS]

    def choose(self, library: str | None) -> list[str | None]:
        """Return the libraries that a list is about; None stands for all."""
        if self.libraries is None:
            return [library]
        return [name for name in self.libraries if library in (None, name)]

    def choose_named(self, library: str | None) -> list[str] | None:
        """Return the names of the libraries that a list is about; None for all."""
        names = [name for name in self.choose(library) if name is not None]
        return names if self.libraries is not None or library is not None else None

    def require(self, library: str | None) -> None:
        """Check that the caller may steer a library, or with None everything.

        Raises:
            ApiError: It is bound to other libraries.
        """
        if not self.sees(library):
            raise ApiError(
                403,
                "other-library",
                "this user or key is bound to other libraries",
                "Ask an admin for a user or key that is not bound to them",
            )


def caller_of(request: Request) -> Caller:
    """Return who calls. The wall lets nobody else in."""
    call: Call = request.state.call
    assert call.identity is not None
    return Caller(call.identity)
