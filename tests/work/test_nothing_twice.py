"""Results are recognised wherever a file goes, and failures are remembered."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import House, film

from subtitled.db.records import NEW, URGENT, FileState
from subtitled.db.sidecars import SidecarStatus
from subtitled.jobs import dbos_queue
from subtitled.subtitles.ownership import XATTR_NAME, Ownership


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(dbos_queue, "POLLING_INTERVAL_SECONDS", 0.05)
    house = House(tmp_path)
    yield house
    house.close()


def test_a_renamed_film_keeps_its_subtitle_and_nothing_is_recognised_again(house: House) -> None:
    old = film(house.root / "Old [1].wav", 1)
    house.scan()
    made = house.ear.recognised
    assert made > 0
    before = (house.root / "Old [1].en.srt").read_bytes()
    (house.root / "new").mkdir()
    old.rename(house.root / "new" / "New.wav")
    house.scan()
    assert house.names() == ["New.en.srt", "New.wav"]
    assert (house.root / "new" / "New.en.srt").read_bytes() == before
    assert house.ear.recognised == made
    assert house.the(house.root / "new" / "New.wav").state is FileState.UP_TO_DATE
    assert house.ledger.get(old) is None


def test_an_edited_subtitle_of_a_renamed_film_stays_where_it_is(house: House) -> None:
    old = film(house.root / "Old.wav", 1)
    house.scan()
    made = house.ear.recognised
    (house.root / "Old.en.srt").write_text("mine")
    old.rename(house.root / "New.wav")
    house.scan()
    assert (house.root / "Old.en.srt").read_text() == "mine"
    assert house.names() == ["New.en.srt", "New.wav", "Old.en.srt"]
    assert house.ear.recognised == made


def test_a_hard_link_and_a_copy_are_one_piece_of_recognition(house: House) -> None:
    first = film(house.root / "a.wav", 1)
    house.scan()
    made = house.ear.recognised
    os.link(first, house.root / "b.wav")
    shutil.copyfile(first, house.root / "c.wav")
    house.scan()
    assert house.ear.recognised == made
    assert [name for name in house.names() if name.endswith("srt")] == [
        "a.en.srt",
        "b.en.srt",
        "c.en.srt",
    ]


def test_two_links_that_arrive_together_are_recognised_once(house: House) -> None:
    first = film(house.root / "a.wav", 1)
    house.scan()
    once = house.ear.recognised
    second = film(house.root / "x.wav", 2)
    os.link(second, house.root / "y.wav")
    house.scan()
    alone = house.ear.recognised - once
    film(house.root / "z.wav", 3)
    house.scan()
    assert house.ear.recognised - once - alone >= 1
    assert alone == len(_stretches(house, second))
    assert first.with_name("y.en.srt").exists()


def _stretches(house: House, medium: Path) -> list[Path]:
    content = house.the(medium).fingerprint
    assert content is not None
    return list((house.state / "transcripts" / content[:2] / content).rglob("*-*.json"))


def test_a_backup_that_is_restored_elsewhere_brings_its_subtitle(house: House) -> None:
    film(house.root / "a.wav", 1)
    house.scan()
    made = house.ear.recognised
    (house.root / "restored").mkdir()
    for name in ("a.wav", "a.en.srt"):
        shutil.copyfile(house.root / name, house.root / "restored" / name)
        (house.root / name).unlink()
    house.scan()
    assert house.ear.recognised == made
    assert house.names() == ["a.en.srt", "a.wav"]


def test_a_better_copy_in_its_place_gets_the_old_words_at_their_new_times(house: House) -> None:
    old = film(house.root / "Film.wav", 1)
    house.scan()
    made, before = house.ear.recognised, (house.root / "Film.en.srt").read_text()
    film(old, 1, head=5.75, pitch=660)
    house.scan()
    after = (house.root / "Film.en.srt").read_text()
    assert house.ear.recognised == made
    assert before.count("-->") == after.count("-->")
    assert _first_time(after) - _first_time(before) == pytest.approx(5.25, abs=0.05)
    record = house.the(old)
    assert record.state is FileState.DONE
    retimed = house.transcripts.reuse(record.fingerprint or "", 0)
    assert retimed is not None
    assert retimed.offset == pytest.approx(5.25, abs=0.05)


def test_a_better_copy_under_a_new_name_gets_them_too_and_others_do_not(house: House) -> None:
    old = film(house.root / "Show S01E01 480p.wav", 1)
    film(house.root / "Show S01E02 480p.wav", 2)
    house.scan()
    made = house.ear.recognised
    old.unlink()
    film(house.root / "Show S01E01 1080p.wav", 1, head=3.0, pitch=880)
    house.scan()
    assert house.ear.recognised == made
    assert [name for name in house.names() if name.endswith("srt")] == [
        "Show S01E01 1080p.en.srt",
        "Show S01E02 480p.en.srt",
    ]
    film(house.root / "Show S01E03 1080p.wav", 3)
    house.scan()
    assert house.ear.recognised > made


def test_an_edited_subtitle_stands_after_a_better_copy_came(house: House) -> None:
    old = film(house.root / "Film.wav", 1)
    house.scan()
    (house.root / "Film.en.srt").write_text("mine")
    film(old, 1, head=5.0, pitch=660)
    house.scan()
    assert (house.root / "Film.en.srt").read_text() == "mine"
    content = house.the(old).fingerprint
    assert house.ledger.sidecars.ownership(house.root / "Film.en.srt", content) is Ownership.EDITED


def _first_time(srt: str) -> float:
    hours, minutes, seconds = srt.splitlines()[1].split(" ")[0].replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


@pytest.mark.parametrize("attributes", [True, False])
def test_after_the_ledger_is_lost_what_we_wrote_is_ours_and_not_made_again(
    attributes: bool, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On file systems without extended attributes the state folder has the signature."""
    if not attributes:
        monkeypatch.setattr(os, "setxattr", _unsupported)
    medium = film(house.root / "a.wav", 1)
    (house.root / "a.de.srt").write_text("somebody's")
    house.scan()
    sidecar = house.root / "a.en.srt"
    assert (XATTR_NAME in os.listxattr(sidecar)) is attributes
    before, made = sidecar.stat(), house.ear.recognised
    house.lose_the_ledger()
    house.scan()
    assert house.ear.recognised == 0 < made
    assert (sidecar.stat().st_mtime_ns, sidecar.stat().st_ino) == (
        before.st_mtime_ns,
        before.st_ino,
    )
    assert "(ours)" in house.the(medium).reason
    known = house.ledger.sidecars.get(sidecar)
    assert known is not None
    assert known.media == medium
    assert house.ledger.sidecars.get(house.root / "a.de.srt") is None


def _unsupported(*arguments: object, **more: object) -> None:
    raise OSError(95, "Operation not supported")


def test_ours_yields_to_somebody_s_that_comes_later(house: House) -> None:
    medium = film(house.root / "a.wav", 1)
    house.scan()
    ours = house.root / "a.en.srt"
    text = ours.read_bytes()
    theirs = house.root / "a.eng.ass"
    theirs.write_text("somebody's")
    house.intake.on_paths_changed(theirs)
    house.settle()
    assert not ours.exists()
    known = house.ledger.sidecars.get(ours)
    assert known is not None
    assert known.status is SidecarStatus.YIELDED
    assert theirs.read_text() == "somebody's"
    theirs.unlink()
    house.intake.on_paths_changed(theirs)
    house.settle()
    assert ours.read_bytes() == text
    assert house.the(medium).state is FileState.DONE


def test_ours_stays_beside_somebody_s_if_the_library_says_so(tmp_path: Path) -> None:
    house = House(tmp_path, 'on_human_subtitle = "keep"')
    film(house.root / "a.wav", 1)
    house.scan()
    (house.root / "a.eng.ass").write_text("somebody's")
    house.intake.on_paths_changed(house.root / "a.eng.ass")
    house.settle()
    house.close()
    assert (house.root / "a.en.srt").exists()


def test_what_was_there_before_us_takes_nothing_of_ours_away(house: House) -> None:
    """A forced subtitle does not count as a full one."""
    film(house.root / "a.wav", 1)
    (house.root / "a.en.forced.srt").write_text("somebody's")
    house.scan()
    house.ledger.requeue(house.the(house.root / "a.wav").id)
    house.settle()
    assert (house.root / "a.en.srt").exists()


def test_a_file_that_crashes_the_engine_is_quarantined_by_its_content(house: House) -> None:
    house.ear.crashes = True
    poison = film(house.root / "poison.wav", 1)
    house.scan()
    record = house.the(poison)
    assert record.state is FileState.QUARANTINED
    assert "crashed on it 3 times" in record.reason
    assert "queue retry" in record.hint
    tried = house.ear.recognised
    renamed = poison.rename(house.root / "renamed.wav")
    os.link(renamed, house.root / "link.wav")
    house.scan()
    assert house.ear.recognised == tried
    for path in (renamed, house.root / "link.wav"):
        assert house.the(path).state is FileState.QUARANTINED
    house.ear.crashes = False
    house.jobs.retry(house.the(renamed))
    house.settle()
    assert house.the(renamed).state is FileState.DONE
    assert house.the(house.root / "link.wav").state is FileState.DONE


def test_other_engines_are_a_reason_to_try_again_what_failed(house: House) -> None:
    house.ear.crashes = True
    poison = film(house.root / "poison.wav", 1)
    house.scan()
    house.close()
    house.open()
    assert house.the(poison).state is FileState.QUARANTINED
    house.ledger.set_state(
        house.the(poison).id, FileState.QUARANTINED, engines_digest="of an older version"
    )
    house.close()
    house.open()
    assert house.the(poison).state is FileState.STABILISING


def test_silence_is_remembered_and_listened_to_again_only_by_hand(house: House) -> None:
    with (house.root / "silence.wav").open("wb"):
        pass
    silent = film(house.root / "silence.wav", 1, pitch=0)
    house.scan()
    assert house.the(silent).state is FileState.NO_SPEECH
    content = house.the(silent).fingerprint or ""
    assert house.transcripts.analysis(content, 0) is not None
    house.jobs.retry(house.the(silent))
    assert house.transcripts.analysis(content, 0) is None
    house.settle()
    assert house.the(silent).state is FileState.NO_SPEECH


def test_ten_who_ask_are_one_job_that_moves_up(house: House) -> None:
    house.ledger.kv.set("paused", "by hand")
    first = film(house.root / "first.wav", 1)
    house.intake.on_paths_changed(first)
    _plan(house)
    second = film(house.root / "second.wav", 2)
    house.intake.on_paths_changed(second)
    _plan(house)
    for _ in range(10):
        house.jobs.prioritise(house.the(second), URGENT)
    asked = house.the(second)
    assert (asked.state, asked.priority) == (FileState.QUEUED, URGENT)
    house.jobs.prioritise(asked, NEW)
    assert house.the(second) == asked
    house.ledger.kv.set("paused", None)
    house.settle()
    assert house.ear.recognised == len(_stretches(house, first)) + len(_stretches(house, second))


def _plan(house: House) -> None:
    import time

    for record in house.intake.ready_files(time.time() + 1):
        house.jobs.plan(record)


def test_a_film_replaced_in_the_work_is_no_failure(house: House) -> None:
    medium = film(house.root / "a.wav", 1)
    recognise = house.ear.transcribe

    def replaced(*arguments: object) -> object:
        if house.ear.recognised == 0:
            film(medium, 2)
        return recognise(*arguments)  # type: ignore[arg-type]

    house.ear.transcribe = replaced  # type: ignore[method-assign,assignment]
    house.scan()
    record = house.the(medium)
    assert (record.state, record.attempts) == (FileState.DONE, 0)
    known = house.ledger.sidecars.get(house.root / "a.en.srt")
    assert known is not None
    assert known.fingerprint == record.fingerprint


def test_a_film_renamed_in_the_work_is_done_under_its_new_name(house: House) -> None:
    medium = film(house.root / "a.wav", 1)
    recognise = house.ear.transcribe

    def renamed(*arguments: object) -> object:
        if medium.exists():
            medium.rename(house.root / "b.wav")
            house.intake.on_paths_changed(house.root / "b.wav")
            house.intake.on_paths_changed(medium)
        return recognise(*arguments)  # type: ignore[arg-type]

    house.ear.transcribe = renamed  # type: ignore[method-assign,assignment]
    house.scan()
    assert house.names() == ["b.en.srt", "b.wav"]
    assert house.ear.recognised == len(_stretches(house, house.root / "b.wav"))
    assert house.ledger.get(medium) is None
