"""What a caller may need for a route."""

from __future__ import annotations

from enum import StrEnum

from .identity import Identity
from .roles import Role, Scope


class Access(StrEnum):
    """What a caller needs."""

    OPEN = "open"
    """Nothing. Only what is shown before anybody signed in."""
    WEBHOOKS = "webhooks"
    METRICS = "metrics"
    """The scope of this name, or the role of an operator."""
    VIEWER = "viewer"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    """The role of this name, or a higher one."""

    def is_granted_to(self, identity: Identity | None) -> bool:
        """Return whether a caller has what is needed."""
        if self is Access.OPEN:
            return True
        if identity is None:
            return False
        if self in (Access.WEBHOOKS, Access.METRICS):
            if Scope(self) in identity.scopes:
                return True
            return identity.role is not None and identity.role.includes(Role.OPERATOR)
        return identity.role is not None and identity.role.includes(Role(self))
