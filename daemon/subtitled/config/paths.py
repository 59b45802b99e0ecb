"""Default folders of state and models, and access to them."""

from __future__ import annotations

import contextlib
import os
import pwd
from pathlib import Path

import platformdirs

from subtitled.plugin import SetupError
from subtitled.plugin.paths import display_path

from .settings import AppSettings

SYSTEM_STATE = Path("/var/lib/subtitled")
SYSTEM_CACHE = Path("/var/cache/subtitled")
"""The folders that the systemd unit gives to the service."""


def resolve_state_dir(settings: AppSettings) -> Path:
    """Return ``daemon.state_dir``, else systemd's ``$STATE_DIRECTORY``, else the user's folder."""
    if settings.daemon.state_dir is not None:
        return settings.daemon.state_dir
    folder = _first_path(os.environ.get("STATE_DIRECTORY"))
    return folder or Path(platformdirs.user_state_dir("subtitled"))


def resolve_models_dir(settings: AppSettings) -> Path:
    """Return ``daemon.models_dir``, else a folder in ``$CACHE_DIRECTORY`` or the user's cache."""
    if settings.daemon.models_dir is not None:
        return settings.daemon.models_dir
    folder = _first_path(os.environ.get("CACHE_DIRECTORY"))
    return (folder or Path(platformdirs.user_cache_dir("subtitled"))) / "models"


def resolve_database_url(settings: AppSettings) -> str | None:
    """Return the address of the PostgreSQL database, or None if SQLite is used.

    Raises:
        SetupError: The secret that contains the address cannot be read.
    """
    return settings.daemon.database.reveal() if settings.daemon.database else None


def resolve_scratch_dir(settings: AppSettings) -> Path:
    """Return ``daemon.scratch_dir``, else the state folder."""
    return settings.daemon.scratch_dir or resolve_state_dir(settings)


def with_service_folders(settings: AppSettings) -> AppSettings:
    """Return the settings of the system's configuration with the folders of the service, if there.

    systemd names the folders only to the service. A command that is typed in a shell needs them
    too, because it is about the state of the service.
    """
    folders = {}
    if not os.environ.get("STATE_DIRECTORY") and SYSTEM_STATE.is_dir():
        folders["state_dir"] = settings.daemon.state_dir or SYSTEM_STATE
    if not os.environ.get("CACHE_DIRECTORY") and SYSTEM_CACHE.is_dir():
        folders["models_dir"] = settings.daemon.models_dir or SYSTEM_CACHE / "models"
    return settings.model_copy(update={"daemon": settings.daemon.model_copy(update=folders)})


def drop_privileges_to_owner(folder: Path) -> str:
    """Change from root to the owner of the state folder.

    The daemon could not write to files that root creates there. And a file that root can read may
    be unreadable for the daemon.

    Returns:
        The name of the owner, or an empty text if the user did not change.
    """
    try:
        owner = folder.stat()
    except OSError:
        return ""
    if os.geteuid() != 0 or owner.st_uid == 0:
        return ""
    name, home, groups = str(owner.st_uid), str(folder), [owner.st_gid]
    with contextlib.suppress(KeyError):  # a container may have no name for the user id
        known = pwd.getpwuid(owner.st_uid)
        name, home = known.pw_name, known.pw_dir
        groups = os.getgrouplist(name, owner.st_gid)
    try:
        os.setgroups(groups)
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    except PermissionError:  # root without the capability to change the user
        return ""
    os.environ["HOME"] = home
    return name


def ensure_private_folder(folder: Path) -> Path:
    """Create a folder with access for its owner only, unless it exists, and return it.

    Raises:
        SetupError: The folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SetupError(
            f"the folder {display_path(folder)} cannot be created: {error.strerror}",
            "Set daemon.state_dir to a folder of yours, or give this user write access",
        ) from error
    return folder


def _first_path(listed: str | None) -> Path | None:
    """Return the first of several folders that systemd separates by colons."""
    first = (listed or "").split(":")[0]
    return Path(first) if first else None
