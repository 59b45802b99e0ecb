"""Roles of users and scopes of programs: what each may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a user or a key may do. Each role may do all that those before it may."""

    VIEWER = "viewer"
    """See everything but the configuration and the logs."""
    REVIEWER = "reviewer"
    """Edit and approve subtitles."""
    OPERATOR = "operator"
    """Steer the queue, pauses and undo."""
    ADMIN = "admin"
    """Manage users, keys and the configuration, and read the logs."""

    def includes(self, other: Role) -> bool:
        """Return whether this role may do all that another may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


class Scope(StrEnum):
    """What a program may do without a role."""

    WEBHOOKS = "webhooks"
    """Send webhooks."""
    METRICS = "metrics"
    """Read metrics, and the problems that ``/health`` knows."""
    TRANSCRIBE = "transcribe"
    """Send audio and get its text, as Bazarr and programs for OpenAI do."""


TOKEN_SCOPES = frozenset({Scope.WEBHOOKS, Scope.METRICS})
"""What the token of webhooks and metrics may do, and local programs where none is configured."""
