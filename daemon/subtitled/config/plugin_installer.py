"""Installing distributions of plugins into the state folder, with pip.

The packages of subtitled itself are neither changed nor hidden: pip gets their versions as
constraints, and what it installs comes after them in the search path.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from subtitled import __version__
from subtitled.plugin import SetupError
from subtitled.plugin.limits import clean_text
from subtitled.plugin.paths import display_path

from .paths import ensure_private_folder
from .plugin_installation import (
    Wanted,
    find_wanted,
    read_installed,
    resolve_install_dir,
    write_failed,
    write_installed,
)
from .plugin_registration import ENTRY_POINT_GROUP
from .settings import AppSettings

PIP_TIMEOUT: Final = 3600.0
"""Seconds that pip may take."""
MAX_ERROR_LINES: Final = 6
_NOISE: Final = ("To fix this", "1. ", "2. ", "ResolutionImpossible", "The conflict is caused by")
"""How lines of pip begin that say nothing about this installation."""
_DROPPED_VARIABLES: Final = (
    "PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER",
    "PIP_REQUIRE_VIRTUALENV", "PIP_CONSTRAINT",
)  # fmt: skip
"""Variables that would let pip install elsewhere, or see other packages."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What became of an installation."""

    is_new: bool
    """Whether something was installed, or the list had not changed."""
    plugins: tuple[str, ...]
    """The names of the plugins that are installed."""


def install_plugins(settings: AppSettings, *, again: bool = False) -> Installation:
    """Install what is wanted, unless it is there. The old installation is used until the end.

    Args:
        settings: The settings, with the list and the state folder.
        again: Whether to install even if the list has not changed.

    Raises:
        SetupError: It failed. The old installation is in use, as before.
    """
    folder = ensure_private_folder(resolve_install_dir(settings))
    with _locked(folder / "lock"):
        wanted = find_wanted(settings)
        installed = read_installed(folder)
        if installed is None and not wanted.requirements:
            return Installation(False, ())
        if installed is not None and installed.digest == wanted.digest and not again:
            return Installation(False, _list_plugins(list(installed.packages)))
        try:
            place, packages = _install(folder, wanted)
        except SetupError as error:
            write_failed(folder, wanted.digest, error)
            raise
        write_installed(folder, wanted, place, packages)
        # A running daemon imports from the last one until it is restarted.
        _remove_others(folder, {place, *([installed.folder] if installed else [])})
        return Installation(True, _list_plugins(packages))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other process installs."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(folder: Path, wanted: Wanted) -> tuple[Path, list[Path]]:
    """Install into a new folder, and return it with the folders of its packages."""
    place = Path(tempfile.mkdtemp(prefix="packages-", dir=folder))
    try:
        if wanted.requirements:
            _run_pip(place, wanted.requirements)
        return place, sorted(
            path for name in ("site-packages", "dist-packages") for path in place.rglob(name)
        )
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        message = f"{display_path(folder)} cannot be written: {error.strerror}"
        raise SetupError(message, "Make room on its disk") from error
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _run_pip(place: Path, requirements: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory(prefix="tmp-", dir=place.parent) as scratch:
        constraints = Path(scratch) / "constraints.txt"
        constraints.write_text("".join(f"{line}\n" for line in _list_constraints()), "utf-8")
        command = [
            sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
            "--no-cache-dir", "--no-warn-script-location", "--progress-bar", "off",
            "--prefix", str(place), "--constraint", str(constraints), *requirements,
        ]  # fmt: skip
        environment = {k: v for k, v in os.environ.items() if k not in _DROPPED_VARIABLES}
        # Nothing of the system is changed: the prefix is a folder of ours.
        environment |= {"TMPDIR": scratch, "PIP_BREAK_SYSTEM_PACKAGES": "1"}
        try:
            completed = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PIP_TIMEOUT,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise SetupError(
                f"pip did not end within {PIP_TIMEOUT:g} s", "Look at the network of this machine"
            ) from None
    if completed.returncode != 0:
        raise _explain(completed.stdout.decode("utf-8", "replace"))


def _explain(output: str) -> SetupError:
    """Convert what pip printed to an error with a hint."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        return SetupError("pip is not installed", f"Run: {sys.executable} -m ensurepip")
    first = next((n for n, line in enumerate(lines) if line.startswith("ERROR:")), len(lines) - 1)
    told = [clean_text(line.removeprefix("ERROR: ")) for line in lines[first:]]
    told = [line for line in told if not line.startswith(_NOISE)]
    message = "; ".join(told[:MAX_ERROR_LINES])[:1000]
    if "conflict" in output or "ResolutionImpossible" in output:
        hint = (
            "It needs another version of a package than subtitled. Install a version of the plugin "
            f"for subtitled {__version__}, or update subtitled"
        )
    elif "No matching distribution" in output or "Could not find a version" in output:
        hint = (
            "Correct the name and version. pip needs the network, or $PIP_INDEX_URL, or "
            "$PIP_FIND_LINKS with all wheels that are needed"
        )
    else:
        hint = "Correct plugins.install or $SUBTITLED_PLUGINS, and run: subtitled plugins install"
    return SetupError(f"pip failed: {message}", hint)


def _list_constraints() -> Iterator[str]:
    """Yield the installed packages, without those that were installed here before.

    Of a package that is there twice, as in an environment above that of the system, Python imports
    the first.
    """
    own = {str(Path(path).resolve()) for path in sys.path if "/plugins/packages-" in path}
    first: dict[str, str] = {}
    for distribution in importlib.metadata.distributions(
        path=[path for path in sys.path if str(Path(path).resolve()) not in own]
    ):
        try:
            name, version = distribution.metadata["Name"], distribution.version
        except Exception:  # noqa: BLE001, S112 - the metadata of a half-removed package
            continue
        if name and version and re.fullmatch(r"[\w.!+-]+", version):
            first.setdefault(canonicalize_name(name), f"{name}=={version}")
    yield from first.values()


def _list_plugins(packages: list[Path]) -> tuple[str, ...]:
    found = importlib.metadata.distributions(path=list(map(str, packages)))
    return tuple(
        sorted(
            entry.name
            for distribution in found
            for entry in distribution.entry_points
            if entry.group == ENTRY_POINT_GROUP
        )
    )


def _remove_others(folder: Path, kept: set[Path]) -> None:
    for path in folder.glob("packages-*"):
        if path not in kept:
            shutil.rmtree(path, ignore_errors=True)
