"""Where state and models lie when the configuration does not say."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from subtitled.plugin import Misconfigured

from .settings import Settings


def state_dir(settings: Settings) -> Path:
    """``daemon.state_dir``, else systemd's ``$STATE_DIRECTORY``, else the user's state folder."""
    if settings.daemon.state_dir is not None:
        return settings.daemon.state_dir
    given = _first(os.environ.get("STATE_DIRECTORY"))
    return given or Path(platformdirs.user_state_dir("subtitled"))


def models_dir(settings: Settings) -> Path:
    """``daemon.models_dir``, else in ``$CACHE_DIRECTORY``, else in the user's cache folder."""
    if settings.daemon.models_dir is not None:
        return settings.daemon.models_dir
    given = _first(os.environ.get("CACHE_DIRECTORY"))
    return (given or Path(platformdirs.user_cache_dir("subtitled"))) / "models"


def database(settings: Settings) -> str | None:
    """The address of the PostgreSQL database that ledger and queue are in; None: they are files of
    the state folder. Raises :class:`~subtitled.plugin.Misconfigured` if it cannot be read."""
    return settings.daemon.database.reveal() if settings.daemon.database else None


def scratch_dir(settings: Settings) -> Path:
    """``daemon.scratch_dir``, else the state folder."""
    return settings.daemon.scratch_dir or state_dir(settings)


def ensure_private(folder: Path) -> Path:
    """The folder, made for its owner alone if it is missing; one that is there stays as it is.

    Raises :class:`~subtitled.plugin.Misconfigured` if it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        shown = os.fsencode(folder).decode("utf-8", "replace")
        raise Misconfigured(
            f"the folder {shown} cannot be made: {error.strerror}",
            "Set daemon.state_dir to a folder of yours, or give this user the right to write there",
        ) from error
    return folder


def _first(listed: str | None) -> Path | None:
    """systemd names several folders with colons between; the first is ours."""
    first = (listed or "").split(":")[0]
    return Path(first) if first else None
