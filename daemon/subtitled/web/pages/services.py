"""What the pages use of the rest of the daemon, and what a user may see of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.records import FileState

from ..auth.identity import Identity
from ..i18n import mark_text as _
from ..refusals import RefusedError
from .site import call_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteServices:
    """What the pages use."""

    configuration: Configuration
    db: Database
    state: Path
    """The state folder."""


def identity_of(request: Request) -> Identity:
    """Return who calls. The wall lets nobody else in."""
    identity = call_of(request).identity
    assert identity is not None
    return identity


def visible_libraries(services: SiteServices, request: Request) -> list[str]:
    """Return the names of the libraries that the user may see."""
    allowed = identity_of(request).libraries
    names = list(services.configuration.settings.libraries)
    return names if allowed is None else [name for name in names if name in allowed]


def is_visible(request: Request, library: str | None) -> bool:
    """Return whether the user may see what belongs to a library, or to none."""
    allowed = identity_of(request).libraries
    return allowed is None or library in allowed


def choose_library(services: SiteServices, request: Request, wanted: str) -> str | None:
    """Return the library that a page is about; None for all.

    A user who is bound to libraries sees one of them at a time.

    Raises:
        RefusedError: The user may see no library.
    """
    if identity_of(request).libraries is None:
        return wanted or None
    visible = visible_libraries(services, request)
    if not visible:
        raise RefusedError(403, _("your account is bound to libraries that do not exist"))
    return wanted if wanted in visible else visible[0]


def count_states(services: SiteServices, request: Request) -> dict[FileState, int]:
    """Return the number of files in each state, of the libraries that the user may see."""
    if identity_of(request).libraries is None:
        return services.db.states.count_by_state()  # from an index alone
    counts: dict[FileState, int] = {}
    for count in services.db.overview.count_states():
        if is_visible(request, count.library):
            counts[count.state] = counts.get(count.state, 0) + count.files
    return counts
