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

    def theirs(self, path: Path) -> str:
        """Our path as the server sees it.

        Bytes that are no UTF-8 become U+FFFD, as the servers' own runtimes read them.
        """
        path = Path(os.fsencode(path).decode("utf-8", "replace"))
        for mine, other in self.pairs:
            if path.is_relative_to(mine):
                root, folder = _split(other)
                return root + str(folder.joinpath(*path.relative_to(mine).parts))
        return str(path)

    def ours(self, path: str) -> Path:
        """The server's path as a path of this machine."""
        for mine, other in self.pairs:
            root, folder = _split(other)
            there_root, there = _split(path, like=folder)
            if there_root.lower() == root.lower() and there.is_relative_to(folder):
                return Path(mine).joinpath(*there.relative_to(folder).parts)
        return Path(path)


def same_path(one: str, other: str) -> bool:
    """Whether two paths of a server are the same file, by its own rules of case and slashes."""
    return _split(one) == _split(other)


def lies_in(path: str, folder: str) -> bool:
    """Whether a path of a server lies in one of its folders, or is it, by whole names."""
    root, pure = _split(folder)
    there_root, there = _split(path, like=pure)
    return there_root.lower() == root.lower() and there.is_relative_to(pure)


def parts_of(path: str) -> tuple[str, ...]:
    """The names in a path of a server, its root first."""
    root, pure = _split(path)
    return (root + pure.parts[0], *pure.parts[1:]) if pure.parts else (root,)


def above(path: str, names: int) -> str:
    """The folder of a server that a path lies in, so many names up."""
    root, pure = _split(path)
    return root + str(pure.parents[names - 1])


def _split(path: str, like: PurePath | None = None) -> tuple[str, PurePath]:
    """The scheme of an address, or nothing, and a path in its own manner, or in that of another."""
    scheme, mark, rest = path.partition("://")
    if mark and scheme.isalnum():
        return f"{scheme}://", PurePosixPath(rest)
    # A backslash within is an ordinary character of a POSIX name.
    windows = path.startswith("\\\\") or path[1:3] in (":", ":\\", ":/")
    if like is not None:
        windows = isinstance(like, PureWindowsPath)
    return "", PureWindowsPath(path) if windows else PurePosixPath(path)
