"""Paths as people write them into the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator


def _folder(path: Path) -> Path:
    """``~`` as the home folder. Whether it is there is not asked: a mount may be away."""
    if "\0" in str(path):
        raise ValueError("a path holds no zero character; write backslashes twice or use '...'")
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder; write the path from the root") from None


Folder = Annotated[Path, AfterValidator(_folder)]
