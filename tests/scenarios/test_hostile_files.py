"""A library with hostile files: each is told of by name, and the good film is done all the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.db.records import FileRecord, FileState
from subtitled.library.rebuild import rebuild_sidecars
from subtitled.subtitles.ownership import XATTR_NAME
from support.harness import Harness, film

ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"\xcf" * 60
FORGERIES = (
    b"[" * 3900,
    b'{"v":2,"size_bytes":1e999,"language":7}',
    json.dumps({"v": 2, "fingerprint": "\ud800", "name": "/etc", "language": {}}).encode(),
)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = Harness(tmp_path, 'languages = ["original"]')
    yield made
    made.close()


def _needs_attributes(folder: Path) -> None:
    (folder / "probe").touch()
    try:
        os.setxattr(folder / "probe", "user.probe", b"x")
    except OSError:
        pytest.skip("this file system keeps no extended attributes")
    (folder / "probe").unlink()


def test_hostile_files_hold_up_no_other_film_of_their_library(
    harness: Harness, tmp_path: Path
) -> None:
    _needs_attributes(harness.root)
    secret = film(tmp_path / "secret.wav", seed=1)
    playlist = harness.root / "A Playlist.mkv"
    playlist.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:60\n#EXTINF:60,\n{secret}\n#EXT-X-ENDLIST\n"
    )
    absurd = harness.root / "An Absurd Size.wmv"
    absurd.write_bytes(ASF)
    good = film(harness.root / "Good.wav", seed=2)
    os.mkfifo(harness.root / "Good.nfo")
    os.mkfifo(harness.root / "Good.fr.srt")
    for number, forgery in enumerate(FORGERIES):
        sidecar = harness.root / f"Good.x{number}.srt"
        sidecar.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
        os.setxattr(sidecar, XATTR_NAME, forgery)
    harness.scan()
    assert harness.the(good).state in (FileState.DONE, FileState.UP_TO_DATE)
    for hostile in (playlist, absurd):
        record = harness.the(hostile)
        assert record.state in (FileState.FAILED, FileState.QUARANTINED, FileState.IMPOSSIBLE)
        assert record.reason
    assert "A Playlist.srt" not in " ".join(harness.names())
    assert not list(harness.root.glob("A Playlist.*.*"))
    harness.lose_the_database()
    report = rebuild_sidecars(harness.database, harness.configuration.settings.libraries)
    assert report.unreadable == 0


def test_a_fault_of_ours_on_one_film_is_recorded_there_and_the_next_is_planned(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = film(harness.root / "A.wav", seed=1), film(harness.root / "B.wav", seed=2)
    examiner = harness.jobs._examiner
    inspect = examiner.inspect

    def fail_on_one(record: FileRecord, fingerprint: str) -> object:
        if record.path == bad:
            raise RecursionError("deep")
        return inspect(record, fingerprint)

    monkeypatch.setattr(examiner, "inspect", fail_on_one)
    harness.scan()
    assert harness.the(good).state is FileState.DONE
    record = harness.the(bad)
    assert record.state is FileState.FAILED
    assert "RecursionError: deep" in record.reason


def test_a_folder_on_which_we_fail_does_not_hold_up_the_others(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("A", "B"):
        (harness.root / name).mkdir()
        film(harness.root / name / "Film.wav", seed=1)
    handle = harness.intake._on_folder_changed

    def fail_on_one(library: str, folder: Path, paths: list[Path]) -> None:
        if folder.name == "A":
            raise ValueError("odd")
        handle(library, folder, paths)

    monkeypatch.setattr(harness.intake, "_on_folder_changed", fail_on_one)
    for _ in range(3):
        paths = [harness.root / name / "Film.wav" for name in ("A", "B")]
        harness.intake.on_paths_changed(*paths)
    harness.settle()
    assert harness.the(harness.root / "B" / "Film.wav").state is FileState.DONE
    assert len([record for record in caplog.records if "passed over" in record.message]) == 1
