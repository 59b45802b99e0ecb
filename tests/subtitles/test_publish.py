"""Publishing: whole or absent, ours replaced, anybody else's left alone."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.plugin import Misconfigured, Temporary
from subtitled.subtitles.publish import Foreign, can_write, file_sha256, publish, retract


def test_a_new_file_is_there_with_its_digest_and_nothing_else(tmp_path: Path) -> None:
    digest = publish(tmp_path / "a.srt", b"text", ours=None)
    assert digest == hashlib.sha256(b"text").hexdigest()
    assert os.listdir(tmp_path) == ["a.srt"]


def test_ours_is_replaced(tmp_path: Path) -> None:
    ours = publish(tmp_path / "a.srt", b"old", ours=None)
    publish(tmp_path / "a.srt", b"new", ours=ours)
    assert (tmp_path / "a.srt").read_bytes() == b"new"


@pytest.mark.parametrize("ours", [None, hashlib.sha256(b"what we wrote").hexdigest()])
def test_a_foreign_or_edited_file_is_never_touched(tmp_path: Path, ours: str | None) -> None:
    (tmp_path / "a.srt").write_bytes(b"a person's work")
    with pytest.raises(Foreign, match="left alone"):
        publish(tmp_path / "a.srt", b"ours", ours=ours)
    assert (tmp_path / "a.srt").read_bytes() == b"a person's work"
    assert os.listdir(tmp_path) == ["a.srt"]


def test_publishing_again_after_a_crash_is_no_fault(tmp_path: Path) -> None:
    publish(tmp_path / "a.srt", b"text", ours=None)
    assert publish(tmp_path / "a.srt", b"text", ours=None) == file_sha256(tmp_path / "a.srt")


def test_what_a_crash_left_half_written_is_replaced(tmp_path: Path) -> None:
    publish(tmp_path / "a.srt", b"x", ours=None)
    (name,) = os.listdir(tmp_path)
    key = hashlib.sha256(b"b.srt").hexdigest()[:16]
    (tmp_path / f".subtitled-{key}.tmp").write_bytes(b"half")
    publish(tmp_path / "b.srt", b"whole", ours=None)
    assert sorted(os.listdir(tmp_path)) == sorted([name, "b.srt"])


def test_only_ours_is_taken_back(tmp_path: Path) -> None:
    ours = publish(tmp_path / "a.srt", b"text", ours=None)
    (tmp_path / "a.srt").write_bytes(b"edited")
    assert not retract(tmp_path / "a.srt", ours)
    (tmp_path / "a.srt").write_bytes(b"text")
    assert retract(tmp_path / "a.srt", ours)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, where the machine lets us mount one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine mounts nothing")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_nothing_and_says_the_cure(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * 60_000)
    with pytest.raises(Temporary, match="disk is full.*Make room"):
        publish(small_disk / "a.srt", b"y" * 20_000, ours=None)
    assert os.listdir(small_disk) == ["filler"]


def test_a_read_only_folder_says_the_cure(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(Misconfigured, match=r"read-only.*Mount it"):
        can_write(small_disk)
    with pytest.raises(Misconfigured):
        publish(small_disk / "a.srt", b"x", ours=None)
