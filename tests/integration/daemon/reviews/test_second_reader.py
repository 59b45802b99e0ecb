"""The second reader: who edited a text does not approve it, by whatever way they come."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.config.load import Configuration
from subtitled.daemon.reviews.approving import Approval, approve_review, reopen_review
from subtitled.daemon.reviews.errors import NothingToRevertError, SecondReaderError
from subtitled.daemon.reviews.second_reader import describe_second_reading
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.history import HistoryEvent
from subtitled.db.review_schema import operations
from subtitled.subtitles.review import operations as ops
from support.review_library import ReviewLibrary

ANA, BEN = Actor.user("ana"), Actor.user("ben")
HER_KEY, KEY_CALLED_ANA = Actor.user("ana", "scripts"), Actor.key(3, "ana")
HER_ACCOUNT = Actor.account("ana", "Somebody Else")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[ReviewLibrary]:
    made = ReviewLibrary(tmp_path)
    made.configuration = with_second_reader(made.configuration)
    made.service = ReviewService(made.configuration, made.db)
    yield made
    made.db.close()


def with_second_reader(configuration: Configuration, *, is_wanted: bool = True) -> Configuration:
    """Return a configuration whose libraries want a second reader, or do not."""
    settings = configuration.settings
    libraries = {
        name: library.model_copy(update={"second_reader": is_wanted})
        for name, library in settings.libraries.items()
    }
    return dataclasses.replace(
        configuration, settings=settings.model_copy(update={"libraries": libraries})
    )


def _edit(library: ReviewLibrary, number: int, actor: Actor, text: str, cue: str = "1") -> None:
    tag = VersionTag.of(library.service.load(number))
    operation = ops.SetText(cue=cue, lines=(text,))
    library.service.edit(number, f"op {text}", operation, tag, actor)


def _approve(library: ReviewLibrary, number: int, actor: Actor) -> None:
    result = approve_review(library.service, number, actor, accepts_warnings=True)
    assert isinstance(result, Approval)


def test_who_edited_a_text_may_not_approve_it_and_another_may(library: ReviewLibrary) -> None:
    number = library.open()
    _edit(library, number, ANA, "The SCHUFA said no.")
    for same in (ANA, HER_KEY, HER_ACCOUNT):
        with pytest.raises(SecondReaderError, match="waits for another reader: ana edited it"):
            approve_review(library.service, number, same, accepts_warnings=True)
    assert describe_second_reading(library.service.load(number), ANA).editors == ("ana",)
    _approve(library, number, BEN)
    (entry,) = [one for one in library.db.history.newest(9) if one.event is HistoryEvent.APPROVED]
    assert (entry.actor, entry.reason) == ("ben", "Film.en.srt; edited by ana")


def test_a_key_that_is_called_like_the_editor_is_another_reader(library: ReviewLibrary) -> None:
    number = library.open()
    _edit(library, number, ANA, "The SCHUFA said no.")
    _approve(library, number, KEY_CALLED_ANA)


def test_a_text_that_nobody_edited_needs_one_reader(library: ReviewLibrary) -> None:
    number = library.open()
    _edit(library, number, ANA, "Undone")
    library.service.undo(number, "undo", VersionTag.of(library.service.load(number)), ANA)
    _approve(library, number, ANA)


def test_only_what_nobody_else_approved_counts(library: ReviewLibrary) -> None:
    number = library.open()
    _edit(library, number, ANA, "The SCHUFA said no.")
    _approve(library, number, BEN)
    reopen_review(library.service, number, BEN)
    _edit(library, number, BEN, "He lives in York.", cue="2")
    with pytest.raises(SecondReaderError, match="reader: ben edited"):
        approve_review(library.service, number, BEN, accepts_warnings=True)
    _approve(library, number, ANA)


def test_what_an_editor_approved_themselves_was_read_by_nobody_else(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    lax = ReviewService(with_second_reader(library.configuration, is_wanted=False), library.db)
    _edit(library, number, ANA, "The SCHUFA said no.")
    assert isinstance(approve_review(lax, number, ANA, accepts_warnings=True), Approval)
    reopen_review(library.service, number, BEN)
    with pytest.raises(SecondReaderError):
        approve_review(library.service, number, ANA, accepts_warnings=True)
    _approve(library, number, BEN)


def test_who_approved_their_own_edit_still_read_that_of_another(library: ReviewLibrary) -> None:
    number = library.open()
    lax = ReviewService(with_second_reader(library.configuration, is_wanted=False), library.db)
    _edit(library, number, ANA, "The SCHUFA said no.")
    _edit(library, number, BEN, "He lives in York.", cue="2")
    assert isinstance(approve_review(lax, number, BEN, accepts_warnings=True), Approval)
    reopen_review(library.service, number, BEN)
    with pytest.raises(SecondReaderError, match="reader: ben edited"):
        approve_review(library.service, number, BEN, accepts_warnings=True)
    _approve(library, number, ANA)


def test_two_people_who_correct_in_turns_can_always_go_on(library: ReviewLibrary) -> None:
    number = library.open()
    for turn in range(6):
        editor, reader = (ANA, BEN) if turn % 2 == 0 else (BEN, ANA)
        _edit(library, number, editor, f"Text of turn {turn}.", cue=str(turn % 3 + 1))
        with pytest.raises(SecondReaderError, match=f"reader: {editor.name} edited"):
            approve_review(library.service, number, editor, accepts_warnings=True)
        _approve(library, number, reader)
        # What one of them read stays read, also after the other approved a later version.
        reopen_review(library.service, number, reader)
        again = ReviewService(library.configuration, library.db)
        assert describe_second_reading(again.load(number), editor).is_open_to_actor


def test_each_of_two_editors_may_undo_their_edits_and_read_those_of_the_other(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    _edit(library, number, ANA, "The SCHUFA said no.")
    _edit(library, number, BEN, "He lives in York.", cue="2")
    for editor in (ANA, BEN):
        with pytest.raises(SecondReaderError, match="ana, ben edited"):
            approve_review(library.service, number, editor, accepts_warnings=True)
    library.service.undo(number, "undo", VersionTag.of(library.service.load(number)), BEN)
    _approve(library, number, BEN)
    assert library.service.load(number).document.by_id["1"].lines == ("The SCHUFA said no.",)


def test_an_edit_of_an_older_version_belongs_to_whoever_has_its_name(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    _edit(library, number, ANA, "The SCHUFA said no.")
    with library.db._engine.begin() as c:
        c.execute(operations.update().values(person=""))
    again = ReviewService(library.configuration, library.db)
    for actor in (ANA, KEY_CALLED_ANA):
        with pytest.raises(SecondReaderError):
            approve_review(again, number, actor, accepts_warnings=True)
    assert again.undo_stacks(again.load(number), ANA).undo == (1,)


def test_nobody_undoes_or_releases_what_another_of_the_same_name_did(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    _edit(library, number, ANA, "The SCHUFA said no.")
    tag = VersionTag.of(library.service.load(number))
    library.service.take(number, ANA)
    for other in (KEY_CALLED_ANA, HER_ACCOUNT):
        with pytest.raises(NothingToRevertError):
            library.service.undo(number, "x", tag, other)
        assert not library.service.release(number, other)
    assert library.service.undo(number, "y", tag, HER_KEY).review.version == 2
    assert library.service.release(number, HER_KEY)
