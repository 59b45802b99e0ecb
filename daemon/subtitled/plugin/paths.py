"""The same files under other names: paths of this machine, and as a server sees them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

PathPairs = tuple[tuple[str, str], ...]
"""Pairs of [our folder, its folder], in the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class PathMap:
    """Maps paths by the first pair whose folder holds them, compared by whole names.

    A server's folder may be one of POSIX, of Windows (a drive letter or a UNC share; case does not
    count), or an address such as ``smb://nas/films``.
    """

    pairs: PathPairs = ()

    def to_server(self, path: Path) -> str:
        """Our path as the server sees it.

        Bytes that are no UTF-8 become U+FFFD, as the servers' own runtimes read them.
        """
        path = Path(os.fsencode(path).decode("utf-8", "replace"))
        for local_folder, server_folder in self.pairs:
            if path.is_relative_to(local_folder):
                root, folder = _split_path(server_folder)
                return root + str(folder.joinpath(*path.relative_to(local_folder).parts))
        return str(path)

    def to_local(self, path: str) -> Path:
        """The server's path as a path of this machine."""
        for local_folder, server_folder in self.pairs:
            root, folder = _split_path(server_folder)
            path_root, pure_path = _split_path(path, like=folder)
            if path_root.lower() == root.lower() and pure_path.is_relative_to(folder):
                return Path(local_folder).joinpath(*pure_path.relative_to(folder).parts)
        return Path(path)


def is_same_path(first: str, second: str) -> bool:
    """Whether two paths of a server are the same file, by its own rules of case and slashes."""
    return _split_path(first) == _split_path(second)


def is_inside(path: str, folder: str) -> bool:
    """Whether a path of a server lies in one of its folders, or is it, by whole names."""
    root, pure = _split_path(folder)
    path_root, pure_path = _split_path(path, like=pure)
    return path_root.lower() == root.lower() and pure_path.is_relative_to(pure)


def path_parts(path: str) -> tuple[str, ...]:
    """The names in a path of a server, its root first."""
    root, pure = _split_path(path)
    return (root + pure.parts[0], *pure.parts[1:]) if pure.parts else (root,)


def ancestor(path: str, levels: int) -> str:
    """The folder of a server that a path lies in, so many names up."""
    root, pure = _split_path(path)
    return root + str(pure.parents[levels - 1])


def _split_path(path: str, like: PurePath | None = None) -> tuple[str, PurePath]:
    """The scheme of an address, or nothing, and a path in its own manner, or in that of another."""
    scheme, separator, rest = path.partition("://")
    if separator and scheme.isalnum():
        return f"{scheme}://", PurePosixPath(rest)
    # A backslash within is an ordinary character of a POSIX name.
    windows = path.startswith("\\\\") or path[1:3] in (":", ":\\", ":/")
    if like is not None:
        windows = isinstance(like, PureWindowsPath)
    return "", PureWindowsPath(path) if windows else PurePosixPath(path)
