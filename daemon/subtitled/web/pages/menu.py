"""The links of the menu, and the role that sees each."""

from __future__ import annotations

from dataclasses import dataclass

from ..auth.access import Access
from ..auth.identity import Identity
from ..auth.roles import Role
from ..i18n import mark_text as _


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One link."""

    path: str
    text: str
    role: Role = Role.VIEWER


MENU = (
    MenuItem("/", _("Now")),
    MenuItem("/coverage", _("Coverage")),
    MenuItem("/files", _("Files")),
    MenuItem("/queue", _("Queue")),
    MenuItem("/review", _("Review")),
    MenuItem("/history", _("History")),
    MenuItem("/health-page", _("Health")),
    MenuItem("/spending", _("Spending")),
    MenuItem("/glossary", _("Glossary")),
    MenuItem("/engine-errors", _("Engines"), Role.ADMIN),
    MenuItem("/settings", _("Settings"), Role.ADMIN),
    MenuItem("/users", _("Users"), Role.ADMIN),
)


def menu_of(identity: Identity | None) -> list[MenuItem]:
    """Return the links that a user sees."""
    if identity is None or identity.role is None:
        return []
    return [item for item in MENU if Access(item.role).is_granted_to(identity)]
