"""Where plugins are found besides the Python environment of subtitled.

These are a folder of plugins of one file each, and the packages that ``subtitled plugins install``
put into the state folder. Engine processes get the same places.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import pwd
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

from subtitled.plugin import SetupError
from subtitled.plugin.paths import display_path

FILE_PACKAGE: Final = "subtitled_plugin_files"
"""The package whose modules are the files of the folder."""
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class PluginPaths:
    """The places."""

    folder: Path | None = None
    """The folder of one-file plugins."""
    packages: tuple[Path, ...] = ()
    """Folders with installed packages. They come after those of subtitled, and hide none."""

    def apply(self) -> None:
        """Let this process find plugins there, and nowhere else that was applied before."""
        if self.folder != _finder.folder:
            for name in [n for n in sys.modules if n.partition(".")[0] == FILE_PACKAGE]:
                del sys.modules[name]
        _finder.folder = self.folder
        if _finder not in sys.meta_path:
            sys.meta_path.append(_finder)
        for added in _finder.packages:
            if str(added) in sys.path:
                sys.path.remove(str(added))
        _finder.packages = tuple(path for path in self.packages if str(path) not in sys.path)
        sys.path += map(str, _finder.packages)
        importlib.invalidate_caches()

    def to_json(self) -> dict[str, Any]:
        """Return the places as JSON, for another process."""
        folder = None if self.folder is None else str(self.folder)
        return {"folder": folder, "packages": [str(path) for path in self.packages]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> PluginPaths:
        """Convert the result of :meth:`to_json` back."""
        folder = value.get("folder")
        packages = tuple(map(Path, value.get("packages", ())))
        return cls(None if folder is None else Path(folder), packages)


def current_plugin_paths() -> PluginPaths:
    """Return the places that were applied last."""
    return PluginPaths(_finder.folder, _finder.packages)


def list_plugin_files() -> dict[str, Path]:
    """List the one-file plugins by their names. None is imported."""
    folder = _finder.folder
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name) if folder else []
    except OSError:
        return {}  # a plugin that is named is then told as missing, with the folder
    return {
        path.stem: path
        for path in (Path(entry.path) for entry in entries)
        if path.suffix == ".py" and _FILE_NAME.fullmatch(path.stem) and _may_be_file(path)
    }


def _may_be_file(path: Path) -> bool:
    """Return whether a path is a file, or one that this user may not look at, who is told so."""
    try:
        return path.is_file()
    except OSError:
        return True


def file_module(name: str) -> str:
    """Return the name under which the file of a plugin is imported."""
    return f"{FILE_PACKAGE}.{name}"


def check_plugin_file(path: Path) -> None:
    """Check that nobody else can change the code that a file has, as sudo and ssh do.

    Args:
        path: The file. A link is followed.

    Raises:
        SetupError: The file, its folder or a folder above may be changed by somebody else.
    """
    try:
        real = path.resolve(strict=True)
        places = [real, *{real.parent: None, path.parent.resolve(): None}]
        for place in places:
            _check_owner(place)
            _check_mode(place, sticky_is_safe=False)
        for above in {parent: None for place in places for parent in place.parents}:
            _check_mode(above, sticky_is_safe=True)
    except OSError as error:
        raise SetupError(
            f"the plugin {display_path(path)} cannot be read: {error.strerror}",
            "Give the user of the daemon read access to it",
        ) from error


def _check_owner(place: Path) -> None:
    owner, user = place.stat().st_uid, os.geteuid()
    if owner not in (0, user):
        raise SetupError(
            f"the plugin file is not imported: {display_path(place)} belongs to {_user(owner)}, "
            f"who could run code as {_user(user)}",
            f"Run: chown root {display_path(place)}"
            + (f", or chown {_user(user)} if nobody else runs subtitled" if user else ""),
        )


def _check_mode(place: Path, *, sticky_is_safe: bool) -> None:
    mode = place.stat().st_mode
    if mode & _OTHERS_MAY_WRITE and not (sticky_is_safe and mode & stat.S_ISVTX):
        raise SetupError(
            f"the plugin file is not imported: others may write to {display_path(place)}",
            f"Run: chmod go-w {display_path(place)}",
        )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


class _FileLoader(importlib.machinery.SourceFileLoader):
    """Compiles a file each time: a file with its byte code might be written by others."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


class _FileFinder(importlib.abc.MetaPathFinder):
    """Finds the files of the folder as modules of :data:`FILE_PACKAGE`, if they are safe."""

    folder: Path | None = None
    packages: tuple[Path, ...] = ()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        package, _, name = fullname.partition(".")
        if package != FILE_PACKAGE:
            return None
        if not name:
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        if self.folder is None or "." in name:
            return None
        file = self.folder / f"{name}.py"
        if not _may_be_file(file):
            return None
        check_plugin_file(file)
        return importlib.util.spec_from_file_location(
            fullname, file, loader=_FileLoader(fullname, str(file))
        )


_finder = _FileFinder()


def iter_unsafe_files() -> Iterator[tuple[str, SetupError]]:
    """Yield the one-file plugins that would be refused, with the reason."""
    for name, file in list_plugin_files().items():
        try:
            check_plugin_file(file)
        except SetupError as error:
            yield name, error
