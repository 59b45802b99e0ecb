"""Scanning a library, whatever is in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.config.settings import LibrarySettings
from subtitled.library.media_filter import MediaFilter
from subtitled.library.scanner import scan

HOSTILE = [
    b"plain.mkv",
    b"UPPER.MKV",
    b"[brackets] (2020) {x}.mkv",
    b"100% 'quoted' \"twice\" $HOME `id`.mp4",
    b"new\nline\ttab.mkv",
    b"caf\xe9 not utf-8.mkv",
    "\u202eright to left.mkv".encode(),
    b"-rf.mkv",
    b"a" * 251 + b".mkv",
    b"back\\slash*?.mkv",
]


def names(root: Path, **more: object) -> set[bytes]:
    library = LibrarySettings(path=root, **more)  # type: ignore[arg-type]
    return {
        os.path.relpath(os.fsencode(path), os.fsencode(root)) for path, _ in scan(root, library)
    }


def test_every_hostile_name_is_found_as_it_is(tmp_path: Path) -> None:
    for name in HOSTILE:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).touch()
    assert names(tmp_path) == set(HOSTILE)


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=60).filter(lambda b: not set(b) & {0, 47}))
def test_no_name_counts_as_a_pattern_or_makes_the_filter_fail(stem: bytes) -> None:
    name = os.fsdecode(stem) + ".mkv"
    library = LibrarySettings(path=Path("/f"), ignore=())
    assert MediaFilter(library).accepts(name)
    assert MediaFilter(library).descends(Path("/f"))


def test_unfinished_downloads_hidden_files_and_other_files_are_left(tmp_path: Path) -> None:
    for name in (
        "a.mkv.part b.mkv.!qB c.mkv.crdownload d.mkv.tmp e.mkv.partial k.mkv.~tmp "
        "l.mkv.aria2 m.mkv.filepart .hidden.mkv f.mkv.download .~g.mkv h.txt i.srt mkv "
        "j.mkv~"
    ).split():
        (tmp_path / name).touch()
    assert names(tmp_path) == set()


def test_ignored_names_count_for_files_and_folders_in_either_case(tmp_path: Path) -> None:
    for path in ("Extras/a.mkv", "SAMPLE/b.mkv", "x/film-Trailer.mkv", "x/y/film.mkv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert names(tmp_path) == {b"x/y/film.mkv"}
    sieve = MediaFilter(LibrarySettings(path=tmp_path))
    assert not sieve.descends(tmp_path / "Extras")
    assert not sieve.descends(tmp_path / "x/extras")
    assert sieve.descends(tmp_path)


def test_no_scan_runs_in_a_circle_or_leaves_by_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "a").mkdir(parents=True)
    outside.mkdir()
    (outside / "o.mkv").touch()
    (root / "a" / "film.mkv").touch()
    (root / "a" / "circle").symlink_to(root)
    (root / "out").symlink_to(outside)
    (root / "out.mkv").symlink_to(outside)
    (root / "self.mkv").symlink_to("self.mkv")
    (root / "dangling.mkv").symlink_to("nowhere")
    assert names(root) == {b"a/film.mkv"}


def test_a_pipe_is_ignored_and_does_not_block_the_scan(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    assert names(tmp_path) == set()


def test_a_missing_root_is_reported_and_not_raised(tmp_path: Path) -> None:
    listed: list[Path] = []
    library = LibrarySettings(path=tmp_path / "gone")
    found = list(scan(library.path, library, lambda path, error: listed.append(path)))
    assert (found, listed) == ([], [library.path])


UNPRIVILEGED = """
import os
from pathlib import Path
from subtitled.config.settings import LibrarySettings
from subtitled.library.scanner import scan
library = LibrarySettings(path=Path("."))
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
for path, _ in scan(library.path, library, lambda p, e: print("cannot", p.name)):
    print("found", path.name)
"""


def test_an_unreadable_folder_is_reported_and_the_scan_continues(tmp_path: Path) -> None:
    for path in ("shut/a.mkv", "open/b.mkv"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).touch()
    tmp_path.chmod(0o755)
    (tmp_path / "shut").chmod(0)
    try:
        completed = subprocess.run(
            [sys.executable, "-c", UNPRIVILEGED],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        (tmp_path / "shut").chmod(0o755)
    assert sorted(completed.stdout.splitlines()) == ["cannot shut", "found b.mkv"], completed.stderr
