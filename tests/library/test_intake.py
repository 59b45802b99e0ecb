"""Taking files in: from the folder through the ledger to what is ready."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.library.intake import Intake, library_of
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState
from subtitled.plugin import Kind, Language

LATER = 100.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def intake(ledger: Ledger, root: Path, **more: Any) -> Intake:
    return Intake(ledger, {"films": LibrarySettings(path=root, **more)})


def decide(ledger: Ledger, path: Path, state: FileState) -> None:
    record = ledger.get(path)
    assert record is not None
    ledger.set_state(record.id, state)


def state_of(ledger: Ledger, path: Path) -> FileState | None:
    record = ledger.get(path)
    return record.state if record else None


def test_a_file_that_a_walk_finds_is_ready_once_it_has_settled(root: Path, ledger: Ledger) -> None:
    (root / "a.mkv").write_bytes(b"film")
    taken = intake(ledger, root)
    assert taken.scan("films").files == 1
    assert taken.due(time.time()) == []
    assert [r.path for r in taken.due(time.time() + LATER)] == [root / "a.mkv"]


def test_a_file_that_still_grows_begins_anew(root: Path, ledger: Ledger) -> None:
    film = root / "a.mkv"
    film.write_bytes(b"film")
    taken = intake(ledger, root)
    taken.noticed(film)
    film.write_bytes(b"film and more")
    now = time.time() + LATER
    assert taken.due(now) == []
    assert taken.due(now + 1) == []
    assert len(taken.due(now + LATER)) == 1


def test_a_file_that_is_open_for_writing_is_left_until_it_is_closed(
    root: Path, ledger: Ledger
) -> None:
    film, taken = root / "a.mkv", intake(ledger, root)
    with film.open("wb"):
        taken.noticed(film)
        assert taken.due(time.time() + LATER) == []
    assert len(taken.due(time.time() + 3 * LATER)) == 1


def test_a_clock_that_was_set_back_holds_nothing_up_for_long(root: Path, ledger: Ledger) -> None:
    film, taken = root / "a.mkv", intake(ledger, root)
    film.write_bytes(b"film")
    taken.noticed(film)
    past = time.time() - 10**8
    assert taken.due(past) == []
    assert len(taken.due(past + LATER)) == 1


def test_a_deleted_file_that_was_settling_is_forgotten(root: Path, ledger: Ledger) -> None:
    (root / "b.mkv").touch()
    (root / "a.mkv").write_bytes(b"film")
    taken = intake(ledger, root)
    taken.noticed(root / "a.mkv")
    (root / "a.mkv").unlink()
    taken.due(time.time() + LATER)
    assert ledger.get(root / "a.mkv") is None


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_library_that_is_away_is_said_once_and_nothing_forgotten(
    how: str, root: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "a.mkv").write_bytes(b"film")
    taken = intake(ledger, root)
    taken.scan("films")
    shutil.rmtree(root)
    if how == "empty":
        root.mkdir()
    for _ in range(3):
        assert taken.scan("films").away
        assert taken.due(time.time() + LATER) == []
    assert state_of(ledger, root / "a.mkv") is FileState.SETTLING
    assert caplog.text.count("is away") == 1
    root.mkdir(exist_ok=True)
    (root / "a.mkv").write_bytes(b"film")
    assert not taken.scan("films").away


def test_a_new_library_may_be_empty(root: Path, ledger: Ledger) -> None:
    assert not intake(ledger, root).scan("films").away


def test_a_file_whose_disk_is_not_mounted_is_not_taken_for_deleted(
    root: Path, ledger: Ledger
) -> None:
    """As seen by the device: the folder under a mount lies on another one."""
    (root / "other.mkv").touch()
    film = root / "a.mkv"
    film.write_bytes(b"film")
    taken = intake(ledger, root)
    seen = film.stat()
    elsewhere = [*seen[:2], seen.st_dev + 1, *seen[3:]]
    stat = os.stat_result(elsewhere, {"st_mtime_ns": seen.st_mtime_ns})
    ledger.noticed("films", film, stat)
    film.unlink()
    assert taken.due(time.time() + LATER) == []
    assert ledger.get(film) is not None


def test_somebody_s_subtitle_reopens_what_was_decided_without_it(
    root: Path, ledger: Ledger
) -> None:
    film, other = root / "Film.mkv", root / "Film 2.mkv"
    taken = intake(ledger, root)
    for path in (film, other):
        path.write_bytes(b"film")
        taken.noticed(path)
        decide(ledger, path, FileState.UNSATISFIABLE)
    sidecar = root / "Film.de.srt"
    sidecar.write_bytes(b"1")
    taken.noticed(sidecar)
    assert state_of(ledger, film) is FileState.SETTLING
    assert state_of(ledger, other) is FileState.UNSATISFIABLE
    decide(ledger, film, FileState.NOTHING_TO_DO)
    sidecar.unlink()
    taken.noticed(sidecar)
    assert state_of(ledger, film) is FileState.SETTLING
    decide(ledger, film, FileState.FAILED)
    taken.noticed(sidecar)
    assert state_of(ledger, film) is FileState.FAILED


def test_data_of_others_beside_a_medium_moves_nothing_and_ours_does(
    root: Path, ledger: Ledger
) -> None:
    film, taken = root / "Film.mkv", intake(ledger, root)
    film.write_bytes(b"film")
    taken.noticed(film)
    decide(ledger, film, FileState.NOTHING_TO_DO)
    theirs, ours = root / "Film.info.json", root / "Film.de.json"
    theirs.write_bytes(b"{}")
    taken.noticed(theirs)
    assert state_of(ledger, film) is FileState.NOTHING_TO_DO
    ledger.sidecars.record(
        ours,
        medium=film,
        content_id="c",
        language=Language("de"),
        kind=Kind.FULL,
        format="json",
        sha256="0",
        size=2,
        recipe="",
    )
    taken.noticed(ours)
    assert state_of(ledger, film) is FileState.SETTLING


def test_events_about_anything_else_are_harmless(root: Path, ledger: Ledger) -> None:
    taken = intake(ledger, root)
    (root / "extras").mkdir()
    (root / "extras" / "a.mkv").touch()
    (root / "out").symlink_to(root.parent)
    for path in (
        *(root / "extras", root / "out", root / "gone.mkv", root / ("x" * 300 + ".mkv")),
        *(root.parent / "elsewhere.mkv", root / "notes.txt", root / "gone.srt", root),
    ):
        taken.noticed(path)
    assert ledger.counts() == {}


def test_a_folder_moved_in_brings_all_its_media(root: Path, ledger: Ledger) -> None:
    (root / "season" / "one").mkdir(parents=True)
    (root / "season" / "one" / "a.mkv").touch()
    intake(ledger, root).noticed(root / "season")
    assert state_of(ledger, root / "season" / "one" / "a.mkv") is FileState.SETTLING


def test_the_innermost_library_has_a_file_by_folders_and_not_by_letters(ledger: Ledger) -> None:
    libraries = {
        name: LibrarySettings(path=Path(path))
        for name, path in (("all", "/m"), ("films", "/m/films"))
    }
    assert library_of(Path("/m/films/a.mkv"), libraries) == "films"
    assert library_of(Path("/m/films2/a.mkv"), libraries) == "all"
    assert library_of(Path("/music/a.mkv"), libraries) is None


def test_a_file_of_a_nested_library_is_noticed_for_that_alone(root: Path, ledger: Ledger) -> None:
    inner = root / "inner"
    inner.mkdir()
    (inner / "a.mkv").touch()
    both = {"all": LibrarySettings(path=root), "inner": LibrarySettings(path=inner)}
    taken = Intake(ledger, both)
    taken.scan("inner")
    taken.scan("all")
    taken.noticed(root)
    record = ledger.get(inner / "a.mkv")
    assert record is not None
    assert record.library == "inner"
