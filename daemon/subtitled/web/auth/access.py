"""What a caller may need for a route."""

from __future__ import annotations

from enum import StrEnum

from .identity import Identity, IdentityKind
from .roles import Role, Scope


class Access(StrEnum):
    """What a caller needs."""

    OPEN = "open"
    """Nothing. Only what is shown before anybody signed in."""
    WEBHOOKS = "webhooks"
    METRICS = "metrics"
    """The scope of this name, or the role of an operator."""
    TRANSCRIBE = "transcribe"
    """An API key with the scope of this name. No role will do: audio of a key's owner costs time
    and perhaps money, and no page sends any."""
    VIEWER = "viewer"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    """The role of this name, or a higher one. An admin of some libraries is an operator of them."""

    def is_granted_to(self, identity: Identity | None) -> bool:
        """Return whether a caller has what is needed."""
        if self is Access.OPEN:
            return True
        if identity is None:
            return False
        if self is Access.TRANSCRIBE:
            return identity.kind is IdentityKind.KEY and Scope.TRANSCRIBE in identity.scopes
        if self in (Access.WEBHOOKS, Access.METRICS):
            if Scope(self) in identity.scopes:
                return True
            return identity.role is not None and identity.role.includes(Role.OPERATOR)
        if self is Access.ADMIN and identity.libraries is not None:
            # Users, keys and the configuration are about all libraries. Who is bound to some could
            # add a user who is not.
            return False
        return identity.role is not None and identity.role.includes(Role(self))
