"""A review is approved when nothing bars it, and its edits reach every format."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.daemon.reviews.approving import (
    Approval,
    FileConflict,
    approve_review,
    reopen_review,
    unlock_review,
)
from subtitled.daemon.reviews.errors import (
    ReviewLockedError,
    StaleVersionError,
    UnapprovableError,
)
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.review_records import ReviewFilter, ReviewStatus
from subtitled.plugin import Cue
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.ownership import Ownership
from subtitled.subtitles.review import operations as ops
from support.review_library import CUES, ENGLISH, FULL, ReviewLibrary

ANA, BEN = Actor.user("ana"), Actor.user("ben")


@pytest.fixture
def library(tmp_path: Path) -> ReviewLibrary:
    return ReviewLibrary(tmp_path)


def _edit(library: ReviewLibrary, number: int, operation: ops.SimpleOperation) -> None:
    review = library.service.load(number)
    name = f"op{review.version}"
    library.service.edit(number, name, operation, VersionTag.of(review), ANA)


def test_an_approved_review_is_in_every_format_and_leaves_the_queue(
    library: ReviewLibrary,
) -> None:
    record, sidecar = library.add("Film", CUES, "srt", "vtt")
    number = library.service.open(record, ENGLISH, FULL).id
    _edit(library, number, ops.Replace(find="Schuffa", replacement="Schufa"))
    result = approve_review(library.service, number, ANA, accepts_warnings=True)
    assert isinstance(result, Approval)
    for path in (sidecar, sidecar.with_suffix(".vtt")):
        assert read_cues(path.read_bytes(), path.suffix[1:])[0].text == "The Schufa said no."
        assert library.db.sidecars.ownership(path) is Ownership.APPROVED
    loaded = library.service.load(number)
    assert loaded.record.status is ReviewStatus.APPROVED
    assert (loaded.record.approved_by, loaded.record.approved_version) == ("ana", 1)
    assert library.db.reviews.page(ReviewFilter()) == []


def test_an_approved_review_is_edited_after_it_was_reopened_and_approved_again(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    _edit(library, number, ops.SetText(cue="1", lines=("One",)))
    approve_review(library.service, number, ANA, accepts_warnings=True)
    with pytest.raises(ReviewLockedError, match="ana approved"):
        _edit(library, number, ops.SetText(cue="1", lines=("Two",)))
    assert reopen_review(library.service, number, BEN).record.status is ReviewStatus.OPEN
    _edit(library, number, ops.SetText(cue="1", lines=("Two",)))
    again = approve_review(library.service, number, BEN, accepts_warnings=True)
    assert isinstance(again, Approval)
    assert read_cues((library.films / "Film.en.srt").read_bytes(), "srt")[0].text == "Two"


def test_a_subtitle_that_nobody_edited_can_be_approved(library: ReviewLibrary) -> None:
    number = library.open()
    assert isinstance(approve_review(library.service, number, ANA, accepts_warnings=True), Approval)
    review = library.service.load(number)
    assert review.record.status is ReviewStatus.APPROVED
    assert review.document.to_cues() == CUES


def test_overlapping_and_empty_cues_bar_approval_and_are_named(library: ReviewLibrary) -> None:
    number = library.open()
    before = (library.films / "Film.en.srt").read_bytes()
    _edit(library, number, ops.SetTimes(cue="1", start=1.0, end=5.0))
    _edit(library, number, ops.SetText(cue="3", lines=()))
    with pytest.raises(UnapprovableError, match="2 cues are wrong") as raised:
        approve_review(library.service, number, ANA, accepts_warnings=True)
    assert {finding.cue for finding in raised.value.findings} == {"1", "3"}
    assert (library.films / "Film.en.srt").read_bytes() == before


def test_a_cue_that_bars_approval_is_called_by_its_place_as_on_the_page(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    _edit(library, number, ops.Insert(start=0.0, end=0.5, lines=("First",)))
    _edit(library, number, ops.SetText(cue="1", lines=()))
    with pytest.raises(UnapprovableError, match="1 cue is wrong: cue 2, has no text"):
        approve_review(library.service, number, ANA, accepts_warnings=True)


def test_warnings_are_asked_about_once(library: ReviewLibrary) -> None:
    number = library.open("Fast", (Cue(1.0, 1.5, "Far too much text for half a second"),))
    with pytest.raises(UnapprovableError, match="1 cue is outside the limits") as raised:
        approve_review(library.service, number, ANA)
    assert "accept the warnings" in raised.value.hint
    result = approve_review(library.service, number, ANA, accepts_warnings=True)
    assert isinstance(result, Approval)


def test_an_edit_that_the_person_did_not_see_is_not_approved(library: ReviewLibrary) -> None:
    number = library.open()
    seen = VersionTag.of(library.service.load(number))
    _edit(library, number, ops.SetText(cue="1", lines=("Later",)))
    with pytest.raises(StaleVersionError, match="version 1 meanwhile"):
        approve_review(library.service, number, BEN, seen, accepts_warnings=True)


def test_a_file_that_another_program_changed_is_not_overwritten(library: ReviewLibrary) -> None:
    number = library.open()
    _edit(library, number, ops.SetText(cue="1", lines=("Mine",)))
    sidecar = library.films / "Film.en.srt"
    theirs = sidecar.read_bytes().replace(b"Schuffa", b"bank")
    sidecar.write_bytes(theirs)
    result = approve_review(library.service, number, ANA, accepts_warnings=True)
    assert isinstance(result, FileConflict)
    assert result.theirs is not None
    shown = [cues[0].text for cues in (result.base, result.mine, result.theirs)]
    assert shown == ["The Schuffa said no.", "Mine", "The bank said no."]
    assert sidecar.read_bytes() == theirs
    assert library.service.load(number).record.status is ReviewStatus.OPEN
    replaced = approve_review(
        library.service,
        number,
        ANA,
        accepts_warnings=True,
        replaces_sha256=result.theirs_sha256,
    )
    assert isinstance(replaced, Approval)
    assert read_cues(sidecar.read_bytes(), "srt")[0].text == "Mine"


def test_unlocking_opens_the_review_again(library: ReviewLibrary) -> None:
    number = library.open()
    approve_review(library.service, number, ANA, accepts_warnings=True)
    sidecar = library.films / "Film.en.srt"
    assert unlock_review(library.service, number, BEN) == (sidecar,)
    assert library.db.sidecars.ownership(sidecar) is Ownership.EDITED
    assert library.service.load(number).record.status is ReviewStatus.OPEN
