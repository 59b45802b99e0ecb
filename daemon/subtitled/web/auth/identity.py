"""The identity of a caller."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from subtitled.db.actors import Actor

from .roles import Role, Scope


class IdentityKind(StrEnum):
    """How a caller was recognised."""

    SESSION = "session"
    """A user who signed in, by a cookie."""
    PROXY = "proxy"
    """A user that a named proxy has signed in."""
    KEY = "key"
    """An API key."""
    TOKEN = "token"  # noqa: S105 - a kind, not a token
    """The token of webhooks and metrics."""
    LOCAL = "local"
    """A program of this machine, while no token is configured and the address is a loopback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who calls, and what that caller may do."""

    kind: IdentityKind
    name: str
    """The name of the user or of the key, for pages and the log."""
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    libraries: tuple[str, ...] | None = None
    """The libraries that the caller may see; None for all."""
    csrf_token: str = ""
    """What forms and scripts of the pages have to send along."""
    user_id: int | None = None
    key_id: int = 0
    """The number of an API key."""
    owner: str = ""
    """The name of the user who owns an API key; empty for none."""
    session_id: str = ""
    """The hash of the session, which names it in the list of sessions."""

    @property
    def actor(self) -> Actor:
        """Who that is, told from others of the same name. A key acts for the user who owns it."""
        if self.is_ambient:
            return Actor.user(self.name)
        if self.owner:
            return Actor.user(self.owner, self.name)
        return Actor.key(self.key_id, self.name)

    @property
    def is_ambient(self) -> bool:
        """Whether a browser sends the credentials by itself, so that other pages could use them."""
        return self.kind in (IdentityKind.SESSION, IdentityKind.PROXY)
