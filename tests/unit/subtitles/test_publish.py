"""Publishing: complete or absent; our files are replaced, others are kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.plugin import SetupError, SubtitledError, TransientError
from subtitled.subtitles import exchange, publish
from subtitled.subtitles.publish import (
    ForeignFileError,
    check_writable,
    compute_sha256,
    delete_own,
    publish_sidecar,
)


def test_a_new_file_is_there_with_its_digest_and_nothing_else(tmp_path: Path) -> None:
    digest = publish_sidecar(tmp_path / "a.srt", b"text", own_digest=None)
    assert digest == hashlib.sha256(b"text").hexdigest()
    assert os.listdir(tmp_path) == ["a.srt"]


def test_ours_is_replaced(tmp_path: Path) -> None:
    ours = publish_sidecar(tmp_path / "a.srt", b"old", own_digest=None)
    publish_sidecar(tmp_path / "a.srt", b"new", own_digest=ours)
    assert (tmp_path / "a.srt").read_bytes() == b"new"


@pytest.mark.parametrize("ours", [None, hashlib.sha256(b"what we wrote").hexdigest()])
def test_a_foreign_or_edited_file_is_never_touched(tmp_path: Path, ours: str | None) -> None:
    (tmp_path / "a.srt").write_bytes(b"a person's work")
    with pytest.raises(ForeignFileError, match="it is kept"):
        publish_sidecar(tmp_path / "a.srt", b"ours", own_digest=ours)
    assert (tmp_path / "a.srt").read_bytes() == b"a person's work"
    assert os.listdir(tmp_path) == ["a.srt"]


def test_publishing_again_after_a_crash_is_no_fault(tmp_path: Path) -> None:
    publish_sidecar(tmp_path / "a.srt", b"text", own_digest=None)
    assert publish_sidecar(tmp_path / "a.srt", b"text", own_digest=None) == compute_sha256(
        tmp_path / "a.srt"
    )


def test_what_a_crash_left_half_written_is_replaced(tmp_path: Path) -> None:
    publish_sidecar(tmp_path / "a.srt", b"x", own_digest=None)
    (name,) = os.listdir(tmp_path)
    key = hashlib.sha256(b"b.srt").hexdigest()[:16]
    (tmp_path / f".subtitled-{key}.tmp").write_bytes(b"half")
    publish_sidecar(tmp_path / "b.srt", b"whole", own_digest=None)
    assert sorted(os.listdir(tmp_path)) == sorted([name, "b.srt"])


def test_only_ours_is_taken_back(tmp_path: Path) -> None:
    ours = publish_sidecar(tmp_path / "a.srt", b"text", own_digest=None)
    (tmp_path / "a.srt").write_bytes(b"edited")
    assert not delete_own(tmp_path / "a.srt", ours)
    (tmp_path / "a.srt").write_bytes(b"text")
    assert delete_own(tmp_path / "a.srt", ours)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 64 KiB, or skip the test."""
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


def test_full_disk_leaves_nothing_and_has_a_hint(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * 60_000)
    with pytest.raises(TransientError, match="disk is full.*Free space"):
        publish_sidecar(small_disk / "a.srt", b"y" * 20_000, own_digest=None)
    assert os.listdir(small_disk) == ["filler"]


def test_read_only_folder_has_a_hint(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(SetupError, match=r"read-only.*Mount it"):
        check_writable(small_disk)
    with pytest.raises(SetupError):
        publish_sidecar(small_disk / "a.srt", b"x", own_digest=None)


def test_a_full_disk_leaves_our_older_one_as_it_was(small_disk: Path) -> None:
    ours = publish_sidecar(small_disk / "a.srt", b"old", own_digest=None)
    (small_disk / "filler").write_bytes(b"x" * 56_000)
    with pytest.raises(TransientError, match="disk is full"):
        publish_sidecar(small_disk / "a.srt", b"y" * 20_000, own_digest=ours)
    assert (small_disk / "a.srt").read_bytes() == b"old"
    assert sorted(os.listdir(small_disk)) == ["a.srt", "filler"]


def test_a_disk_that_has_room_again_takes_it(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * 60_000)
    with pytest.raises(TransientError):
        publish_sidecar(small_disk / "a.srt", b"y" * 20_000, own_digest=None)
    (small_disk / "filler").unlink()
    publish_sidecar(small_disk / "a.srt", b"y" * 20_000, own_digest=None)
    assert os.listdir(small_disk) == ["a.srt"]


def test_dangling_link_at_our_name_is_human_and_stays(tmp_path: Path) -> None:
    (tmp_path / "a.srt").symlink_to("nowhere")
    with pytest.raises(ForeignFileError, match="it is kept"):
        publish_sidecar(tmp_path / "a.srt", b"ours", own_digest=None)
    assert os.listdir(tmp_path) == ["a.srt"]
    assert (tmp_path / "a.srt").readlink() == Path("nowhere")


def test_a_folder_in_the_way_is_a_problem_and_stays(tmp_path: Path) -> None:
    (tmp_path / "a.srt").mkdir()
    with pytest.raises(SubtitledError):
        publish_sidecar(tmp_path / "a.srt", b"ours", own_digest=None)
    assert os.listdir(tmp_path) == ["a.srt"]


def test_missing_folder_has_a_hint(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="does not exist.*Mount or create it"):
        publish_sidecar(tmp_path / "gone" / "a.srt", b"ours", own_digest=None)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("before", [None, b"ours of old"])
def test_human_file_written_during_publishing_is_kept(tmp_path: Path, before: bytes | None) -> None:
    """A file appears, or ours is edited, while the next version is being written."""
    target = tmp_path / "a.srt"
    ours = publish_sidecar(target, before, own_digest=None) if before else None

    def somebody() -> None:
        while not any(name.endswith(".tmp") for name in os.listdir(tmp_path)):
            time.sleep(0.0005)
        target.write_bytes(b"a person's work")

    thread = threading.Thread(target=somebody, daemon=True)
    thread.start()
    with pytest.raises(ForeignFileError, match="it is kept"):
        publish_sidecar(target, b"x" * 48_000_000, own_digest=ours)
    thread.join(10)
    assert target.read_bytes() == b"a person's work"
    assert os.listdir(tmp_path) == ["a.srt"]


REPUBLISH = """
import sys
from pathlib import Path
from subtitled.subtitles.publish import compute_sha256, publish_sidecar
target = Path(sys.argv[1])
print("ready", flush=True)
for number in range(10**9):
    publish_sidecar(target, b"%d\\n" % (number % 10) * 60_000, own_digest=compute_sha256(target))
"""


@pytest.mark.thorough
def test_killed_at_any_moment_the_file_is_whole_and_the_next_one_tidies(tmp_path: Path) -> None:
    target = tmp_path / "a.srt"
    for round_ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", REPUBLISH, str(target)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.05 + 0.013 * round_)
        writer.kill()
        writer.communicate()
        if target.exists():
            lines = target.read_bytes().splitlines()
            assert len(lines) == 60_000
            assert len(set(lines)) == 1
    publish_sidecar(target, b"last", own_digest=compute_sha256(target))
    assert os.listdir(tmp_path) == ["a.srt"]


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from subtitled.plugin import SetupError
from subtitled.subtitles.publish import check_writable, publish_sidecar
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
for attempt in (
    lambda: publish_sidecar(Path("a.srt"), b"x", own_digest=None),
    lambda: check_writable(Path(".")),
):
    try:
        attempt()
    except SetupError as problem:
        print(problem.hint)
"""


def test_folder_without_write_permission_has_a_hint(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir()
    shut.chmod(0o555)
    completed = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED],
        cwd=shut,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    shut.chmod(0o755)
    assert completed.stdout.count("add that user to the group") == 2, completed.stderr
    assert os.listdir(shut) == []


def test_a_file_that_somebody_writes_at_the_very_last_moment_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It appears after the last check of the old file, and before the new one takes its name."""
    target = tmp_path / "a.srt"
    ours = publish_sidecar(target, b"old", own_digest=None)
    replace = publish._replace

    def replace_late(temporary: Path, path: Path, existing_digest: str) -> None:
        theirs = tmp_path / "theirs"
        theirs.write_bytes(b"a person's work")
        theirs.replace(path)
        replace(temporary, path, existing_digest)

    monkeypatch.setattr(publish, "_replace", replace_late)
    with pytest.raises(ForeignFileError, match="it is kept"):
        publish_sidecar(target, b"new", own_digest=ours)
    assert target.read_bytes() == b"a person's work"
    assert os.listdir(tmp_path) == ["a.srt"]


def test_ours_is_replaced_where_files_cannot_be_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "exchange", lambda first, second: False)
    ours = publish_sidecar(tmp_path / "a.srt", b"old", own_digest=None)
    publish_sidecar(tmp_path / "a.srt", b"new", own_digest=ours)
    assert (tmp_path / "a.srt").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.srt"]


def test_files_that_are_not_there_are_not_exchanged(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    assert not exchange.exchange(tmp_path / "a", tmp_path / "b")
    assert os.listdir(tmp_path) == ["a"]
