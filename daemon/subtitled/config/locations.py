"""Where the configuration file is looked for. Nothing of the package is imported for it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs

SYSTEM_CONFIG = Path("/etc/subtitled/config.toml")
"""The configuration of the system service."""


def list_configs(explicit: Path | None, system: Path = SYSTEM_CONFIG) -> tuple[Path, ...]:
    """List where the configuration may be, in order.

    Args:
        explicit: The file that the user named, or None.
        system: The file of the whole system.

    Returns:
        The file that was named, by the user or in ``$SUBTITLED_CONFIG``. Without one, the user's
        and the system's, of which either may be absent.
    """
    if named := find_named_config(explicit):
        return (named,)
    return Path(platformdirs.user_config_dir("subtitled")) / "config.toml", system


def find_named_config(explicit: Path | None) -> Path | None:
    """Return the file that was named, by the user or in ``$SUBTITLED_CONFIG``, if any."""
    if explicit is not None:
        return explicit
    return Path(named) if (named := os.environ.get("SUBTITLED_CONFIG")) else None


def is_there(path: Path) -> bool:
    """Return whether a file exists. Also true if access is denied: reading it then says why."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
