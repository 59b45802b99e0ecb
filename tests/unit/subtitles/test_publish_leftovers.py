"""Leftovers of crashes or other programs never damage existing files."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from subtitled.plugin import SetupError, TransientError
from subtitled.subtitles.publish import (
    ForeignFileError,
    check_writable,
    delete_own,
    publish_sidecar,
)


def _temporary_of(target: Path) -> Path:
    key = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    return target.with_name(f".subtitled-{key}.tmp")


def test_a_second_name_left_by_a_crash_is_not_written_through(tmp_path: Path) -> None:
    """After a crash between link and unlink, the temporary name is a second hard link."""
    target = tmp_path / "a.srt"
    ours = publish_sidecar(target, b"old", own_digest=None)
    os.link(target, _temporary_of(target))
    reader = target.open("rb")
    publish_sidecar(target, b"new", own_digest=ours)
    with reader:
        assert reader.read() == b"old", "whoever reads meanwhile reads a whole file"
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.srt"]


def test_a_link_in_the_place_of_the_temporary_file_leads_nowhere(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    target = tmp_path / "a.srt"
    _temporary_of(target).symlink_to(victim)
    publish_sidecar(target, b"ours", own_digest=None)
    assert victim.read_bytes() == b"precious"
    assert not target.is_symlink()


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_anything_but_a_regular_file_is_human(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "a.srt"
    ours = hashlib.sha256(b"text").hexdigest()
    if kind == "folder":
        target.mkdir()
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        (tmp_path / "elsewhere").write_bytes(b"text")
        target.symlink_to(tmp_path / "elsewhere")
    before = target.lstat()
    with pytest.raises(ForeignFileError, match="it is kept"):
        publish_sidecar(target, b"new", own_digest=ours)
    assert not delete_own(target, ours)
    assert target.lstat() == before
    assert not list(tmp_path.glob(".subtitled-*"))


def test_a_folder_that_can_be_written_to_stays_as_it_was(tmp_path: Path) -> None:
    check_writable(tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("reason", [errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL])
def test_a_file_system_without_unnamed_files_keeps_nothing_of_a_check_that_a_crash_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    _refuse_unnamed_files(monkeypatch, reason)
    with monkeypatch.context() as crash:
        crash.setattr(Path, "unlink", lambda path, missing_ok=False: None)
        check_writable(tmp_path)
        assert os.listdir(tmp_path) != []
    check_writable(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_disk_with_an_error_is_not_written_to_by_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse_unnamed_files(monkeypatch, errno.EIO)
    with pytest.raises(TransientError, match="nothing can be written"):
        check_writable(tmp_path)
    assert os.listdir(tmp_path) == []


def _refuse_unnamed_files(monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    real_open = os.open

    def refuse(path: os.PathLike[str], flags: int, *rest: int, **options: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(reason, os.strerror(reason))
        return real_open(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)


def test_missing_folder_and_file_in_its_place_are_different_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TransientError, match="does not exist"):
        check_writable(tmp_path / "missing")
    with pytest.raises(SetupError, match="is not a folder"):
        check_writable(tmp_path / "file")


def test_the_mode_is_what_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        publish_sidecar(tmp_path / "a.srt", b"x", own_digest=None)
    finally:
        os.umask(before)
    assert (tmp_path / "a.srt").stat().st_mode & 0o777 == 0o640


def test_taking_back_what_is_gone_already_is_no_fault(tmp_path: Path) -> None:
    assert not delete_own(tmp_path / "a.srt", "0" * 64)
