"""Mapping paths of this machine to those of a server, and comparing paths of a server."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath


def display_path(path: str | os.PathLike[str]) -> str:
    """Return a path as text that can be printed and encoded.

    Args:
        path: A path, whose bytes need not be UTF-8.

    Returns:
        The path, with U+FFFD for bytes that are not UTF-8.
    """
    return os.fsencode(path).decode("utf-8", "replace")


def quote_path(path: str | os.PathLike[str]) -> str:
    """Write a path as one word of a command line that a message tells people to type.

    Args:
        path: The path.

    Returns:
        The word, quoted if a shell needs that.
    """
    return shlex.quote(display_path(path))


PathPairs = tuple[tuple[str, str], ...]
"""Pairs of (folder of this machine, folder of the server), tried in order."""


@dataclass(frozen=True, slots=True)
class PathMap:
    """A mapping of paths. The first pair whose folder contains the path applies.

    Folders match by whole names. A server's folder may be a POSIX path, a Windows path (a drive
    letter or a UNC share, compared without case), or a URL such as ``smb://nas/films``.
    """

    pairs: PathPairs = ()
    """Pairs of (folder of this machine, folder of the server)."""

    def to_server(self, path: Path) -> str:
        """Map a path of this machine to a path of the server.

        Args:
            path: A path of this machine.

        Returns:
            The path as the server names it, or the same path if no pair applies. Bytes that are not
            UTF-8 become U+FFFD, as the servers themselves read them.
        """
        path = Path(display_path(path))
        for local_folder, server_folder in self.pairs:
            if path.is_relative_to(local_folder):
                root, folder = _split_path(server_folder)
                return root + str(folder.joinpath(*path.relative_to(local_folder).parts))
        return str(path)

    def to_local(self, path: str) -> Path:
        """Map a path of the server to a path of this machine.

        Args:
            path: A path as the server names it.

        Returns:
            The path of this machine, or the same path if no pair applies.
        """
        for local_folder, server_folder in self.pairs:
            root, folder = _split_path(server_folder)
            path_root, pure_path = _split_path(path, like=folder)
            if path_root.lower() == root.lower() and pure_path.is_relative_to(folder):
                return Path(local_folder).joinpath(*pure_path.relative_to(folder).parts)
        return Path(path)


def is_same_path(first: str, second: str) -> bool:
    """Compare two paths of a server by its rules for case and slashes.

    Args:
        first: A path of the server.
        second: Another path of the server.

    Returns:
        True if they name the same file.
    """
    return _split_path(first) == _split_path(second)


def is_inside(path: str, folder: str) -> bool:
    """Check whether a path of a server is inside a folder of the server, or is that folder.

    Args:
        path: A path of the server.
        folder: A folder of the server.

    Returns:
        True if it is, by whole names.
    """
    root, pure = _split_path(folder)
    path_root, pure_path = _split_path(path, like=pure)
    return path_root.lower() == root.lower() and pure_path.is_relative_to(pure)


def path_parts(path: str) -> tuple[str, ...]:
    """Split a path of a server into its names.

    Args:
        path: A path of the server.

    Returns:
        The root and the names below it.
    """
    root, pure = _split_path(path)
    return (root + pure.parts[0], *pure.parts[1:]) if pure.parts else (root,)


def ancestor(path: str, levels: int) -> str:
    """Find a folder that contains a path of a server.

    Args:
        path: A path of the server.
        levels: How many levels up: 1 is the folder of the file.

    Returns:
        The folder as the server names it.

    Raises:
        IndexError: The path has fewer levels.
    """
    root, pure = _split_path(path)
    return root + str(pure.parents[levels - 1])


def _split_path(path: str, like: PurePath | None = None) -> tuple[str, PurePath]:
    """Split off the scheme of a URL, and parse the rest in the flavour of ``like`` or its own."""
    scheme, separator, rest = path.partition("://")
    if separator and scheme.isalnum():
        return f"{scheme}://", PurePosixPath(rest)
    # A backslash inside is an ordinary character of a POSIX name.
    windows = path.startswith("\\\\") or path[1:3] in (":", ":\\", ":/")
    if like is not None:
        windows = isinstance(like, PureWindowsPath)
    return "", PureWindowsPath(path) if windows else PurePosixPath(path)
