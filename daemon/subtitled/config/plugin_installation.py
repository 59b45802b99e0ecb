"""What ``subtitled plugins install`` has put into the state folder, and what it should.

``plugins/installed.json`` names the folder in use, so that an installation is replaced in one step.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import platform
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from subtitled import __version__
from subtitled.plugin import SetupError
from subtitled.plugin.files import hash_file, write_atomic
from subtitled.plugin.paths import display_path

from .paths import resolve_state_dir
from .plugin_paths import PluginPaths
from .settings import AppSettings

PLUGINS_VARIABLE: Final = "SUBTITLED_PLUGINS"
"""The environment variable with more of what is installed, separated by blanks."""
_INSTALLED, _FAILED = "installed.json", "failed.json"


def resolve_install_dir(settings: AppSettings) -> Path:
    """Return the folder in the state folder in which plugins are installed."""
    return resolve_state_dir(settings) / "plugins"


def resolve_plugin_folder(settings: AppSettings, config_path: Path | None) -> Path | None:
    """Return the folder of one-file plugins: ``plugins.folder``, else that beside the file."""
    if settings.plugins.folder is not None:
        return settings.plugins.folder
    return None if config_path is None else config_path.absolute().parent / "plugins"


def find_plugin_paths(settings: AppSettings, config_path: Path | None) -> PluginPaths:
    """Return where the plugins of a configuration are, besides the Python environment."""
    installed = read_installed(resolve_install_dir(settings))
    return PluginPaths(
        resolve_plugin_folder(settings, config_path), installed.packages if installed else ()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be installed."""

    requirements: tuple[str, ...]
    """As pip takes them: requirements, and wheels by their paths."""
    digest: str
    """Changes with the requirements, the contents of wheels, and the version of subtitled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What is installed."""

    digest: str
    folder: Path
    packages: tuple[Path, ...]
    """The folders with the packages, which belong into the search path of Python."""


def find_wanted(settings: AppSettings) -> Wanted:
    """Return what ``plugins.install`` and ``$SUBTITLED_PLUGINS`` name, with the wheels found.

    Raises:
        SetupError: An entry is an option of pip, no file has the name of a wheel, or a wheel cannot
            be read.
    """
    try:
        variable = shlex.split(os.environ.get(PLUGINS_VARIABLE, ""))
    except ValueError as error:
        raise SetupError(
            f"${PLUGINS_VARIABLE} cannot be read: {error}", "Close the quotes"
        ) from None
    entries = [*settings.plugins.install, *variable]
    requirements = tuple(dict.fromkeys(found for entry in entries for found in _expand(entry)))
    facts = [__version__, platform.python_version(), *map(_describe, requirements)]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    return Wanted(requirements=requirements, digest=digest)


def _expand(entry: str) -> list[str]:
    """Return the wheels that a pattern fits, or the requirement itself."""
    if entry.startswith("-") or not entry.strip():
        raise SetupError(
            f"{entry!r} is no plugin to install",
            "Name distributions and wheels. Options of pip are set as $PIP_INDEX_URL and the like",
        )
    if not re.match(r"[./~]", entry):
        return [entry]
    pattern = os.path.expanduser(entry)  # noqa: PTH111 - a pattern, not a path
    found = sorted(glob.glob(pattern))  # noqa: PTH207 - the pattern is absolute
    if not found:
        raise SetupError(
            f"no file fits {entry}, which is to be installed", "Put the wheel there, or remove it"
        )
    return found


def _describe(requirement: str) -> str:
    """Return a requirement with the hash of its file, so that a new file is installed too."""
    path = Path(requirement)
    try:
        if "/" in requirement and path.is_file():
            return f"{requirement} {hash_file(path)}"
    except OSError as error:
        raise SetupError(
            f"{display_path(path)}, which is to be installed, cannot be read: {error.strerror}",
            "Give the user of the daemon read access to it",
        ) from error
    return requirement


def read_installed(folder: Path) -> Installed | None:
    """Return what is installed in a folder; None for nothing."""
    record = _read(folder / _INSTALLED)
    try:
        place = folder / str(record["folder"])
        packages = tuple(place / str(path) for path in record["packages"])
        return Installed(digest=str(record["digest"]), folder=place, packages=packages)
    except (KeyError, TypeError):
        return None


def write_installed(folder: Path, wanted: Wanted, place: Path, packages: list[Path]) -> None:
    """Record an installation, which is used from now on."""
    record = {
        "digest": wanted.digest,
        "requirements": list(wanted.requirements),
        "folder": place.name,
        "packages": [str(path.relative_to(place)) for path in packages],
    }
    _write(folder / _INSTALLED, record)
    (folder / _FAILED).unlink(missing_ok=True)


def write_failed(folder: Path, digest: str, error: SetupError) -> None:
    """Record why an installation failed."""
    _write(folder / _FAILED, {"digest": digest, "message": error.message, "hint": error.hint})


def warn_of_installation(settings: AppSettings) -> Iterator[str]:
    """Warn if what is installed is not what the configuration wants."""
    folder = resolve_install_dir(settings)
    try:
        (folder / _INSTALLED).stat()
    except FileNotFoundError:
        pass  # nothing is installed
    except OSError:
        return  # the state of another user, who is told
    try:
        wanted = find_wanted(settings)
    except SetupError as error:
        yield f"plugins to install: {error}"
        return
    installed = read_installed(folder)
    if installed is None and not wanted.requirements:
        return
    if installed is not None and installed.digest == wanted.digest:
        return
    failed = _read(folder / _FAILED)
    if failed.get("digest") == wanted.digest:
        yield f"plugins could not be installed: {failed.get('message')}. {failed.get('hint')}"
    else:
        yield (
            "the plugins in the state folder are not those of plugins.install and "
            f"${PLUGINS_VARIABLE}, or of another version of subtitled. "
            "Run: subtitled plugins install"
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _write(path: Path, record: dict[str, Any]) -> None:
    try:
        write_atomic(path, json.dumps(record).encode())
    except OSError as error:
        raise SetupError(
            f"{display_path(path)} cannot be written: {error.strerror}", "Make room on its disk"
        ) from error
