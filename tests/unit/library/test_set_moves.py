"""Sets are moved together: a power cut at any point leaves all files of a set in one place."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.library.file_set import list_set
from subtitled.library.media_filter import MediaFilter
from subtitled.library.set_moves import SetMover, choose_targets, move_file
from subtitled.plugin import SetupError

NAMES = ("Film.mxf", "Film.en.srt", "Film.ready.json", os.fsdecode(b"Film.\xff.srt"))


class PowerCutError(BaseException):
    """The power is cut before a call."""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Return a folder with a set, one that it goes into, and one for journals."""
    source, target = tmp_path / "in", tmp_path / "done"
    source.mkdir()
    for name in NAMES:
        (source / name).write_text(f"content of {name!r}")
    return source, target, tmp_path / "journals"


def cut_power_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Raise before the call of this number that changes the disk or flushes it."""
    counter = itertools.count()

    def cut(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(counter) == number:
                raise PowerCutError
            return original(*arguments, **options)

        return call

    for name in ("link", "unlink", "rename", "replace", "fsync", "mkdir"):
        monkeypatch.setattr(os, name, cut(getattr(os, name)))


def fail_after(number: int) -> Callable[[Path, Path], None]:
    """Return a function that moves some files, and fails with the next one."""
    counter = itertools.count()

    def move(source: Path, target: Path) -> None:
        if next(counter) >= number:
            raise OSError(5, "Input/output error")
        move_file(source, target)

    return move


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def test_a_power_cut_at_any_point_leaves_the_set_in_one_place(
    folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    for number in itertools.count():
        source, target, journals = (folder / str(number) for folder in folders)
        source.mkdir(parents=True)
        for name in NAMES:
            (source / name).write_text(f"content of {name!r}")
        moves = choose_targets([source / name for name in NAMES], target, "Film")
        with pytest.MonkeyPatch.context() as patch:
            cut_power_at(patch, number)
            try:
                SetMover(journals).move(moves)
                was_cut = False
            except PowerCutError:
                was_cut = True
        assert SetMover(journals).finish() == 0
        places = [folder for folder in (source, target) if names_in(folder)]
        assert len(places) == 1, f"cut at call {number}"
        assert names_in(places[0]) == set(NAMES), f"cut at call {number}"
        for name in NAMES:
            assert (places[0] / name).read_text() == f"content of {name!r}"
        if not was_cut:
            assert places == [target]
            assert number > 3 * len(NAMES), "each move and each flush was cut once"
            return


def test_a_file_that_came_meanwhile_is_never_replaced(folders: tuple[Path, Path, Path]) -> None:
    source, target, journals = folders
    moves = choose_targets([source / "Film.en.srt", source / "Film.mxf"], target, "Film")
    target.mkdir()
    (target / "Film.mxf").write_text("of somebody else")
    SetMover(journals).move(moves)
    assert (target / "Film.mxf").read_text() == "of somebody else"
    assert (target / "Film (2).mxf").read_text() == "content of 'Film.mxf'"


def test_a_second_set_of_the_same_name_gets_a_folder_of_its_own(
    folders: tuple[Path, Path, Path],
) -> None:
    source, target, _ = folders
    target.mkdir()
    (target / "Film.en.srt").write_text("delivered before")
    moves = choose_targets([source / name for name in NAMES], target, "Film")
    assert {place.parent for _, place in moves} == {target / "Film (2)"}


def test_a_share_that_is_not_mounted_at_the_start_keeps_its_journal(
    folders: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, journals = folders
    moves = choose_targets([source / name for name in NAMES], target, "Film")

    with pytest.raises(OSError, match="Input/output"):
        SetMover(journals, move_one=fail_after(1)).move(moves)
    away = source.rename(source.with_name("unmounted"))
    assert SetMover(journals).finish() == 1
    away.rename(source)
    assert SetMover(journals).finish() == 0
    assert names_in(target) == set(NAMES)
    assert not names_in(source)


def test_a_set_of_which_nothing_could_be_moved_leaves_no_journal(
    folders: tuple[Path, Path, Path],
) -> None:
    source, target, journals = folders
    moves = choose_targets([source / name for name in NAMES], target, "Film")
    with pytest.raises(OSError, match="Input/output"):
        SetMover(journals, move_one=fail_after(0)).move(moves)
    assert not names_in(journals), "each of many tries would leave one"
    assert names_in(source) == set(NAMES)


def test_a_set_that_was_moved_is_finished_although_its_old_folder_was_deleted(
    folders: tuple[Path, Path, Path],
) -> None:
    source, target, journals = folders
    moves = choose_targets([source / name for name in NAMES], target, "Film")

    def fail(moves: object, note: object) -> None:
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        SetMover(journals, on_moved=fail).move(moves)
    source.rmdir()
    assert SetMover(journals).finish() == 0
    assert not names_in(journals)


def test_a_file_that_cannot_be_taken_away_is_in_one_place(
    folders: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, _ = folders
    target.mkdir()
    unlink = os.unlink

    def refuse(path: Path, **options: Any) -> None:
        if Path(path).parent == source:
            raise PermissionError(1, "Operation not permitted")
        unlink(path, **options)

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(PermissionError):
        move_file(source / "Film.mxf", target / "Film.mxf")
    assert names_in(source) == set(NAMES)
    assert not names_in(target)


def test_a_link_at_the_new_place_is_not_taken_for_the_file(
    folders: tuple[Path, Path, Path],
) -> None:
    source, target, _ = folders
    target.mkdir()
    (target / "Film.mxf").symlink_to(source / "Film.mxf")
    move_file(source / "Film.mxf", target / "Film.mxf")
    assert (target / "Film (2).mxf").read_text() == "content of 'Film.mxf'"


def test_another_file_system_is_refused_before_anything_is_moved(
    folders: tuple[Path, Path, Path],
) -> None:
    source, _, journals = folders
    shared_memory = Path("/dev/shm")
    if not os.access(shared_memory, os.W_OK) or shared_memory.stat().st_dev == source.stat().st_dev:
        pytest.skip("there is no second file system")
    with pytest.raises(SetupError, match="another file system"):
        SetMover(journals).move([(source / "Film.mxf", shared_memory / "Film.mxf")])
    assert names_in(source) == set(NAMES)
    assert not names_in(journals)


def test_a_set_is_what_has_the_name_of_the_media_file_and_of_no_other(tmp_path: Path) -> None:
    for name in (
        *("Film.mxf", "Film.en.srt", "Film.nfo", "Film.ready.json"),
        *("Film.2.mxf", "Film.2.srt", "Film2.srt", "Filmed.mxf"),
    ):
        (tmp_path / name).write_text("")
    media_filter = MediaFilter(LibrarySettings(path=tmp_path))
    found = [path.name for path in list_set(tmp_path / "Film.mxf", media_filter)]
    assert found == ["Film.mxf", "Film.en.srt", "Film.nfo", "Film.ready.json"]
    found = [path.name for path in list_set(tmp_path / "Film.2.mxf", media_filter)]
    assert found == ["Film.2.mxf", "Film.2.srt"]
    (tmp_path / "Film.wav").write_text("")
    found = [path.name for path in list_set(tmp_path / "Film.mxf", media_filter)]
    assert found == ["Film.mxf"], "nobody knows which of both the others belong to"
