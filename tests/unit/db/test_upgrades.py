"""Which subtitles may be made again, as far as the database knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.db.database import Database
from subtitled.db.records import BACKFILL, UPGRADE, URGENT, FileState
from subtitled.db.sidecars import SidecarStatus
from subtitled.db.upgrades import UpgradeGroup, UpgradeProgress, settle_upgrades
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.makers import Makers
from subtitled.subtitles.ownership import SidecarDescription, Signature
from subtitled.subtitles.publish import publish_sidecar
from support.made_library import BASE, SMALL, MadeLibrary


@pytest.fixture
def library(tmp_path: Path) -> Iterator[MadeLibrary]:
    db = Database(tmp_path / "subtitled.sqlite")
    yield MadeLibrary(tmp_path, db)
    db.close()


def _chosen(library: MadeLibrary, makers: Makers = BASE) -> list[UpgradeGroup]:
    return [one for one in library.db.upgrades.groups(["films"]) if one.makers == makers]


def test_only_our_present_unedited_subtitles_of_this_version_are_chosen(
    library: MadeLibrary,
) -> None:
    chosen = library.add("chosen", formats=("srt", "vtt"))
    library.add("other engine", SMALL)
    library.add("edited", ownership="edited")
    library.add("approved", ownership="approved")
    library.add("another version", fingerprint="old")
    library.add("failed", state=FileState.FAILED)
    library.add("quarantined", state=FileState.QUARANTINED)
    removed = library.add("removed")
    library.db.sidecars.set_status(removed.with_suffix(".en.srt"), SidecarStatus.REMOVED_BY_USER)
    (group,) = _chosen(library)
    assert (group.library, group.spoken, group.language) == ("films", "en", "en")
    assert (group.files, group.seconds, group.is_requested) == (1, 3600.0, False)
    assert library.db.upgrades.groups(["series"]) == []
    library.db.upgrades.request([group])
    assert library.requested() == {"chosen.en.srt", "chosen.en.vtt"}
    assert library.state(chosen) == (FileState.STABILISING, UPGRADE)
    pending = library.db.upgrades.pending(["films"])
    assert (pending.files, pending.seconds) == (1, 3600.0)


def test_what_is_asked_for_while_a_job_runs_is_seen_after_it(library: MadeLibrary) -> None:
    media = library.add("a", state=FileState.WORKING)
    library.db.upgrades.request(_chosen(library))
    assert library.state(media) == (FileState.WORKING, BACKFILL)
    record = library.db.files.get(media)
    assert record is not None

    def end(job: str) -> None:
        assert record is not None
        library.db.states.set_state(
            record.id,
            FileState.DONE,
            also=lambda c: settle_upgrades(c, media, job_id=job),
        )

    end("job-1")  # it may have decided before
    assert library.requested() == {"a.en.srt"}
    assert library.state(media) == (FileState.STABILISING, UPGRADE)
    end("job-2")
    assert library.requested() == set()
    assert library.state(media) == (FileState.DONE, UPGRADE)


def test_a_decision_forgets_only_the_requests_that_it_has_seen(library: MadeLibrary) -> None:
    media = library.add("a", formats=("srt", "vtt"))
    library.db.upgrades.request(_chosen(library))
    record = library.db.files.get(media)
    assert record is not None
    seen = [media.with_suffix(".en.srt")]
    library.db.states.set_state(
        record.id,
        FileState.UP_TO_DATE,
        also=lambda c: settle_upgrades(c, media, seen=seen),
    )
    assert library.requested() == {"a.en.vtt"}
    assert library.state(media) == (FileState.STABILISING, UPGRADE)


def test_what_was_tried_in_vain_is_a_group_of_its_own(library: MadeLibrary) -> None:
    media = library.add("a")
    library.add("b")
    library.db.upgrades.record_kept([media.with_suffix(".en.srt")], SMALL, "worse")
    groups = {one.refused: one.files for one in _chosen(library)}
    assert groups == {"": 1, "whisper/small@0.1": 1}
    library.db.upgrades.request([one for one in _chosen(library) if not one.refused])
    assert library.requested() == {"b.en.srt"}


def test_everything_can_be_taken_back_and_what_is_forgotten_is_found(library: MadeLibrary) -> None:
    media = library.add("a")
    waiting = library.add("b", state=FileState.WAITING)
    library.db.upgrades.request(_chosen(library))
    record = library.db.files.get(media)
    assert record is not None
    library.db.states.set_state(record.id, FileState.UP_TO_DATE)  # as after it was missing
    assert library.db.upgrades.requeue_forgotten() == 1
    assert library.state(media) == (FileState.STABILISING, UPGRADE)
    assert library.db.upgrades.withdraw(["series"]).files == 0
    assert library.db.upgrades.withdraw(["films"]).files == 2
    assert library.requested() == set()
    assert library.state(media) == library.state(waiting) == (FileState.STABILISING, BACKFILL)


def test_a_file_that_a_person_asked_for_stays_urgent_when_its_upgrade_is_taken_back(
    library: MadeLibrary,
) -> None:
    media = library.add("a", state=FileState.QUEUED)
    record = library.db.files.get(media)
    assert record is not None
    library.db.files.raise_priority(record.id, URGENT)
    library.db.upgrades.request(_chosen(library))
    assert library.db.upgrades.withdraw(["films"]).files == 1
    assert library.state(media) == (FileState.STABILISING, URGENT)


def test_what_was_made_again_and_not_recorded_is_left_to_its_job(library: MadeLibrary) -> None:
    media = library.add("a")
    sidecar, content = media.with_suffix(".en.srt"), b"1\n00:00:01,000 --> 00:00:02,000\nNew\n"
    description = SidecarDescription(
        name=sidecar.name,
        fingerprint="f",
        language=Language("en"),
        kind=SubtitleKind.FULL,
        format="srt",
        variant="",
        makers=SMALL,
    )
    signature = Signature.create(content, description)
    library.db.upgrades.request(_chosen(library))
    publish_sidecar(sidecar, content, own_digest=None, signature=signature)
    library.db.sidecars.keep_approval(signature)  # where the file system keeps none
    library.db.sidecars.adopt_signed(sidecar, media, "f")
    assert library.requested() == {sidecar.name}
    library.db.upgrades.withdraw(["films"])  # no job comes any more
    library.db.sidecars.adopt_signed(sidecar, media, "f")
    record = library.db.sidecars.get(sidecar)
    assert record is not None
    assert (record.makers, record.sha256) == (SMALL, signature.sha256)


def test_the_progress_counts_each_file_once_by_what_became_of_it(library: MadeLibrary) -> None:
    upgrades, sidecars = library.db.upgrades, library.db.sidecars
    library.add("untouched", SMALL)
    for name in ("waits", "again", "kept"):
        library.add(name, formats=("srt", "vtt"))
    upgrades.request(_chosen(library))
    assert upgrades.progress(["films"]) == UpgradeProgress(waiting=3)
    for fmt in ("srt", "vtt"):
        record = sidecars.get(library.folder / f"again.en.{fmt}")
        assert record is not None
        signature = record.to_signature(4)
        sidecars.record_written(record.path, record.media, signature, replaced=signature)
    kept = [library.folder / f"kept.en.{fmt}" for fmt in ("srt", "vtt")]
    upgrades.record_kept(kept, SMALL, "it is worse")
    assert upgrades.progress(["films"]) == UpgradeProgress(waiting=1, again=1, kept=1)
    assert upgrades.progress(["series"]) == UpgradeProgress()
