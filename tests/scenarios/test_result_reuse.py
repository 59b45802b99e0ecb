"""Results are recognised wherever a file goes, and failures are remembered."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.db.records import NEW, URGENT, FileState
from subtitled.db.sidecars import SidecarStatus
from subtitled.jobs import dbos_queue
from subtitled.subtitles.ownership import XATTR_NAME, Ownership
from support.harness import Harness, film


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    monkeypatch.setattr(dbos_queue, "POLLING_INTERVAL_SECONDS", 0.05)
    harness = Harness(tmp_path)
    yield harness
    harness.close()


def test_a_renamed_film_keeps_its_subtitle_without_new_transcription(
    harness: Harness,
) -> None:
    old = film(harness.root / "Old [1].wav", 1)
    harness.scan()
    recognised = harness.engine.recognised
    assert recognised > 0
    before = (harness.root / "Old [1].en.srt").read_bytes()
    (harness.root / "new").mkdir()
    old.rename(harness.root / "new" / "New.wav")
    harness.scan()
    assert harness.names() == ["New.en.srt", "New.wav"]
    assert (harness.root / "new" / "New.en.srt").read_bytes() == before
    assert harness.engine.recognised == recognised
    assert harness.the(harness.root / "new" / "New.wav").state is FileState.UP_TO_DATE
    assert harness.database.files.get(old) is None


def test_an_edited_subtitle_of_a_renamed_film_stays_where_it_is(harness: Harness) -> None:
    old = film(harness.root / "Old.wav", 1)
    harness.scan()
    recognised = harness.engine.recognised
    (harness.root / "Old.en.srt").write_text("mine")
    old.rename(harness.root / "New.wav")
    harness.scan()
    assert (harness.root / "Old.en.srt").read_text() == "mine"
    assert harness.names() == ["New.en.srt", "New.wav", "Old.en.srt"]
    assert harness.engine.recognised == recognised


def test_a_hard_link_and_a_copy_are_one_piece_of_recognition(harness: Harness) -> None:
    first = film(harness.root / "a.wav", 1)
    harness.scan()
    recognised = harness.engine.recognised
    os.link(first, harness.root / "b.wav")
    shutil.copyfile(first, harness.root / "c.wav")
    harness.scan()
    assert harness.engine.recognised == recognised
    assert [name for name in harness.names() if name.endswith("srt")] == [
        "a.en.srt",
        "b.en.srt",
        "c.en.srt",
    ]


def test_two_links_that_arrive_together_are_recognised_once(harness: Harness) -> None:
    first = film(harness.root / "a.wav", 1)
    harness.scan()
    once = harness.engine.recognised
    second = film(harness.root / "x.wav", 2)
    os.link(second, harness.root / "y.wav")
    harness.scan()
    alone = harness.engine.recognised - once
    film(harness.root / "z.wav", 3)
    harness.scan()
    assert harness.engine.recognised - once - alone >= 1
    assert alone == len(_stretches(harness, second))
    assert first.with_name("y.en.srt").exists()


def _stretches(harness: Harness, media: Path) -> list[Path]:
    content = harness.the(media).fingerprint
    assert content is not None
    return list((harness.state / "transcripts" / content[:2] / content).rglob("*-*.json"))


def test_a_backup_that_is_restored_elsewhere_brings_its_subtitle(harness: Harness) -> None:
    film(harness.root / "a.wav", 1)
    harness.scan()
    recognised = harness.engine.recognised
    (harness.root / "restored").mkdir()
    for name in ("a.wav", "a.en.srt"):
        shutil.copyfile(harness.root / name, harness.root / "restored" / name)
        (harness.root / name).unlink()
    harness.scan()
    assert harness.engine.recognised == recognised
    assert harness.names() == ["a.en.srt", "a.wav"]


def test_a_better_copy_in_its_place_gets_the_old_words_at_their_new_times(harness: Harness) -> None:
    old = film(harness.root / "Film.wav", 1)
    harness.scan()
    created, before = harness.engine.recognised, (harness.root / "Film.en.srt").read_text()
    film(old, 1, head=5.75, pitch=660)
    harness.scan()
    after = (harness.root / "Film.en.srt").read_text()
    assert harness.engine.recognised == created
    assert before.count("-->") == after.count("-->")
    assert _first_time(after) - _first_time(before) == pytest.approx(5.25, abs=0.05)
    record = harness.the(old)
    assert record.state is FileState.DONE
    retimed = harness.transcripts.reuse(record.fingerprint or "", 0)
    assert retimed is not None
    assert retimed.offset == pytest.approx(5.25, abs=0.05)


def test_a_better_copy_under_a_new_name_gets_them_too_and_others_do_not(harness: Harness) -> None:
    old = film(harness.root / "Show S01E01 480p.wav", 1)
    film(harness.root / "Show S01E02 480p.wav", 2)
    harness.scan()
    recognised = harness.engine.recognised
    old.unlink()
    film(harness.root / "Show S01E01 1080p.wav", 1, head=3.0, pitch=880)
    harness.scan()
    assert harness.engine.recognised == recognised
    assert [name for name in harness.names() if name.endswith("srt")] == [
        "Show S01E01 1080p.en.srt",
        "Show S01E02 480p.en.srt",
    ]
    film(harness.root / "Show S01E03 1080p.wav", 3)
    harness.scan()
    assert harness.engine.recognised > recognised


def test_an_edited_subtitle_stands_after_a_better_copy_came(harness: Harness) -> None:
    old = film(harness.root / "Film.wav", 1)
    harness.scan()
    (harness.root / "Film.en.srt").write_text("mine")
    film(old, 1, head=5.0, pitch=660)
    harness.scan()
    assert (harness.root / "Film.en.srt").read_text() == "mine"
    content = harness.the(old).fingerprint
    assert (
        harness.database.sidecars.ownership(harness.root / "Film.en.srt", content)
        is Ownership.EDITED
    )


def _first_time(srt: str) -> float:
    hours, minutes, seconds = srt.splitlines()[1].split(" ")[0].replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


@pytest.mark.parametrize("attributes", [True, False])
def test_sidecars_stay_ours_and_are_not_repeated_after_the_database_is_lost(
    attributes: bool, harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On file systems without extended attributes the state folder has the signature."""
    if not attributes:
        monkeypatch.setattr(os, "setxattr", _unsupported)
    media = film(harness.root / "a.wav", 1)
    (harness.root / "a.de.srt").write_text("somebody's")
    harness.scan()
    sidecar = harness.root / "a.en.srt"
    assert (XATTR_NAME in os.listxattr(sidecar)) is attributes
    before, created = sidecar.stat(), harness.engine.recognised
    harness.lose_the_database()
    harness.scan()
    assert harness.engine.recognised == 0 < created
    assert (sidecar.stat().st_mtime_ns, sidecar.stat().st_ino) == (
        before.st_mtime_ns,
        before.st_ino,
    )
    assert "(ours)" in harness.the(media).reason
    known = harness.database.sidecars.get(sidecar)
    assert known is not None
    assert known.media == media
    assert harness.database.sidecars.get(harness.root / "a.de.srt") is None


THEIRS = "1\n00:00:00,500 --> 00:00:02,000\nSomebody's.\n"


def _unsupported(*arguments: object, **more: object) -> None:
    raise OSError(95, "Operation not supported")


def test_ours_is_removed_for_a_later_human_subtitle(harness: Harness) -> None:
    media = film(harness.root / "a.wav", 1)
    harness.scan()
    ours = harness.root / "a.en.srt"
    text = ours.read_bytes()
    theirs = harness.root / "a.eng.ass"
    theirs.write_text(THEIRS)
    harness.intake.on_paths_changed(theirs)
    harness.settle()
    assert not ours.exists()
    known = harness.database.sidecars.get(ours)
    assert known is not None
    assert known.status is SidecarStatus.YIELDED
    assert theirs.read_text() == THEIRS
    theirs.unlink()
    harness.intake.on_paths_changed(theirs)
    harness.settle()
    assert ours.read_bytes() == text
    assert harness.the(media).state is FileState.DONE


def test_ours_is_kept_beside_a_human_subtitle_if_configured(tmp_path: Path) -> None:
    harness = Harness(tmp_path, 'on_human_subtitle = "keep"')
    film(harness.root / "a.wav", 1)
    harness.scan()
    (harness.root / "a.eng.ass").write_text(THEIRS)
    harness.intake.on_paths_changed(harness.root / "a.eng.ass")
    harness.settle()
    harness.close()
    assert (harness.root / "a.en.srt").exists()


def test_what_was_there_before_us_takes_nothing_of_ours_away(harness: Harness) -> None:
    """A forced subtitle does not count as a full one."""
    film(harness.root / "a.wav", 1)
    (harness.root / "a.en.forced.srt").write_text("somebody's")
    harness.scan()
    harness.database.states.requeue(harness.the(harness.root / "a.wav").id)
    harness.settle()
    assert (harness.root / "a.en.srt").exists()


def test_a_file_that_crashes_the_engine_is_quarantined_by_its_content(harness: Harness) -> None:
    harness.engine.crashes = True
    poison = film(harness.root / "poison.wav", 1)
    harness.scan()
    record = harness.the(poison)
    assert record.state is FileState.QUARANTINED
    assert "crashed on it 3 times" in record.reason
    assert "queue retry" in record.hint
    tried = harness.engine.recognised
    renamed = poison.rename(harness.root / "renamed.wav")
    os.link(renamed, harness.root / "link.wav")
    harness.scan()
    assert harness.engine.recognised == tried
    for path in (renamed, harness.root / "link.wav"):
        assert harness.the(path).state is FileState.QUARANTINED
    harness.engine.crashes = False
    harness.jobs.retry(harness.the(renamed))
    harness.settle()
    assert harness.the(renamed).state is FileState.DONE
    assert harness.the(harness.root / "link.wav").state is FileState.DONE


def test_other_engines_are_a_reason_to_try_again_what_failed(harness: Harness) -> None:
    harness.engine.crashes = True
    poison = film(harness.root / "poison.wav", 1)
    harness.scan()
    harness.close()
    harness.open()
    assert harness.the(poison).state is FileState.QUARANTINED
    harness.database.states.set_state(
        harness.the(poison).id, FileState.QUARANTINED, engines_digest="of an older version"
    )
    harness.close()
    harness.open()
    assert harness.the(poison).state is FileState.STABILISING


def test_silence_is_remembered_and_listened_to_again_only_by_hand(harness: Harness) -> None:
    with (harness.root / "silence.wav").open("wb"):
        pass
    silent = film(harness.root / "silence.wav", 1, pitch=0)
    harness.scan()
    assert harness.the(silent).state is FileState.NO_SPEECH
    content = harness.the(silent).fingerprint or ""
    assert harness.transcripts.analysis(content, 0) is not None
    harness.jobs.retry(harness.the(silent))
    assert harness.transcripts.analysis(content, 0) is None
    harness.settle()
    assert harness.the(silent).state is FileState.NO_SPEECH


def test_ten_who_ask_are_one_job_that_moves_up(harness: Harness) -> None:
    harness.database.kv.set("paused", "by hand")
    first = film(harness.root / "first.wav", 1)
    harness.intake.on_paths_changed(first)
    _plan(harness)
    second = film(harness.root / "second.wav", 2)
    harness.intake.on_paths_changed(second)
    _plan(harness)
    for _ in range(10):
        harness.jobs.prioritise(harness.the(second), URGENT)
    asked = harness.the(second)
    assert (asked.state, asked.priority) == (FileState.QUEUED, URGENT)
    harness.jobs.prioritise(asked, NEW)
    assert harness.the(second) == asked
    harness.database.kv.set("paused", None)
    harness.settle()
    assert harness.engine.recognised == len(_stretches(harness, first)) + len(
        _stretches(harness, second)
    )


def _plan(harness: Harness) -> None:
    import time

    for record in harness.intake.ready_files(time.time() + 1):
        harness.jobs.plan(record)


def test_a_film_replaced_in_the_work_is_no_failure(harness: Harness) -> None:
    media = film(harness.root / "a.wav", 1)
    recognise = harness.engine.transcribe

    def replaced(*arguments: object) -> object:
        if harness.engine.recognised == 0:
            film(media, 2)
        return recognise(*arguments)  # type: ignore[arg-type]

    harness.engine.transcribe = replaced  # type: ignore[method-assign,assignment]
    harness.scan()
    record = harness.the(media)
    assert (record.state, record.attempts) == (FileState.DONE, 0)
    known = harness.database.sidecars.get(harness.root / "a.en.srt")
    assert known is not None
    assert known.fingerprint == record.fingerprint


def test_a_film_renamed_in_the_work_is_done_under_its_new_name(harness: Harness) -> None:
    media = film(harness.root / "a.wav", 1)
    recognise = harness.engine.transcribe

    def renamed(*arguments: object) -> object:
        if media.exists():
            media.rename(harness.root / "b.wav")
            harness.intake.on_paths_changed(harness.root / "b.wav")
            harness.intake.on_paths_changed(media)
        return recognise(*arguments)  # type: ignore[arg-type]

    harness.engine.transcribe = renamed  # type: ignore[method-assign,assignment]
    harness.scan()
    assert harness.names() == ["b.en.srt", "b.wav"]
    assert harness.engine.recognised == len(_stretches(harness, harness.root / "b.wav"))
    assert harness.database.files.get(media) is None
