"""Files that survive a power failure: complete or as before, whatever fails."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from subtitled.plugin import files
from subtitled.plugin.files import hash_file, write_atomic, write_synced


def test_a_file_is_replaced_as_a_whole_and_no_temporary_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "a.json"
    write_atomic(target, b"first")
    write_atomic(target, b"second")
    assert target.read_bytes() == b"second"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_file_stays_as_it_was_if_a_step_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    target = tmp_path / "a.json"
    write_atomic(target, b"old")

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    owner = files.os if step == "fsync" else Path
    monkeypatch.setattr(owner, step, fail)
    with pytest.raises(OSError, match="No space"):
        write_atomic(target, b"new")
    assert target.read_bytes() == b"old"


def test_content_is_flushed_before_the_rename_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    flush, rename = os.fsync, Path.replace

    def note_flush(handle: int) -> None:
        steps.append(f"flush {Path(os.readlink(f'/proc/self/fd/{handle}')).name}")
        flush(handle)

    def note_rename(source: Path, target: Path) -> Path:
        steps.append(f"rename to {target.name}")
        return rename(source, target)

    monkeypatch.setattr(files.os, "fsync", note_flush)
    monkeypatch.setattr(Path, "replace", note_rename)
    write_atomic(tmp_path / "a.json", b"new")
    assert steps == ["flush .a.json.tmp", "rename to a.json", f"flush {tmp_path.name}"]


def test_a_link_at_the_path_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "link"
    elsewhere.write_bytes(b"of somebody else")
    link.symlink_to(elsewhere)
    write_synced(link, b"ours")
    assert elsewhere.read_bytes() == b"of somebody else"
    assert link.read_bytes() == b"ours"
    assert not link.is_symlink()


@pytest.mark.parametrize("content", [b"", b"a", b"x" * 3_000_000])
def test_the_hash_is_that_of_the_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert hash_file(tmp_path / "a") == hashlib.sha256(content).hexdigest()
