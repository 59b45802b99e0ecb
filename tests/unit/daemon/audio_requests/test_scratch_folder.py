"""The scratch folder of received audio."""

from __future__ import annotations

import errno
import io
import os
import shutil
import wave
from pathlib import Path

import pytest

from subtitled.daemon.audio_requests.scratch_folder import (
    AudioScratchFolder,
    DiskFullError,
    wav_header,
)
from subtitled.plugin import SubtitledError, TransientError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path, clock: Clock) -> AudioScratchFolder:
    made = AudioScratchFolder(tmp_path / "audio", 60.0, clock)
    made.empty()
    return made


def receive(folder: AudioScratchFolder, content: bytes, *, is_pcm: bool = False) -> str:
    upload = folder.receive(is_pcm=is_pcm)
    upload.write(content[:3])
    upload.write(content[3:])
    return upload.finish()


def test_pcm_becomes_a_file_that_every_program_reads(folder: AudioScratchFolder) -> None:
    digest = receive(folder, bytes(range(200)) * 160, is_pcm=True)
    with wave.open(str(folder.media_of(digest))) as file:
        assert file.getparams()[:4] == (1, 2, 16000, 16000)
        assert file.readframes(16000) == bytes(range(200)) * 160


@pytest.mark.parametrize("size", [0, 1, 2, 5 * 1024**3])
def test_a_header_can_be_read_whatever_the_size(size: int) -> None:
    header = wav_header(size)
    assert len(header) == 44
    with wave.open(io.BytesIO(header)) as file:
        assert file.getnframes() == min(size // 2, (0xFFFFFFFF - 44) // 2)


def test_the_same_audio_is_stored_once_and_the_same_bytes_as_a_file_are_other_audio(
    folder: AudioScratchFolder,
) -> None:
    first, again = (receive(folder, b"12345678") for _ in range(2))
    pcm = receive(folder, b"12345678", is_pcm=True)
    assert first == again != pcm
    assert sorted(path.name for path in folder.root.iterdir()) == sorted([first, pcm])


def test_what_is_held_or_was_used_lately_is_kept(folder: AudioScratchFolder, clock: Clock) -> None:
    digest = receive(folder, b"12345678")
    folder.hold(digest)
    folder.release(digest)
    clock.now += 1000
    folder.prune()
    assert folder.media_of(digest).exists()  # one still holds it
    folder.release(digest)
    clock.now += 59
    folder.prune()
    assert folder.media_of(digest).exists()
    clock.now += 2
    folder.prune()
    assert list(folder.root.iterdir()) == []


def test_a_given_up_upload_leaves_nothing(folder: AudioScratchFolder) -> None:
    upload = folder.receive(is_pcm=True)
    upload.write(b"123")
    upload.discard()
    upload.discard()
    assert list(folder.root.iterdir()) == []


def test_what_is_kept_makes_room_on_a_full_disk(
    folder: AudioScratchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = receive(folder, b"12345678")
    folder.release(digest)
    held = receive(folder, b"87654321")

    def usage(path: Path) -> os.terminal_size | object:
        free = 0 if folder.media_of(digest).exists() else 1 << 60
        return type("Usage", (), {"free": free})

    monkeypatch.setattr("shutil.disk_usage", usage)
    folder.receive(is_pcm=False, expected_bytes=1000).discard()
    assert [path.name for path in folder.root.iterdir()] == [held]
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 0}))
    with pytest.raises(DiskFullError, match="too little space"):
        folder.receive(is_pcm=False, expected_bytes=1000)


def test_a_disk_that_fills_up_meanwhile_is_told(folder: AudioScratchFolder) -> None:
    upload = folder.receive(is_pcm=False)

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    upload._file.close()
    upload._file = Full()  # type: ignore[assignment]
    with pytest.raises(DiskFullError):
        upload.write(b"123")
    upload.discard()
    assert list(folder.root.iterdir()) == []


def test_a_folder_that_was_deleted_meanwhile_is_made_again(folder: AudioScratchFolder) -> None:
    folder.root.rmdir()
    receive(folder, b"12345678")
    assert folder.root.stat().st_mode & 0o077 == 0
    shutil.rmtree(folder.root)
    folder.root.write_bytes(b"no folder")
    with pytest.raises(SubtitledError, match="audio cannot be created"):
        folder.receive(is_pcm=False)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_no_file_at_all_is_told(
    folder: AudioScratchFolder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(**options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.mkstemp", fail)
    with pytest.raises(TransientError) as raised:
        folder.receive(is_pcm=False)
    assert isinstance(raised.value, DiskFullError) is (number == errno.ENOSPC)


def test_a_start_deletes_what_an_earlier_run_left(folder: AudioScratchFolder) -> None:
    receive(folder, b"12345678")
    (folder.root / "receiving-x").write_bytes(b"x")
    folder.empty()
    assert list(folder.root.iterdir()) == []
    assert folder.root.stat().st_mode & 0o077 == 0
