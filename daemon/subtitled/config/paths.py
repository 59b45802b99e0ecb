"""Where state and models lie when the configuration does not say, and who may act on them."""

from __future__ import annotations

import contextlib
import os
import pwd
from pathlib import Path

import platformdirs

from subtitled.plugin import SetupError

from .settings import AppSettings

SYSTEM_CONFIG = Path("/etc/subtitled/config.toml")
"""The configuration of the system's service."""
SYSTEM_STATE = Path("/var/lib/subtitled")
SYSTEM_CACHE = Path("/var/cache/subtitled")
"""What systemd hands to the service, which its unit names."""


def resolve_state_dir(settings: AppSettings) -> Path:
    """``daemon.resolve_state_dir``, else systemd's ``$STATE_DIRECTORY``, else the user's state
    folder."""
    if settings.daemon.state_dir is not None:
        return settings.daemon.state_dir
    folder = _first_path(os.environ.get("STATE_DIRECTORY"))
    return folder or Path(platformdirs.user_state_dir("subtitled"))


def resolve_models_dir(settings: AppSettings) -> Path:
    """``daemon.resolve_models_dir``, else in ``$CACHE_DIRECTORY``, else in the user's cache
    folder."""
    if settings.daemon.models_dir is not None:
        return settings.daemon.models_dir
    folder = _first_path(os.environ.get("CACHE_DIRECTORY"))
    return (folder or Path(platformdirs.user_cache_dir("subtitled"))) / "models"


def resolve_database_url(settings: AppSettings) -> str | None:
    """The address of the PostgreSQL database that ledger and queue are in; None: they are files of
    the state folder. Raises :class:`~subtitled.plugin.SetupError` if it cannot be read."""
    return settings.daemon.database.reveal() if settings.daemon.database else None


def resolve_scratch_dir(settings: AppSettings) -> Path:
    """``daemon.resolve_scratch_dir``, else the state folder."""
    return settings.daemon.scratch_dir or resolve_state_dir(settings)


def with_service_folders(settings: AppSettings) -> AppSettings:
    """The settings of :data:`SYSTEM_CONFIG` with the service's folders, where it has made them.

    Commands typed in a shell are not told of them by systemd, and mean the service's state.
    """
    folders = {}
    if not os.environ.get("STATE_DIRECTORY") and SYSTEM_STATE.is_dir():
        folders["state_dir"] = settings.daemon.state_dir or SYSTEM_STATE
    if not os.environ.get("CACHE_DIRECTORY") and SYSTEM_CACHE.is_dir():
        folders["models_dir"] = settings.daemon.models_dir or SYSTEM_CACHE / "models"
    return settings.model_copy(update={"daemon": settings.daemon.model_copy(update=folders)})


def drop_privileges_to_owner(folder: Path) -> str:
    """Root becomes the user to whom a state folder belongs; that user's name, else empty.

    What root makes in there the daemon could not write to, and what root can read says nothing of
    what the daemon can.
    """
    try:
        owner = folder.stat()
    except OSError:
        return ""
    if os.geteuid() != 0 or owner.st_uid == 0:
        return ""
    name, home, groups = str(owner.st_uid), str(folder), [owner.st_gid]
    with contextlib.suppress(KeyError):  # a container may know no name for the number
        known = pwd.getpwuid(owner.st_uid)
        name, home = known.pw_name, known.pw_dir
        groups = os.getgrouplist(name, owner.st_gid)
    try:
        os.setgroups(groups)
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    except PermissionError:  # a root without the right to be somebody else
        return ""
    os.environ["HOME"] = home
    return name


def ensure_private_folder(folder: Path) -> Path:
    """The folder, made for its owner alone if it is missing; one that is there stays as it is.

    Raises :class:`~subtitled.plugin.SetupError` if it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        display_path = os.fsencode(folder).decode("utf-8", "replace")
        raise SetupError(
            f"the folder {display_path} cannot be made: {error.strerror}",
            "Set daemon.state_dir to a folder of yours, or give this user the right to write there",
        ) from error
    return folder


def _first_path(listed: str | None) -> Path | None:
    """systemd names several folders with colons between; the first is ours."""
    first = (listed or "").split(":")[0]
    return Path(first) if first else None
