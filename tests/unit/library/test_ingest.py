"""Ingest: from the folder through the database to the files that are ready."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import BACKFILL, NEW, URGENT, FileState
from subtitled.library.ingest import Ingest
from subtitled.library.paths import library_containing
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.ownership import Signature
from support.seen_files import record_seen

LATER = 100.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def database(tmp_path: Path, server: str | None) -> Database:
    return Database(tmp_path / "subtitled.sqlite", server)


def intake(database: Database, root: Path, **more: Any) -> Ingest:
    return Ingest(database, {"films": LibrarySettings(path=root, **more)})


def decide(database: Database, path: Path, state: FileState) -> None:
    record = database.files.get(path)
    assert record is not None
    database.states.set_state(record.id, state)


def state_of(database: Database, path: Path) -> FileState | None:
    record = database.files.get(path)
    return record.state if record else None


def test_a_file_found_by_a_scan_is_ready_once_it_is_stable(root: Path, database: Database) -> None:
    (root / "a.mkv").write_bytes(b"film")
    taken = intake(database, root)
    assert taken.scan("films").files == 1
    assert taken.ready_files(time.time()) == []
    assert [r.path for r in taken.ready_files(time.time() + LATER)] == [root / "a.mkv"]


def test_a_known_file_that_the_settings_leave_out_is_told_why_and_not_processed(
    root: Path, database: Database
) -> None:
    for name in ("a.mkv", "a-trailer.mkv"):
        (root / name).write_bytes(b"film")
    intake(database, root, include_extras=True).scan("films")
    taken = intake(database, root)
    later = time.time() + LATER
    assert [r.path.name for r in taken.ready_files(later)] == ["a.mkv"]
    record = database.files.get(root / "a-trailer.mkv")
    assert record is not None
    assert record.state is FileState.IMPOSSIBLE
    assert "include_extras" in record.reason
    assert database.states.invalidate_decisions("films", "other settings") == 1
    again = intake(database, root, include_extras=True).ready_files(later)
    assert [r.path.name for r in again] == ["a-trailer.mkv", "a.mkv"]


def test_a_growing_file_starts_its_stability_delay_again(root: Path, database: Database) -> None:
    film = root / "a.mkv"
    film.write_bytes(b"film")
    taken = intake(database, root)
    taken.on_paths_changed(film)
    film.write_bytes(b"film and more")
    now = time.time() + LATER
    assert taken.ready_files(now) == []
    assert taken.ready_files(now + 1) == []
    assert len(taken.ready_files(now + LATER)) == 1


def test_a_file_open_for_writing_is_not_ready_until_it_is_closed(
    root: Path, database: Database
) -> None:
    film, taken = root / "a.mkv", intake(database, root)
    with film.open("wb"):
        taken.on_paths_changed(film)
        assert taken.ready_files(time.time() + LATER) == []
    assert len(taken.ready_files(time.time() + 3 * LATER)) == 1


def test_a_clock_that_was_set_back_holds_nothing_up_for_long(
    root: Path, database: Database
) -> None:
    film, taken = root / "a.mkv", intake(database, root)
    film.write_bytes(b"film")
    taken.on_paths_changed(film)
    past = time.time() - 10**8
    assert taken.ready_files(past) == []
    assert len(taken.ready_files(past + LATER)) == 1


def test_the_record_of_a_deleted_unstable_file_is_deleted(root: Path, database: Database) -> None:
    (root / "b.mkv").touch()
    (root / "a.mkv").write_bytes(b"film")
    taken = intake(database, root)
    taken.on_paths_changed(root / "a.mkv")
    (root / "a.mkv").unlink()
    taken.ready_files(time.time() + LATER)
    assert database.files.get(root / "a.mkv") is None


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_an_unavailable_library_is_logged_once_and_keeps_its_files(
    how: str, root: Path, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "a.mkv").write_bytes(b"film")
    taken = intake(database, root)
    taken.scan("films")
    shutil.rmtree(root)
    if how == "empty":
        root.mkdir()
    for _ in range(3):
        assert taken.scan("films").is_unavailable
        assert taken.ready_files(time.time() + LATER) == []
    assert state_of(database, root / "a.mkv") is FileState.STABILISING
    assert caplog.text.count("is unavailable") == 1
    root.mkdir(exist_ok=True)
    (root / "a.mkv").write_bytes(b"film")
    assert not taken.scan("films").is_unavailable


def test_a_new_library_may_be_empty(root: Path, database: Database) -> None:
    assert not intake(database, root).scan("films").is_unavailable


def test_a_file_on_an_unmounted_disk_does_not_count_as_deleted(
    root: Path, database: Database
) -> None:
    """As seen by the device: the folder under a mount lies on another one."""
    (root / "other.mkv").touch()
    film = root / "a.mkv"
    film.write_bytes(b"film")
    taken = intake(database, root)
    seen = film.stat()
    elsewhere = [*seen[:2], seen.st_dev + 1, *seen[3:]]
    stat = os.stat_result(elsewhere, {"st_mtime_ns": seen.st_mtime_ns})
    record_seen(database, "films", film, stat)
    film.unlink()
    assert taken.ready_files(time.time() + LATER) == []
    assert database.files.get(film) is not None


def test_a_human_subtitle_causes_a_new_decision(root: Path, database: Database) -> None:
    film, other = root / "Film.mkv", root / "Film 2.mkv"
    taken = intake(database, root)
    for path in (film, other):
        path.write_bytes(b"film")
        taken.on_paths_changed(path)
        decide(database, path, FileState.IMPOSSIBLE)
    sidecar = root / "Film.de.srt"
    sidecar.write_bytes(b"1")
    taken.on_paths_changed(sidecar)
    assert state_of(database, film) is FileState.STABILISING
    assert state_of(database, other) is FileState.IMPOSSIBLE
    decide(database, film, FileState.UP_TO_DATE)
    sidecar.unlink()
    taken.on_paths_changed(sidecar)
    assert state_of(database, film) is FileState.STABILISING
    decide(database, film, FileState.FAILED)
    taken.on_paths_changed(sidecar)
    assert state_of(database, film) is FileState.FAILED


@pytest.mark.parametrize(
    "state", [FileState.UP_TO_DATE, FileState.IMPOSSIBLE, FileState.DONE, FileState.QUEUED]
)
def test_another_text_under_the_same_name_causes_a_new_decision(
    root: Path, database: Database, state: FileState
) -> None:
    film, sidecar = root / "Film.mkv", root / "Film.de.srt"
    film.write_bytes(b"film")
    sidecar.write_bytes(b"a web page")
    taken = intake(database, root)
    taken.scan("films")
    decide(database, film, state)
    sidecar.write_bytes(b"a subtitle")
    taken.on_paths_changed(sidecar)
    is_decided_again = state is not FileState.QUEUED  # its job looks itself
    assert state_of(database, film) == (FileState.STABILISING if is_decided_again else state)


def test_our_own_writing_causes_no_new_decision(root: Path, database: Database) -> None:
    film, ours = root / "Film.mkv", root / "Film.de.srt"
    film.write_bytes(b"film")
    ours.write_bytes(b"a subtitle")
    signature = Signature(
        fingerprint="c",
        name=ours.name,
        language=Language("de"),
        kind=SubtitleKind.FULL,
        format="srt",
        variant="",
        created_at=1.0,
        sha256=hashlib.sha256(b"a subtitle").hexdigest(),
        size_bytes=len(b"a subtitle"),
    )
    database.sidecars.record_written(ours, film, signature)
    taken = intake(database, root)
    taken.scan("films")
    decide(database, film, FileState.DONE)
    taken.on_paths_changed(ours)
    assert state_of(database, film) is FileState.DONE


def test_human_data_files_change_nothing_and_edited_ones_of_ours_do(
    root: Path, database: Database
) -> None:
    film, taken = root / "Film.mkv", intake(database, root)
    film.write_bytes(b"film")
    taken.on_paths_changed(film)
    decide(database, film, FileState.UP_TO_DATE)
    theirs, ours = root / "Film.info.json", root / "Film.de.json"
    theirs.write_bytes(b"{}")
    taken.on_paths_changed(theirs)
    assert state_of(database, film) is FileState.UP_TO_DATE
    signature = Signature(
        fingerprint="c",
        name=ours.name,
        language=Language("de"),
        kind=SubtitleKind.FULL,
        format="json",
        variant="",
        created_at=1.0,
        sha256="0",
        size_bytes=2,
    )
    database.sidecars.record_written(ours, film, signature)
    taken.on_paths_changed(ours)
    assert state_of(database, film) is FileState.UP_TO_DATE  # the process that deleted it meant it
    ours.write_bytes(b"edited")
    taken.on_paths_changed(ours)
    assert state_of(database, film) is FileState.STABILISING


def test_events_about_anything_else_are_harmless(root: Path, database: Database) -> None:
    taken = intake(database, root)
    (root / "extras").mkdir()
    (root / "extras" / "a.mkv").touch()
    (root / "out").symlink_to(root.parent)
    for path in (
        root / "extras",
        root / "out",
        root / "gone.mkv",
        root / ("x" * 300 + ".mkv"),
        root.parent / "elsewhere.mkv",
        root / "notes.txt",
        root / "gone.srt",
        root,
    ):
        taken.on_paths_changed(path)
    assert database.states.count_by_state() == {}


def test_a_folder_moved_in_brings_all_its_media(root: Path, database: Database) -> None:
    (root / "season" / "one").mkdir(parents=True)
    (root / "season" / "one" / "a.mkv").touch()
    intake(database, root).on_paths_changed(root / "season")
    assert state_of(database, root / "season" / "one" / "a.mkv") is FileState.STABILISING


def test_the_innermost_library_has_a_file_by_folders_and_not_by_letters(database: Database) -> None:
    libraries = {
        name: LibrarySettings(path=Path(path))
        for name, path in (("all", "/m"), ("films", "/m/films"))
    }
    assert library_containing(Path("/m/films/a.mkv"), libraries) == "films"
    assert library_containing(Path("/m/films2/a.mkv"), libraries) == "all"
    assert library_containing(Path("/music/a.mkv"), libraries) is None


def test_a_file_of_a_nested_library_is_noticed_for_that_alone(
    root: Path, database: Database
) -> None:
    inner = root / "inner"
    inner.mkdir()
    (inner / "a.mkv").touch()
    both = {"all": LibrarySettings(path=root), "inner": LibrarySettings(path=inner)}
    taken = Ingest(database, both)
    taken.scan("inner")
    taken.scan("all")
    taken.on_paths_changed(root)
    record = database.files.get(inner / "a.mkv")
    assert record is not None
    assert record.library == "inner"


def mkv(lacks: int) -> bytes:
    """Return the head of a Matroska file whose segment is longer than the file by ``lacks``
    bytes.
    """
    return b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67" + bytes([0x80 | (10 + lacks)]) + b"x" * 10


def test_a_truncated_file_is_waited_for_and_then_processed_as_it_is(
    root: Path, database: Database
) -> None:
    film, taken = root / "a.mkv", intake(database, root, stability_delay=30.0)
    film.write_bytes(mkv(5))
    taken.on_paths_changed(film)
    now = time.time() + 31
    for _ in range(3):
        assert taken.ready_files(now) == []
        record = database.files.get(film)
        assert record is not None
        assert record.next_check_at is not None
        now = record.next_check_at
    assert (record.state, record.reason) == (
        FileState.GROWING,
        "at least 5 bytes are missing at its end",
    )
    assert [r.path for r in taken.ready_files(now + 20 * 30.0)] == [film]
    film.write_bytes(mkv(0))
    taken.on_paths_changed(film)
    assert len(taken.ready_files(time.time() + 31)) == 1


def test_a_recording_grows_for_hours_and_is_ready_when_it_ends(
    root: Path, database: Database
) -> None:
    film, taken = root / "a.ts", intake(database, root, stability_delay=30.0)
    film.write_bytes(b"x")
    taken.on_paths_changed(film)
    now, looks = time.time() + 31, 0
    end = now + 4 * 3600
    while now < end:
        looks += 1
        with film.open("ab") as file:
            file.write(b"x")
        assert taken.ready_files(now) == []
        now = database.states.next_check_at("films") or 0.0
    assert state_of(database, film) is FileState.GROWING
    assert looks < 30
    assert taken.scan("films").changed == 0
    assert [r.path for r in taken.ready_files(now)] == [film]


def test_an_event_brings_forward_the_check_of_a_growing_file_and_a_scan_does_not(
    root: Path, database: Database
) -> None:
    film, taken = root / "a.ts", intake(database, root, stability_delay=30.0)
    film.write_bytes(b"x")
    taken.on_paths_changed(film)
    now = time.time() + 31
    for number in range(8):
        film.write_bytes(b"x" * (number + 2))
        taken.ready_files(now)
        now = database.states.next_check_at("films") or 0.0
    film.write_bytes(b"the end")
    taken.scan("films")
    assert database.states.next_check_at("films") == now > time.time() + 600
    taken.on_paths_changed(film)
    assert (database.states.next_check_at("films") or 0.0) < time.time() + 31
    assert state_of(database, film) is FileState.GROWING


def test_files_of_the_first_scan_are_less_urgent_than_later_ones(
    root: Path, database: Database
) -> None:
    taken = intake(database, root)
    for name in ("old 1.mkv", "old 2.mkv"):
        (root / name).write_bytes(b"film")
    report = taken.scan("films")
    assert (report.files, report.new) == (2, 2)
    (root / "walked.mkv").write_bytes(b"film")
    assert str(taken.scan("films")) == "3 media files, 1 new"
    (root / "told.mkv").write_bytes(b"film")
    taken.on_paths_changed(root / "told.mkv", root / "old 2.mkv")
    due = [(r.path.name, r.priority) for r in taken.ready_files(time.time() + LATER)]
    assert sorted(due) == [
        ("old 1.mkv", BACKFILL),
        ("old 2.mkv", NEW),
        ("told.mkv", NEW),
        ("walked.mkv", NEW),
    ]
    assert due[-1][0] == "old 1.mkv"


def test_a_scan_without_changes_writes_nothing(
    root: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        (root / str(number)).mkdir()
        (root / str(number) / "a.mkv").touch()
        (root / str(number) / "a.en.srt").touch()
    taken = intake(database, root)
    taken.scan("films")

    def writes(*reported: object, **more: object) -> None:
        raise AssertionError(f"it wrote {reported}")

    monkeypatch.setattr(database.bulk_files, "apply_diff", writes)
    report = taken.scan("films")
    assert (report.files, report.new, report.changed, report.missing) == (50, 0, 0, 0)
    (root / "7" / "a.mkv").write_bytes(b"changed")
    with pytest.raises(AssertionError, match="it wrote"):
        taken.scan("films")


def test_a_deleted_file_is_missing_and_a_moved_one_is_new(root: Path, database: Database) -> None:
    taken = intake(database, root)
    (root / "show").mkdir()
    for name in ("a.mkv", "b.mkv"):
        (root / "show" / name).write_bytes(b"film")
        taken.on_paths_changed(root / "show" / name)
        decide(database, root / "show" / name, FileState.DONE)
    (root / "show").rename(root / "Show")
    (root / "Show" / "b.mkv").unlink()
    taken.on_paths_changed(root / "show", root / "Show")
    taken.ready_files(time.time() + 1)
    there = [state for state in FileState if state is not FileState.MISSING]
    assert {r.path for r in database.states.by_state(*there)} == {root / "Show" / "a.mkv"}


def test_a_file_absent_from_a_scan_is_checked_before_it_counts_as_missing(
    root: Path, database: Database
) -> None:
    taken = intake(database, root)
    for name in ("a.mkv", "b.mkv"):
        (root / name).write_bytes(b"film")
    taken.scan("films")
    for name in ("a.mkv", "b.mkv"):
        decide(database, root / name, FileState.DONE)
    (root / "a.mkv").rename(root / "away")
    assert taken.scan("films").missing == 1
    (root / "away").rename(root / "a.mkv")
    assert taken.ready_files(time.time() + 1) == []
    assert database.states.count_by_state() == {FileState.DONE: 2}
    assert database.states.next_check_at("films") is None
    (root / "a.mkv").unlink()
    taken.scan("films")
    taken.ready_files(time.time() + 1)
    assert database.states.count_by_state() == {FileState.DONE: 1, FileState.MISSING: 1}
    assert database.states.next_check_at("films") is None


def test_files_in_an_unreadable_folder_do_not_count_as_missing(
    root: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "shut").mkdir()
    (root / "shut" / "a.mkv").touch()
    (root / "z.mkv").touch()
    taken = intake(database, root)
    taken.scan("films")
    scandir = os.scandir

    def refusing(folder: Any) -> Any:
        if os.fsencode(folder).endswith(b"/shut"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    report = taken.scan("films")
    assert (report.missing, report.unreadable_folders, report.files) == (0, 1, 1)


def test_unreported_subtitle_changes_are_found_by_the_next_scan(
    root: Path, database: Database
) -> None:
    """As on a share, whose changes nobody tells of."""
    film, taken = root / "Film.mkv", intake(database, root)
    film.write_bytes(b"film")
    taken.scan("films")
    decide(database, film, FileState.IMPOSSIBLE)
    (root / "Film.de.srt").touch()
    (root / "Film 2.de.srt").touch()
    taken.scan("films")
    assert state_of(database, film) is FileState.STABILISING
    for state in (FileState.UP_TO_DATE, FileState.DONE):
        decide(database, film, state)
        (root / f"Film.{state[0]}.srt").touch()
        taken.scan("films")
        assert state_of(database, film) is FileState.STABILISING
        taken.scan("films")


def test_ten_thousand_events_about_a_file_cause_one_check(
    root: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, taken = root / "a.mkv", intake(database, root)
    film.touch()
    looks: list[object] = []
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: looks.append(folder) or listdir(folder))
    taken.on_paths_changed(*[film] * 10_000)
    assert len(looks) == 1
    assert database.states.count_by_state() == {FileState.STABILISING: 1}


def test_the_most_urgent_asker_s_priority_counts(root: Path, database: Database) -> None:
    film, taken = root / "a.mkv", intake(database, root)
    film.touch()
    taken.scan("films")
    for ask, expected in (
        (lambda: None, BACKFILL),
        (lambda: taken.on_paths_changed(film), NEW),
        (lambda: database.states.requeue(1, URGENT), URGENT),
        (lambda: taken.on_paths_changed(film), URGENT),
        (lambda: taken.scan("films"), URGENT),
    ):
        ask()
        record = database.files.get(film)
        assert record is not None
        assert record.priority == expected


def test_links_are_ingested_only_where_the_library_follows_them(
    root: Path, database: Database
) -> None:
    (root / "store").mkdir()
    (root / "store" / "a.mkv").touch()
    (root / "in.mkv").symlink_to(root / "store" / "a.mkv")
    (root.parent / "out.mkv").touch()
    (root / "out.mkv").symlink_to(root.parent / "out.mkv")
    links = (root / "in.mkv", root / "out.mkv")
    intake(database, root).on_paths_changed(*links)
    assert database.states.count_by_state() == {}
    intake(database, root, follow_symlinks=True).on_paths_changed(*links)
    assert [r.path.name for r in database.states.by_state(FileState.STABILISING)] == ["in.mkv"]


def test_a_hard_link_is_a_file_like_any_other(root: Path, database: Database) -> None:
    taken = intake(database, root)
    (root / "a.mkv").write_bytes(b"film")
    os.link(root / "a.mkv", root / "b.mkv")
    taken.on_paths_changed(root / "b.mkv")
    taken.scan("films")
    assert database.states.count_by_state() == {FileState.STABILISING: 2}


def test_a_scan_ends_soon_when_the_daemon_stops_and_counts_as_unfinished(
    root: Path, database: Database
) -> None:
    (root / "a.mkv").touch()
    taken = intake(database, root)
    taken.stop()
    taken.scan("films")
    again = intake(database, root)
    again.scan("films")
    record = database.files.get(root / "a.mkv")
    assert record is not None
    assert record.priority == BACKFILL


def test_a_file_and_a_folder_that_take_each_other_s_name_are_not_confused(
    root: Path, database: Database
) -> None:
    taken = intake(database, root)
    (root / "a.mkv").touch()
    (root / "b.mkv").mkdir()
    (root / "b.mkv" / "inside.mkv").touch()
    taken.scan("films")
    (root / "a.mkv").rename(root / "x")
    (root / "b.mkv").rename(root / "a.mkv")
    (root / "x").rename(root / "b.mkv")
    taken.on_paths_changed(root / "a.mkv", root / "b.mkv", root / "x")
    taken.ready_files(time.time() + 1)
    known = {str(r.path.relative_to(root)) for r in database.states.by_state(*FileState)}
    assert known == {"a.mkv/inside.mkv", "b.mkv"}


def test_a_folder_that_is_named_like_a_subtitle_is_a_folder(root: Path, database: Database) -> None:
    taken = intake(database, root)
    (root / "show.srt").mkdir()
    (root / "show.srt" / "a.mkv").touch()
    taken.on_paths_changed(root / "show.srt")
    assert state_of(database, root / "show.srt" / "a.mkv") is FileState.STABILISING


def test_a_library_under_a_new_name_keeps_what_was_decided(root: Path, database: Database) -> None:
    (root / "a.mkv").write_bytes(b"film")
    intake(database, root).scan("films")
    decide(database, root / "a.mkv", FileState.DONE)
    renamed = Ingest(database, {"movies": LibrarySettings(path=root)})
    renamed.scan("movies")
    record = database.files.get(root / "a.mkv")
    assert record is not None
    assert (record.library, record.state) == ("movies", FileState.DONE)
    assert renamed.scan("movies").new == 0


@pytest.mark.parametrize("number", [1, 500, 501, 1203])
def test_however_many_files_are_new_each_is_stored_once(
    root: Path, database: Database, number: int
) -> None:
    for place in range(number):
        (root / f"{place}.mkv").touch()
    assert intake(database, root).scan("films").new == number
    assert database.states.count_by_state() == {FileState.STABILISING: number}
    renamed = Ingest(database, {"movies": LibrarySettings(path=root)})
    assert renamed.scan("movies").new == number
    assert database.states.count_by_state() == {FileState.STABILISING: number}
    assert not database.states.has_files("films")
