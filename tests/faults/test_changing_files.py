"""Files that grow, or are replaced, renamed or deleted while the daemon processes them."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable

import pytest

from support.fault_harness import FaultHarness, Wanted, sidecar_of
from support.spoken_films import Film

Build = Callable[..., FaultHarness]

GROWING = 60.0
"""Seconds for which a file grows."""


def test_a_file_that_grows_for_a_minute_is_taken_when_it_is_whole_and_not_before(
    build: Build, films: list[Film]
) -> None:
    """One file is appended to each second, another one is kept open and rarely written to."""
    harness = build(library_lines='stability_delay = "3s"')
    harness.start()
    media = [harness.library / "copied.mkv", harness.library / "recorded.mkv"]
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
        assert {state for state, _ in harness.states().values()} <= {"stabilising", "growing"}
        assert harness.journal() == []
        time.sleep(0.5)
    for media_file, film in zip(media, films[:2], strict=True):
        harness.wanted[media_file] = Wanted("done", film.subtitle)
    harness.all_well()


def test_a_file_that_is_replaced_during_its_transcription_gets_the_subtitle_of_the_new_one(
    build: Build, films: list[Film]
) -> None:
    harness = build()
    harness.start()
    harness.hold()
    media_file = harness.arrives(films[0], "Film.mkv")
    harness.until_held()
    harness.arrives(films[1], "Film.mkv")
    harness.release()
    harness.until(sidecar_of(media_file).exists, 60, "there is a subtitle")
    harness.all_well()


def test_a_file_that_is_renamed_during_its_transcription_is_recognised_once(
    build: Build, films: list[Film]
) -> None:
    harness = build()
    harness.start()
    harness.hold()
    media_file = harness.arrives(films[0], "Film.mkv")
    harness.until_held()
    renamed = media_file.rename(harness.library / "Film (2026).mkv")
    harness.moved(media_file, renamed, following=False)
    harness.release()
    harness.all_well()


def test_a_file_that_is_deleted_during_its_transcription_leaves_nothing(
    build: Build, films: list[Film]
) -> None:
    harness = build()
    harness.start()
    harness.hold()
    media_file = harness.arrives(films[0], "Film.mkv")
    harness.arrives(films[1], "Other.mkv")
    harness.until_held()
    harness.deleted(media_file)
    harness.release()
    harness.all_well()


def test_a_file_that_was_done_is_renamed_alone_and_its_subtitle_follows(
    build: Build, films: list[Film]
) -> None:
    harness = build()
    harness.start()
    media_file = harness.arrives(films[0], "Film.mkv")
    harness.until_state(media_file, "done")
    renamed = media_file.rename(harness.library / "Film (2026).mkv")
    harness.moved(media_file, renamed, following=True)
    harness.all_well()


def test_a_folder_that_is_moved_within_out_of_and_into_the_library_is_followed(
    build: Build, films: list[Film]
) -> None:
    harness = build()
    (harness.library / "new").mkdir()
    harness.start()
    media_file = harness.arrives(films[0], "new/Film.mkv")
    harness.until_state(media_file, "done")
    outside = harness.place / "outside"
    outside.mkdir()
    shutil.copyfile(films[1].path, outside / "Brought.mkv")
    (harness.library / "new").rename(harness.library / "old")
    outside.rename(harness.library / "outside")
    harness.moved(media_file, harness.library / "old" / "Film.mkv", following=True)
    brought = harness.library / "outside" / "Brought.mkv"
    harness.wanted[brought] = Wanted("done", films[1].subtitle)
    harness.all_well()


def test_human_subtitle_that_appears_during_transcription_is_kept(
    build: Build, films: list[Film]
) -> None:
    harness = build()
    harness.start()
    harness.hold()
    media_file = harness.arrives(
        films[0], "Film.mkv", subtitle=False, state="impossible", reason="it is kept"
    )
    harness.until_held()
    harness.add_human_file(sidecar_of(media_file), b"1\n00:00:01,000 --> 00:00:02,000\nMine.\n")
    harness.release()
    harness.all_well()


def test_two_daemons_never_work_on_one_state_folder(build: Build, films: list[Film]) -> None:
    harness = build()
    harness.start()
    assert harness.process is not None
    harness.hold()
    harness.arrives(films[0], "Film.mkv")
    harness.until_held()
    second = harness.run_to_its_end()
    assert second.returncode == 2
    assert f"process {harness.process.pid}" in second.stderr
    harness.kill()
    harness.release()
    harness.start()  # the kernel released the lock with the process
    harness.all_well(repeated=1)


@pytest.mark.timeout(1200)
def test_a_burst_of_five_thousand_files_misses_none(build: Build, films: list[Film]) -> None:
    """Folders are created, filled and renamed at once, while the watcher still starts. Most files
    are empty and rejected, some are films, and one has a human subtitle."""
    harness = build(daemon='scan_interval = "6h"')
    harness.start()
    folders, each = 50, 100
    for folder in range(folders):
        season = harness.library / f"Season {folder}.part"
        season.mkdir()
        for number in range(each):
            (season / f"{number}.mkv").touch()
        season = season.rename(harness.library / f"Season {folder}")
        for number in range(each):
            harness.wanted[season / f"{number}.mkv"] = Wanted("failed", None, "is empty")
        if folder % 10 == 0:
            harness.arrives(films[folder % 3], f"Season {folder}/Film.mkv")
    harness.all_well(limit=240)
