"""Power cuts at random times: a subtitle is complete or absent, and the database is intact and
never ahead of the disk."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from faults.test_random_kills import another, whole_or_absent
from subtitled.subtitles.ownership import read_signature
from support.disks import Cut, Disks, PoweredDisk
from support.fault_harness import FaultHarness, inconsistencies, rows
from support.spoken_films import Film

Build = Callable[..., FaultHarness]

DAEMON_CUTS = int(os.environ.get("SUBTITLED_TEST_POWER_CUTS", "6"))
WRITER_CUTS = 4 * DAEMON_CUTS

WRITER = """
import hashlib, sys
from pathlib import Path
from subtitled.db.database import Database
from subtitled.plugin import SubtitleKind, Language
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.publish import publish_sidecar

disk, life = Path(sys.argv[1]), sys.argv[2]
database = Database(disk / "state" / "subtitled.sqlite")
print("ready", flush=True)
for number in range(100_000):
    path = disk / "films" / (f"{life}-{number}.en.srt" if number % 2 else f"{number % 20}.en.srt")
    text = f"1\\n00:00:01,000 --> 00:00:02,000\\n{life} {number}\\n\\n".encode() * (number % 90 + 1)
    content = hashlib.sha256(text).hexdigest().encode() + b"\\n" + text
    digest = hashlib.sha256(content).hexdigest()
    print("begin", path.name, digest, flush=True)
    language, kind = Language("en"), SubtitleKind.FULL
    signature = Signature(
        fingerprint="c", name=path.name, language=language, kind=kind, format="srt", variant="v",
        created_at=0.0, sha256=digest, size_bytes=len(content),
    )
    own_digest = database.sidecars.own_digest(path, "c")
    publish_sidecar(path, content, own_digest=own_digest, signature=signature)
    database.sidecars.record_written(path, path.with_suffix(".mkv"), signature)
    print("end", path.name, digest, flush=True)
"""
"""Publishes and remembers as fast as it can, new files and over old ones. Each file begins with the
digest of the rest, so that a whole one can be told."""


def test_power_cut_at_random_moments_of_a_job(
    build: Build, disks: Disks, films: list[Film], chance: random.Random
) -> None:
    disk = disks.powered("disk")
    for name in ("films", "state"):
        (disk.point / name).mkdir()
    os.sync()
    harness = build(
        "a", library=disk.point / "films", state=disk.point / "state", engine="pace = 0.05"
    )
    for number in range(DAEMON_CUTS):
        harness.arrives(another(films[number % 3], harness.place, number), f"Film {number}.mkv")
        os.sync()  # other writes are not what is tested here
        harness.start()
        if number % 3 == 2:
            time.sleep(chance.uniform(0.5, 5.0))
        else:
            # Publishing is short: wait for the last chunk, then a moment.
            seen = len(harness.journal())
            harness.until(
                lambda seen=seen: ends(harness.journal()[seen:]) >= 4, 30, "the last chunk"
            )
            time.sleep(chance.uniform(0.0, 0.25))
        disk.cut(chance.choice(list(Cut)))
        harness.kill()
        disk.power_up()
        assert_sound(disk)
        whole_or_absent(harness)
    harness.start()
    harness.all_well(limit=120, repeated=4 * DAEMON_CUTS)


def ends(journal: list[str]) -> int:
    return sum(line.startswith("end ") for line in journal)


def test_power_cut_between_any_two_writes_of_publisher_and_database(
    disks: Disks, chance: random.Random, tmp_path: Path
) -> None:
    disk = disks.powered("disk")
    for name in ("films", "state"):
        (disk.point / name).mkdir()
    os.sync()
    promised: dict[str, set[str | None]] = {}
    published = 0
    for life in range(WRITER_CUTS):
        file = tmp_path / f"{life}.said"
        with file.open("wb") as out:
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(disk.point), str(life)],
                stdout=out,
                stderr=subprocess.PIPE,
            )
            deadline = time.monotonic() + 30
            while b"ready" not in file.read_bytes():
                assert writer.poll() is None, writer.communicate()[1].decode()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(chance.uniform(0.05, 0.6))
            before = file.read_text()  # output during the cut itself does not count
            disk.cut(chance.choice(list(Cut)))
            writer.kill()
            writer.communicate()
        ended = spoken(before, "end")
        begun = spoken(file.read_text(), "begin")
        published += len(ended)
        disk.power_up()
        promised |= {name: {digest} for name, digest in ended}
        for name, digest in begun[len(ended) :]:
            promised[name] = promised.get(name, {None}) | {digest}
        assert_kept(disk, promised)
    assert published > WRITER_CUTS * 5
    print(f"{WRITER_CUTS} power cuts in {published} publications")


def spoken(reported: str, word: str) -> list[tuple[str, str]]:
    """Return names and digests in the writer's lines that begin with a word."""
    lines = [line.split() for line in reported.splitlines()]
    return [(line[1], line[2]) for line in lines if line[0] == word and len(line) == 3]


def assert_sound(disk: PoweredDisk) -> None:
    """Check that the databases are intact and true."""
    for database in (disk.point / "state").glob("*.sqlite"):
        assert rows(database, "PRAGMA integrity_check") == [("ok",)], database
    assert inconsistencies(disk.point / "state") == []


def assert_kept(disk: PoweredDisk, promised: dict[str, set[str | None]]) -> None:
    """Check that all acknowledged files are on disk, signed, and in the database. A file that was
    being written may have either digest, and the database is never ahead."""
    there: dict[str, str] = {}
    for path in (disk.point / "films").glob("[!.]*"):
        content = path.read_bytes()
        head, _, rest = content.partition(b"\n")
        assert head == hashlib.sha256(rest).hexdigest().encode(), f"{path.name} is torn"
        there[path.name] = hashlib.sha256(content).hexdigest()
        signed = read_signature(path)
        assert signed is not None and signed.sha256 == there[path.name], "the signature was lost"
    remembered = {
        Path(os.fsdecode(path)).name: digest
        for path, digest in rows(
            disk.point / "state" / "subtitled.sqlite", "SELECT path, sha256 FROM sidecars"
        )
    }
    assert rows(disk.point / "state" / "subtitled.sqlite", "PRAGMA integrity_check") == [("ok",)]
    assert there.keys() | remembered.keys() <= promised.keys()
    for name, digests in promised.items():
        assert there.get(name) in digests and remembered.get(name) in digests, name
        ahead = remembered.get(name) not in (there.get(name), None) and len(digests) == 1
        assert not ahead, f"the database is ahead of {name}"
        # Files on disk stay. The database may lack some of them.
        promised[name] = {there.get(name), remembered.get(name)}
