"""Watch folders: ready files, projects, and what happens with finished files."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from subtitled.daemon import set_delivery
from subtitled.daemon.set_delivery import CLOCK_SECONDS, SetDelivery
from subtitled.db.file_states import FileStateRepository
from subtitled.db.history import HistoryEvent
from subtitled.db.records import FileRecord, FileState
from subtitled.plugin.files import write_atomic
from support.harness import Harness, film

WITH_RESULTS = ("[libraries.films.ingest]", "result_files = true")


class PowerCutError(BaseException):
    """The power is cut."""


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    """Return a watch folder in which media files wait for their ready files."""
    harness = Harness(
        tmp_path,
        'languages = ["en"]',
        "[libraries.films.ingest]",
        'ready_files = "required"',
        f'done_folder = "{tmp_path}/done"',
        f'failed_folder = "{tmp_path}/failed"',
        "result_files = true",
        "[projects.news]",
        'formats = ["vtt"]',
    )
    yield harness
    harness.close()


def deliver(harness: Harness) -> int:
    return SetDelivery(harness.configuration, harness.database).deliver("films")


def names_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def plan_due(harness: Harness, later: float = 0.0) -> None:
    """Plan what is due, without waiting for files that wait themselves."""
    for record in harness.intake.ready_files(time.time() + 1 + later):
        harness.jobs.plan(record)


def test_a_media_file_waits_for_its_ready_file_and_its_set_is_delivered_with_a_result(
    harness: Harness, tmp_path: Path
) -> None:
    folder = harness.root / "day 1"
    folder.mkdir()
    media = film(folder / "Clip.wav", 1)
    harness.intake.scan("films")
    plan_due(harness)
    waiting = harness.the(media)
    assert waiting.state is FileState.STABILISING
    assert "Clip.ready.json" in waiting.reason
    ready = folder / "Clip.ready.json"
    ready.write_text('{"project": "news", "start": "10:00:00:00"}')
    harness.intake.on_paths_changed(ready)
    harness.settle()
    assert deliver(harness) == 1
    done = tmp_path / "done"
    assert not names_in(harness.root)
    assert names_in(done) == {
        f"day 1/Clip.{ending}" for ending in ("wav", "ready.json", "en.vtt", "result.json")
    }
    result = json.loads((done / "day 1" / "Clip.result.json").read_text())
    assert (result["result"], result["project"], result["start"]) == (
        "done",
        "news",
        "10:00:00:00",
    )
    (subtitle,) = result["files"]
    content = (done / "day 1" / "Clip.en.vtt").read_bytes()
    assert subtitle["sha256"] == hashlib.sha256(content).hexdigest()
    assert subtitle["engine"].startswith("whisper")
    assert subtitle["quality_control"]["cues"] > 0
    events = [entry.event for entry in harness.database.history.newest(20)]
    assert HistoryEvent.DELIVERED in events
    gone, target = harness.the(media), done / "day 1" / "Clip.wav"
    assert (gone.state, gone.reason) == (FileState.MISSING, f"delivered: moved to {target}")
    assert harness.database.audit.find_delivered(target) == media
    assert harness.database.audit.find_delivered(media) is None


def test_the_same_content_is_subtitled_again_when_it_comes_again(
    harness: Harness, tmp_path: Path
) -> None:
    for number in (1, 2):
        media = film(harness.root / "Clip.wav", 1)
        media.with_suffix(".ready.json").write_text("{}")
        harness.scan()
        assert deliver(harness) == 1, f"delivery {number}"
        harness.intake.on_paths_changed(media)
    assert {name for name in names_in(tmp_path / "done") if name.endswith(".srt")} == {
        "Clip.en.srt",
        "Clip (2)/Clip.en.srt",
    }


def test_a_set_that_is_put_back_before_a_scan_saw_it_go_is_made_and_delivered_again(
    harness: Harness, tmp_path: Path
) -> None:
    media = film(harness.root / "Clip.wav", 1)
    media.with_suffix(".ready.json").write_text("{}")
    harness.scan()
    assert deliver(harness) == 1
    for path in (tmp_path / "done").iterdir():
        path.rename(harness.root / path.name)
    assert harness.the(media).state is FileState.MISSING
    harness.scan()
    assert deliver(harness) == 1


def test_a_media_file_that_was_replaced_since_it_was_finished_is_not_delivered_for_it(
    harness: Harness,
) -> None:
    media = film(harness.root / "Clip.wav", 1)
    media.with_suffix(".ready.json").write_text("{}")
    harness.scan()
    with media.open("ab") as file:
        file.write(b"another one, half copied")
    assert deliver(harness) == 0
    assert media.exists()


def test_a_delivery_that_a_power_cut_interrupts_is_finished_and_forgotten_at_the_next_start(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = film(harness.root / "Clip.wav", 1)
    media.with_suffix(".ready.json").write_text("{}")
    harness.scan()

    def cut(*_: object, **__: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patch, pytest.raises(PowerCutError):
        patch.setattr(os, "link", cut)
        deliver(harness)
    assert "Clip.result.json" in names_in(harness.root), "nothing is moved yet"
    SetDelivery(harness.configuration, harness.database).finish_interrupted()
    assert not names_in(harness.root)
    assert "Clip.en.srt" in names_in(tmp_path / "done")
    assert not harness.database.sidecars.of_media(media)
    (entry,) = harness.database.history.newest(1)
    assert (entry.event, entry.path) == (HistoryEvent.DELIVERED, media)


def test_a_ready_file_with_a_fault_fails_the_set_and_its_correction_mends_it(
    tmp_path: Path,
) -> None:
    harness = Harness(
        tmp_path,
        'languages = ["en"]',
        '[libraries.films.ingest]\nready_files = "optional"\nresult_files = true',
    )
    media = film(harness.root / "Clip.wav", 1)
    ready = media.with_suffix(".ready.xml")
    ready.write_text("<ready><project>sport</project></ready>")
    harness.scan()
    failed = harness.the(media)
    assert failed.state is FileState.FAILED
    assert "sport" in failed.reason
    assert failed.hint
    assert deliver(harness) == 0
    result = media.with_suffix(".result.json")
    assert json.loads(result.read_text())["result"] == "failed"
    ready.write_text("<ready/>")
    harness.intake.on_paths_changed(ready)
    harness.settle()
    assert harness.the(media).state is FileState.DONE
    deliver(harness)
    assert json.loads(result.read_text())["result"] == "done"
    assert media.exists(), "without a folder for finished files nothing is moved"
    harness.close()


def test_a_result_is_written_once_for_each_state_whatever_the_clock_of_the_share_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = Harness(
        tmp_path, 'languages = ["en"]', "[libraries.films.ingest]\nresult_files = true"
    )
    media = film(harness.root / "Clip.wav", 1)
    harness.scan()
    written: list[Path] = []

    def write_late(path: Path, data: bytes) -> None:
        write_atomic(path, data)
        os.utime(path, (1e9, 1e9))  # the share's clock is years behind
        written.append(path)

    monkeypatch.setattr(set_delivery, "write_atomic", write_late)
    for _ in range(3):  # each after a restart
        deliver(harness)
    assert written == [media.with_suffix(".result.json")]
    harness.close()


def test_files_that_were_finished_long_ago_are_not_looked_at_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = Harness(
        tmp_path, 'languages = ["en"]', "[libraries.films.ingest]\nresult_files = true"
    )
    result = film(harness.root / "Clip.wav", 1).with_suffix(".result.json")
    harness.scan()
    delivery = SetDelivery(harness.configuration, harness.database)
    states = harness.database.states
    asked: list[float] = []

    def ask(library: str, wanted: Collection[FileState], since: float) -> list[FileRecord]:
        asked.append(since)
        return FileStateRepository.decided(states, library, wanted, since)

    monkeypatch.setattr(states, "decided", ask)
    for _ in range(2):
        delivery.deliver("films")
    assert asked[0] == 0.0, "all are looked at after a start"
    assert asked[1] == pytest.approx(time.time() - CLOCK_SECONDS, abs=60)
    assert result.exists()
    harness.close()


def test_what_failed_goes_into_the_failed_folder_with_all_its_files(
    harness: Harness, tmp_path: Path
) -> None:
    broken = harness.root / "Broken.wav"
    broken.write_bytes(b"no sound at all")
    broken.with_suffix(".ready.json").write_text("{}")
    broken.with_suffix(".nfo").write_text("of the sender")
    harness.scan()
    assert deliver(harness) == 1
    assert names_in(tmp_path / "failed") == {
        f"Broken.{ending}" for ending in ("wav", "ready.json", "nfo", "result.json")
    }
    assert not names_in(harness.root)


def test_a_library_without_ingest_moves_and_writes_nothing(tmp_path: Path) -> None:
    harness = Harness(tmp_path, 'languages = ["en"]')
    media = film(harness.root / "Clip.wav", 1)
    media.with_suffix(".ready.json").write_text("{")
    harness.scan()
    assert deliver(harness) == 0
    assert names_in(harness.root) == {"Clip.wav", "Clip.en.srt", "Clip.ready.json"}
    harness.close()
