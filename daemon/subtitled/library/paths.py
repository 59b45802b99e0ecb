"""Whether a path that a stranger named leads out of a library: asked before anything is read.

No component between the library's folder and the path may be a link, so that nothing outside is
as much as looked at; where links are followed, the path must end up in the library all the same.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from subtitled.config.settings import LibrarySettings


def is_inside_library(path: Path, library: LibrarySettings) -> bool:
    """Looks at the disk, which may take as long as the disk does. What is missing is confined."""
    root = library.path
    if ".." in path.parts or not path.is_relative_to(root):
        return False
    if library.follow_symlinks:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
    at = root
    for part in path.relative_to(root).parts:
        at /= part
        try:
            if stat.S_ISLNK(at.lstat().st_mode):
                return False
        except OSError:
            return True  # and so is everything below it
    return True
