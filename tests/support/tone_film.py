"""A small film that can be heard and seen: a tone, and one colour."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path

FILM_SECONDS = 90


@cache
def make_film() -> bytes:
    """Return a small film with a tone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.mkv")
        subprocess.run(
            [
                *"ffmpeg -v error -nostdin -y -f lavfi -i".split(),
                f"color=red:s=64x36:r=5:d={FILM_SECONDS}",
                *"-f lavfi -i".split(),
                f"sine=d={FILM_SECONDS}",
                *"-c:v libx264 -preset ultrafast -c:a aac -b:a 32k".split(),
                str(path),
            ],
            check=True,
        )
        return path.read_bytes()
