"""Time to rebuild a lost database from 100 000 sidecars.

It is compared, in the same run, with a bare walk of the same folders that lists them and reads each
sidecar's attribute. The page cache is warm for both.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from material import own_folder, running
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.library.rebuild import rebuild_sidecars
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.ownership import XATTR_NAME, Signature, sign

IN_A_FOLDER = 20
"""Films in one folder, each with two subtitles."""


def fill(root: Path, sidecars: int) -> None:
    """Create a library with our sidecars, without a sync for each file."""
    text = b"1\n00:00:01,000 --> 00:00:02,000\nWords.\n"
    digest = hashlib.sha256(text).hexdigest()
    for number in range(sidecars // 2):
        folder = root / f"{number // IN_A_FOLDER:05}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"Film {number} (2020).mkv").touch()
        for language in (Language("en"), Language("es")):
            path = folder / f"Film {number} (2020).{language}.srt"
            path.write_bytes(text)
            content = f"{number:032x}"
            made = Signature(
                fingerprint=content,
                name=path.name,
                language=language,
                kind=SubtitleKind.FULL,
                format="srt",
                variant="transcribed by whisper",
                created_at=1.0,
                sha256=digest,
                size_bytes=len(text),
            )
            if not sign(path, made):
                sys.exit(f"{root} is on a file system without attributes: set TMPDIR elsewhere")


def attributes(folder: str) -> Iterator[bytes]:
    """Walk the folders and yield the attributes of all sidecars."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from attributes(entry.path)
            elif entry.name.endswith(".srt"):
                yield os.getxattr(entry.path, XATTR_NAME)


def main() -> None:
    sidecars = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with own_folder() as folder:
        root = folder / "films"
        fill(root, sidecars)
        sum(1 for _ in attributes(str(root)))
        others = running()
        begin = time.perf_counter()
        assert sum(1 for _ in attributes(str(root))) == sidecars
        bare = time.perf_counter() - begin
        ledger = Database(folder / "subtitled.sqlite")
        begin = time.perf_counter()
        told = rebuild_sidecars(ledger, {"films": LibrarySettings(path=root)})
        took = time.perf_counter() - begin
        assert told.adopted == sidecars
        size = (folder / "subtitled.sqlite").stat().st_size
    if others:
        print(f"{others} other threads were running: these figures are void")
    print(
        f"{sidecars} sidecars remembered in {took:.1f} s, {took / bare:.1f} times a bare walk "
        f"({bare:.1f} s); the ledger has {size / sidecars:.0f} bytes for each"
    )
    print(json.dumps({"seconds": took, "ratio": took / bare, "bare": bare, "others": others}))


if __name__ == "__main__":
    main()
