"""Files that grow, or are replaced, renamed or deleted while the daemon processes them."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable

from films import Film
from household import House, Wanted, sidecar_of

Build = Callable[..., House]

GROWING = 60.0
"""Seconds for which a file grows."""


def test_a_file_that_grows_for_a_minute_is_taken_when_it_is_whole_and_not_before(
    build: Build, films: list[Film]
) -> None:
    """One file is appended to each second, another one is kept open and rarely written to."""
    house = build(wishes='stability_delay = "3s"')
    house.start()
    media = [house.library / "copied.mkv", house.library / "recorded.mkv"]
    whole = [film.path.read_bytes() for film in films[:2]]

    def copied() -> None:
        pieces = round(GROWING)
        size = len(whole[0]) // pieces + 1
        for number in range(pieces):
            with media[0].open("ab") as file:
                file.write(whole[0][number * size : (number + 1) * size])
            time.sleep(1.0)

    def recorded() -> None:
        pieces = round(GROWING / 10)
        size = len(whole[1]) // pieces + 1
        with media[1].open("wb", buffering=0) as file:
            for number in range(pieces):
                file.write(whole[1][number * size : (number + 1) * size])
                time.sleep(10.0)

    writers = [threading.Thread(target=write) for write in (copied, recorded)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert {state for state, _ in house.states().values()} <= {"stabilising", "growing"}
        assert house.journal() == []
        time.sleep(0.5)
    for medium, film in zip(media, films[:2], strict=True):
        house.wanted[medium] = Wanted("done", film.subtitle)
    house.all_well()


def test_a_file_that_is_replaced_during_its_transcription_gets_the_subtitle_of_the_new_one(
    build: Build, films: list[Film]
) -> None:
    house = build()
    house.start()
    house.hold()
    medium = house.arrives(films[0], "Film.mkv")
    house.until_held()
    house.arrives(films[1], "Film.mkv")
    house.release()
    house.until(sidecar_of(medium).exists, 60, "there is a subtitle")
    house.all_well()


def test_a_file_that_is_renamed_during_its_transcription_is_recognised_once(
    build: Build, films: list[Film]
) -> None:
    house = build()
    house.start()
    house.hold()
    medium = house.arrives(films[0], "Film.mkv")
    house.until_held()
    renamed = medium.rename(house.library / "Film (2026).mkv")
    house.moved(medium, renamed, following=False)
    house.release()
    house.all_well()


def test_a_file_that_is_deleted_during_its_transcription_leaves_nothing(
    build: Build, films: list[Film]
) -> None:
    house = build()
    house.start()
    house.hold()
    medium = house.arrives(films[0], "Film.mkv")
    house.arrives(films[1], "Other.mkv")
    house.until_held()
    house.deleted(medium)
    house.release()
    house.all_well()


def test_a_file_that_was_done_is_renamed_alone_and_its_subtitle_follows(
    build: Build, films: list[Film]
) -> None:
    house = build()
    house.start()
    medium = house.arrives(films[0], "Film.mkv")
    house.until_state(medium, "done")
    renamed = medium.rename(house.library / "Film (2026).mkv")
    house.moved(medium, renamed, following=True)
    house.all_well()


def test_a_folder_that_is_moved_within_out_of_and_into_the_library_is_followed(
    build: Build, films: list[Film]
) -> None:
    house = build()
    (house.library / "new").mkdir()
    house.start()
    medium = house.arrives(films[0], "new/Film.mkv")
    house.until_state(medium, "done")
    outside = house.place / "outside"
    outside.mkdir()
    shutil.copyfile(films[1].path, outside / "Brought.mkv")
    (house.library / "new").rename(house.library / "old")
    outside.rename(house.library / "outside")
    house.moved(medium, house.library / "old" / "Film.mkv", following=True)
    brought = house.library / "outside" / "Brought.mkv"
    house.wanted[brought] = Wanted("done", films[1].subtitle)
    house.all_well()


def test_somebody_s_subtitle_that_comes_during_the_transcription_is_left_alone(
    build: Build, films: list[Film]
) -> None:
    house = build()
    house.start()
    house.hold()
    medium = house.arrives(
        films[0], "Film.mkv", subtitle=False, state="failed", reason="it is kept"
    )
    house.until_held()
    house.theirs_is(sidecar_of(medium), b"1\n00:00:01,000 --> 00:00:02,000\nMine.\n")
    house.release()
    house.all_well()


def test_two_daemons_never_work_on_one_state_folder(build: Build, films: list[Film]) -> None:
    house = build()
    house.start()
    assert house.process is not None
    house.hold()
    house.arrives(films[0], "Film.mkv")
    house.until_held()
    second = house.run_to_its_end()
    assert second.returncode == 2
    assert f"process {house.process.pid}" in second.stderr
    house.kill()
    house.release()
    house.start()  # the kernel released the lock with the process
    house.all_well(repeated=1)


def test_a_burst_of_five_thousand_files_misses_none(build: Build, films: list[Film]) -> None:
    """Folders are created, filled and renamed at once, while the watcher still starts. Most files
    are empty and rejected, some are films, and one has a human subtitle."""
    house = build(daemon='scan_interval = "6h"')
    house.start()
    folders, each = 50, 100
    for folder in range(folders):
        season = house.library / f"Season {folder}.part"
        season.mkdir()
        for number in range(each):
            (season / f"{number}.mkv").touch()
        season = season.rename(house.library / f"Season {folder}")
        for number in range(each):
            house.wanted[season / f"{number}.mkv"] = Wanted("failed", None, "is empty")
        if folder % 10 == 0:
            house.arrives(films[folder % 3], f"Season {folder}/Film.mkv")
    house.all_well(limit=240)
