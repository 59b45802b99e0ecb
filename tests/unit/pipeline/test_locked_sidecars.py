"""Approved sidecars are locked: nothing but a person writes, moves or deletes them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.daemon.answers.undo import undo_file
from subtitled.db.history import HistoryEvent
from subtitled.db.records import FileRecord
from subtitled.db.sidecars import SidecarStatus
from subtitled.library.archive import SidecarArchive
from subtitled.library.moves import (
    adopt_moved_file,
    remove_orphans,
    remove_renamed_duplicates,
)
from subtitled.library.rebuild import rebuild_sidecars
from subtitled.library.removal import RedundantSidecar, SidecarRemover
from subtitled.pipeline.locks import describe_lock
from subtitled.pipeline.unlocking import unlock
from subtitled.plugin.files import hash_file
from subtitled.subtitles.ownership import Ownership, determine_ownership, from_json, to_json
from support.approved import APPROVED, MACHINE, ApprovedFilm
from support.seen_files import record_seen


def unsupported(*arguments: object, **more: object) -> None:
    raise OSError(95, "Operation not supported")


@pytest.fixture(params=["attributes", "no attributes"])
def film(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ApprovedFilm:
    """A film with an approved subtitle in two formats, of which one was ours before."""
    if request.param == "no attributes":
        for name in ("setxattr", "getxattr", "removexattr"):
            monkeypatch.setattr(os, name, unsupported)
    film = ApprovedFilm(tmp_path, "srt")
    film.approve("srt", "vtt")
    film.changes()
    return film


def seen(film: ApprovedFilm, path: Path, fingerprint: str | None = None) -> FileRecord:
    """Record that a media file was seen."""
    record_seen(film.database, "films", path, path.stat())
    record = film.database.files.get(path)
    assert record is not None
    if fingerprint is not None:
        film.database.files.set_fingerprint(record.id, fingerprint)
    found = film.database.files.get(path)
    assert found is not None
    return found


def test_nothing_that_removes_ours_removes_an_approved_one(film: ApprovedFilm) -> None:
    before = {fmt: film.path(fmt).read_bytes() for fmt in ("srt", "vtt")}
    human = film.root / "a.srt"
    human.write_bytes(b"1\n00:00:01,000 --> 00:00:02,000\nBy hand.\n\n")
    remover = SidecarRemover(film.database)
    assert remover.yield_to_others(film.film, [RedundantSidecar("a.en.srt", ("a.srt",))]) == []
    (removal, *_) = remover.remove(film.database.sidecars.of_media(film.film))
    assert removal.outcome.startswith("kept")
    remover.restore(film.database.sidecars.of_media(film.film))
    remove_renamed_duplicates(film.database, film.film, film.root / "a.machine.en.srt")
    film.film.unlink()
    remove_orphans(film.database, "c1")
    assert {fmt: film.path(fmt).read_bytes() for fmt in ("srt", "vtt")} == before


def test_a_better_copy_of_the_film_leaves_it_approved(film: ApprovedFilm) -> None:
    for fmt in ("srt", "vtt"):
        assert film.database.sidecars.ownership(film.path(fmt), "c2") is Ownership.APPROVED
        assert film.database.sidecars.own_digest(film.path(fmt), "c2") is None


@pytest.mark.parametrize("fingerprint", ["c1", "better copy"])
def test_it_follows_a_renamed_film_also_after_a_better_copy(
    fingerprint: str, film: ApprovedFilm
) -> None:
    before = {fmt: film.path(fmt).read_bytes() for fmt in ("srt", "vtt")}
    seen(film, film.film, fingerprint)
    renamed = film.film.rename(film.root / "b.mkv")
    record = seen(film, renamed, fingerprint)
    adopt_moved_file(film.database, record, fingerprint, lambda job: None)
    for fmt, content in before.items():
        path = film.root / f"b.en.{fmt}"
        assert path.read_bytes() == content
        assert not film.path(fmt).exists()
        assert film.database.sidecars.ownership(path, fingerprint) is Ownership.APPROVED
    assert sorted(film.changes()) == sorted(
        [(f"a.en.{fmt}", False) for fmt in before] + [(f"b.en.{fmt}", True) for fmt in before]
    )


def test_it_follows_a_film_that_a_person_renamed_with_its_subtitles(film: ApprovedFilm) -> None:
    seen(film, film.film, "c1")
    renamed = film.film.rename(film.root / "b.mkv")
    film.srt.rename(film.root / "b.en.srt")
    adopt_moved_file(film.database, seen(film, renamed, "c1"), "c1", lambda job: None)
    for fmt in ("srt", "vtt"):
        path = film.root / f"b.en.{fmt}"
        assert film.database.sidecars.ownership(path, "c1") is Ownership.APPROVED
        record = film.database.sidecars.get(path)
        assert record is not None
        assert record.media == renamed


def test_it_does_not_move_over_a_file_that_is_there(film: ApprovedFilm) -> None:
    seen(film, film.film, "c1")
    before = film.srt.read_bytes()
    theirs = film.root / "b.en.srt"
    theirs.write_bytes(b"somebody's")
    renamed = film.film.rename(film.root / "b.mkv")
    adopt_moved_file(film.database, seen(film, renamed, "c1"), "c1", lambda job: None)
    assert (theirs.read_bytes(), film.srt.read_bytes()) == (b"somebody's", before)


def test_it_is_locked_after_the_database_is_lost(film: ApprovedFilm) -> None:
    before = film.srt.read_bytes()
    film.lose_database()
    assert film.database.sidecars.own_digest(film.srt, "c1") is None
    report = rebuild_sidecars(film.database, {"films": LibrarySettings(path=film.root)})
    assert report.adopted == 2
    assert film.database.sidecars.ownership(film.srt, "c1") is Ownership.APPROVED
    assert film.database.sidecars.own_digest(film.srt, "c1") is None
    # What was kept of ours is found by the signature.
    undo_file(film.configuration, film.database, film.film, restore=False, actor="ana")
    assert film.srt.read_bytes() == film.machine != before


def test_it_is_locked_after_the_state_folder_is_lost(film: ApprovedFilm) -> None:
    before = film.srt.read_bytes()
    shutil.rmtree(film.state / "signatures")
    film.lose_database()
    rebuild_sidecars(film.database, {"films": LibrarySettings(path=film.root)})
    assert film.database.sidecars.ownership(film.srt, "c1") in (
        Ownership.APPROVED,
        Ownership.HUMAN,  # without extended attributes nothing is left that says so
    )
    assert film.database.sidecars.own_digest(film.srt, "c1") is None
    film.lose_database()
    rebuild_sidecars(film.database, {"films": LibrarySettings(path=film.root)})
    assert film.srt.read_bytes() == before


def test_a_copy_without_the_attribute_is_still_approved(film: ApprovedFilm) -> None:
    copy = film.srt.with_name("copy")
    copy.write_bytes(film.srt.read_bytes())
    copy.replace(film.srt)
    assert film.database.sidecars.ownership(film.srt, "c1") is Ownership.APPROVED
    assert film.database.sidecars.ownership(film.srt) is Ownership.APPROVED


def test_an_older_version_takes_it_for_edited_or_human(film: ApprovedFilm) -> None:
    """It cannot read the signature, and knows of another hash."""
    signature = film.database.sidecars.approval(film.srt)
    record = film.database.sidecars.get(film.srt)
    assert signature is not None
    assert record is not None
    assert signature.sha256 != record.sha256
    payload = to_json(signature)
    assert from_json(payload) == signature
    assert from_json(payload.replace(b'"v":3', b'"v":2')) != signature
    known = (record.sha256, record.fingerprint)
    digest = hash_file(film.srt)
    assert determine_ownership(film.srt.name, digest, "c1", known, None) is Ownership.EDITED
    assert determine_ownership(film.srt.name, digest, "c1", None, None) is Ownership.HUMAN


def test_a_person_who_edits_an_approved_file_owns_it(film: ApprovedFilm) -> None:
    film.srt.write_bytes(film.srt.read_bytes() + b"\nedited")
    assert film.database.sidecars.ownership(film.srt, "c1") is Ownership.EDITED
    assert film.database.sidecars.own_digest(film.srt, "c1") is None


def test_an_approved_file_that_a_person_deletes_is_taken_back(film: ApprovedFilm) -> None:
    film.srt.unlink()
    assert film.database.sidecars.approval(film.srt) is None
    film.publish("srt")
    assert film.database.sidecars.ownership(film.srt, "c1") is Ownership.OURS


def test_undo_brings_our_version_back_and_keeps_the_approved_one(film: ApprovedFilm) -> None:
    approved = film.srt.read_bytes()
    answer = undo_file(film.configuration, film.database, film.film, restore=False, actor="ana")
    assert answer.is_restored
    assert film.srt.read_bytes() == film.machine
    assert film.database.sidecars.ownership(film.srt, "c1") is Ownership.OURS
    assert not film.path("vtt").exists(), "there was none of ours in this format"
    digest = film.database.sidecars.own_digest(film.srt, "c1")
    assert digest == hash_file(film.srt)
    archive = SidecarArchive(film.database)
    assert approved in [path.read_bytes() for path in (film.state / "removed").iterdir()]
    assert film.changes() == [("a.en.srt", True), ("a.en.vtt", False)]
    # Once more removes ours, as ever.
    undo_file(film.configuration, film.database, film.film, restore=False, actor="ana")
    assert not film.srt.exists()
    assert archive.find(digest, "srt") == film.machine
    record = film.database.sidecars.get(film.srt)
    assert record is not None
    assert record.status is SidecarStatus.REMOVED_BY_USER


def test_undo_leaves_it_if_our_version_is_not_kept_any_more(film: ApprovedFilm) -> None:
    approved = film.srt.read_bytes()
    shutil.rmtree(film.state / "removed")
    answer = undo_file(film.configuration, film.database, film.srt, restore=False, actor="ana")
    assert [result.outcome for result in answer.results if result.path == film.srt] == [
        "kept: the version that we made is not kept any more"
    ]
    assert film.srt.read_bytes() == approved
    assert film.database.sidecars.ownership(film.srt, "c1") is Ownership.APPROVED


def test_an_unlocked_file_keeps_its_text_and_is_an_edited_one(film: ApprovedFilm) -> None:
    before = film.srt.read_bytes()
    assert set(unlock(film.database, film.srt, "ben")) == {film.srt, film.path("vtt")}
    assert film.srt.read_bytes() == before
    for fmt in ("srt", "vtt"):
        assert film.database.sidecars.ownership(film.path(fmt), "c1") is Ownership.EDITED
    entry = film.database.history.newest(1)[0]
    assert (entry.event, entry.actor) == (HistoryEvent.UNLOCKED, "ben")
    assert unlock(film.database, film.srt, "ben") == ()
    # The same text can be approved again.
    film.approve("srt", "vtt", cues=APPROVED)
    assert film.database.sidecars.ownership(film.srt, "c1") is Ownership.APPROVED


def test_a_lock_says_who_approved_and_how_it_is_unlocked(film: ApprovedFilm) -> None:
    signature = film.database.sidecars.approval(film.srt)
    assert signature is not None
    sentence = describe_lock("a.en.srt", signature)
    assert "a.en.srt was approved by ana on 2" in sentence
    assert "subtitled review unlock a.en.srt" in sentence


def test_a_machine_version_that_says_the_same_is_not_taken_for_approved(
    film: ApprovedFilm,
) -> None:
    undo_file(film.configuration, film.database, film.film, restore=False, actor="ana")
    film.publish("srt", APPROVED)
    assert film.database.sidecars.ownership(film.srt, "c1") is Ownership.OURS
    film.publish("srt", MACHINE)
    assert film.database.sidecars.ownership(film.srt, "c1") is Ownership.OURS
