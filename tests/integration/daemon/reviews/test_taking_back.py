"""``undo`` of an approved subtitle: our version is there again, and its review is open again."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.daemon.answers.undo import FileBusyError, UndoAnswer, undo_file
from subtitled.daemon.reviews.approving import Approval, approve_review
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.records import FileState
from subtitled.db.review_records import ReviewStatus
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.ownership import Ownership
from subtitled.subtitles.review import operations as ops
from support.review_library import ENGLISH, FULL, ReviewLibrary

ANA, BEN = Actor.user("ana"), Actor.user("ben")


@pytest.mark.parametrize("is_edited", [True, False])
def test_its_review_is_open_again_and_can_be_approved_again(
    is_edited: bool, tmp_path: Path
) -> None:
    library = ReviewLibrary(tmp_path)
    record, sidecar = library.add()
    ours = sidecar.read_bytes()
    number = library.service.open(record, ENGLISH, FULL).id
    if is_edited:
        review = library.service.load(number)
        edit = ops.Replace(find="Schuffa", replacement="Schufa")
        library.service.edit(number, "op", edit, VersionTag.of(review), ANA)
    approve_review(library.service, number, ANA, accepts_warnings=True)
    approved = sidecar.read_bytes()

    answer = undo_file(library.configuration, library.db, record.path, restore=False, actor="ben")
    assert [result.path for result in answer.results] == [sidecar]
    assert sidecar.read_bytes() == ours
    review = library.service.load(number)
    assert review.record.status is ReviewStatus.OPEN
    # What people edited is kept.
    expected = read_cues(approved, "srt")
    assert review.document.to_cues() == expected
    again = approve_review(library.service, number, BEN, accepts_warnings=True)
    assert isinstance(again, Approval)
    assert sidecar.read_bytes() == approved
    assert library.db.sidecars.ownership(sidecar) is Ownership.APPROVED


def test_it_is_refused_while_the_file_has_a_job(tmp_path: Path) -> None:
    library = ReviewLibrary(tmp_path)
    record, sidecar = library.add()
    number = library.service.open(record, ENGLISH, FULL).id
    approve_review(library.service, number, ANA, accepts_warnings=True)
    approved = sidecar.read_bytes()
    library.db.states.set_state(record.id, FileState.WORKING)
    with pytest.raises(FileBusyError):
        undo_file(library.configuration, library.db, record.path, restore=False, actor="ben")
    assert sidecar.read_bytes() == approved


def test_what_a_killed_process_wrote_is_recorded_by_the_next_undo_and_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = ReviewLibrary(tmp_path)
    record, sidecar = library.add()
    ours = sidecar.read_bytes()
    number = library.service.open(record, ENGLISH, FULL).id
    review = library.service.load(number)
    edit = ops.Replace(find="Schuffa", replacement="Schufa")
    library.service.edit(number, "op", edit, VersionTag.of(review), ANA)
    approve_review(library.service, number, ANA, accepts_warnings=True)

    def undo() -> UndoAnswer:
        return undo_file(library.configuration, library.db, record.path, restore=False, actor="ben")

    def end(*arguments: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("subtitled.pipeline.unlocking.record_machine_version", end)
        with pytest.raises(KeyboardInterrupt):
            undo()
    assert sidecar.read_bytes() == ours
    assert library.service.load(number).record.status is ReviewStatus.APPROVED
    answer = undo()
    assert answer.is_approval_undone
    assert sidecar.read_bytes() == ours, "ours is not removed by the second try"
    review = library.service.load(number)
    assert review.record.status is ReviewStatus.OPEN
    assert review.document.by_id["1"].lines == ("The Schufa said no.",)
    again = approve_review(library.service, number, BEN, accepts_warnings=True)
    assert isinstance(again, Approval), "no other program changed the file"
