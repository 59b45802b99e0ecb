"""Unavailable libraries, and missing files that return."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.kv import DEVICE_KEY
from subtitled.db.records import FINAL_STATES, FileRecord, FileState
from subtitled.library.availability import AvailabilityMonitor
from subtitled.library.ingest import Ingest

DAY = 86400.0
LATER = 100.0


class Library:
    """A folder of media files that have all been decided."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "films"
        (self.root / "deep").mkdir(parents=True)
        self.database = Database(folder / "subtitled.sqlite")
        self.settings = {"films": LibrarySettings(path=self.root)}
        self.intake = Ingest(self.database, self.settings)
        self.media = [self.root / "a.mkv", self.root / "b.mkv", self.root / "deep" / "c.mkv"]
        for media in self.media:
            media.write_bytes(os.fsencode(media.name))
        self.intake.scan("films")
        for media in self.media:
            self.decide(media, FileState.DONE, reason=f"made {media.name}")

    def decide(self, path: Path, state: FileState, **values: object) -> None:
        self.database.states.set_state(self.the(path).id, state, fingerprint=path.name, **values)

    def the(self, path: Path) -> FileRecord:
        record = self.database.files.get(path)
        assert record is not None
        return record

    def look(self, after: float = LATER) -> None:
        """Scan, and check everything that the scan left to be checked."""
        self.intake.scan("films")
        self.intake.ready_files(time.time() + after)

    def states(self) -> list[FileState | None]:
        found = [self.database.files.get(media) for media in self.media]
        return [record and record.state for record in found]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


@pytest.mark.parametrize("reported", [True, False])
@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_a_missing_file_that_returns_gets_its_state_back(
    library: Library, state: FileState, reported: bool
) -> None:
    """Whether an event tells of it or a walk finds it."""
    film = library.media[0]
    library.decide(film, state, reason="because", attempts=4)
    kept = film.rename(library.root.parent / "kept")
    library.look()
    missing = library.the(film)
    assert (missing.state, missing.previous_state) == (FileState.MISSING, state)
    assert missing.missing_since is not None
    kept.rename(film)
    if reported:
        library.intake.on_paths_changed(film)
    library.look()
    back = library.the(film)
    assert (back.state, back.reason, back.attempts) == (state, "because", 4)
    assert (back.previous_state, back.missing_since) == (None, None)


def test_a_file_with_the_stem_of_a_removed_one_is_evaluated_again(
    library: Library,
) -> None:
    film, gone = library.media[0], library.media[0].with_suffix(".mp4")
    gone.write_bytes(b"another")
    library.look()
    library.decide(gone, FileState.DONE)
    library.database.states.schedule_check([library.the(film).id], time.time())
    gone.unlink()
    library.look()
    assert library.the(gone).state is FileState.MISSING
    ready = library.intake.ready_files(time.time() + LATER)
    assert [record.path for record in ready] == [film]


def test_a_missing_file_that_returns_changed_becomes_unstable(library: Library) -> None:
    film = library.media[0]
    film.unlink()
    library.look()
    film.write_bytes(b"a better copy")
    library.intake.scan("films")
    record = library.the(film)
    assert (record.state, record.previous_state) == (FileState.STABILISING, None)
    assert record.previous_fingerprint == film.name


def test_event_about_a_folder_covers_all_its_files(library: Library) -> None:
    shutil.rmtree(library.root / "deep")
    library.intake.on_paths_changed(library.root / "deep")
    library.media[0].unlink()
    library.intake.on_paths_changed(library.media[0])
    library.intake.ready_files(time.time() + LATER)
    assert library.states() == [FileState.MISSING, FileState.DONE, FileState.MISSING]


def test_a_missing_file_is_forgotten_only_after_the_time_of_grace(library: Library) -> None:
    library.media[0].unlink()
    library.look()
    absence = AvailabilityMonitor(library.database, library.settings)
    now = time.time()
    absence.forget_missing("films", now + 29 * DAY)
    assert library.states()[0] is FileState.MISSING
    absence.forget_missing("films", now + 31 * DAY)
    assert library.states() == [None, FileState.DONE, FileState.DONE]


def test_a_library_on_another_disk_without_its_files_is_unavailable(library: Library) -> None:
    """A folder under a mount that is gone, in which something lies."""
    library.intake.scan("films")
    key = f"{DEVICE_KEY}{os.fsencode(library.root).hex()}"
    library.database.kv.set(key, "12345")
    for media in library.media:
        media.unlink()
    (library.root / "note.txt").touch()
    intake = Ingest(library.database, library.settings)
    assert intake.scan("films").is_unavailable
    assert library.states() == [FileState.DONE] * 3


def test_a_disk_that_has_another_number_after_a_restart_is_the_same(library: Library) -> None:
    key = f"{DEVICE_KEY}{os.fsencode(library.root).hex()}"
    library.database.kv.set(key, "12345")
    library.media[0].unlink()
    library.intake = Ingest(library.database, library.settings)
    library.look()
    assert library.states() == [FileState.MISSING, FileState.DONE, FileState.DONE]
    assert library.database.kv.get(key) == str(library.root.stat().st_dev)


def test_a_folder_that_cannot_be_read_makes_nothing_missing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def broken(path: object) -> object:
        if os.fspath(path) in (
            os.fspath(library.root / "deep"),
            os.fsencode(library.root / "deep"),
        ):  # type: ignore[arg-type]
            raise PermissionError(13, "Permission denied")
        return scandir(path)  # type: ignore[arg-type,type-var]

    monkeypatch.setattr(os, "scandir", broken)
    library.look()
    assert library.states() == [FileState.DONE] * 3


def test_a_returning_file_without_its_sidecar_is_evaluated_again(library: Library) -> None:
    from subtitled.plugin import Language, SubtitleKind
    from subtitled.subtitles.ownership import Signature

    film = library.media[0]
    sidecar = film.with_name("a.en.srt")
    sidecar.write_bytes(b"ours")
    signature = Signature(
        fingerprint="a.mkv",
        name=sidecar.name,
        language=Language("en"),
        kind=SubtitleKind.FULL,
        format="srt",
        variant="",
        created_at=1.0,
        sha256="digest",
        size_bytes=4,
    )
    library.database.sidecars.record_written(sidecar, film, signature)
    kept = film.rename(library.root.parent / "kept")
    library.look()
    sidecar.unlink()
    kept.rename(film)
    library.intake.scan("films")
    assert library.the(film).state is FileState.STABILISING
