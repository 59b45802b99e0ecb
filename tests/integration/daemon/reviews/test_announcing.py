"""Events of reviews reach the notifiers that ask for them, and no others."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from subtitled.config.plugins import ConfiguredComponent
from subtitled.daemon.answers.undo import undo_file
from subtitled.daemon.review_notices import NOTICE_SECONDS, ReviewNotices
from subtitled.daemon.reviews.approving import approve_review, reopen_review, unlock_review
from subtitled.daemon.reviews.service import ReviewService
from subtitled.db.actors import Actor
from subtitled.db.review_records import ReviewStatus
from subtitled.notify.notifiers import NotifierDispatcher
from subtitled.plugin import (
    REVIEW_EVENTS,
    Event,
    JobFinished,
    Notification,
    Notifier,
    ReviewEvent,
    ReviewReopened,
    ReviewsWaiting,
    Settings,
    SubtitleApproved,
)
from support.review_library import CUES, ENGLISH, FULL, ReviewLibrary, estimate

BEN = Actor.user("ben")


class Plain(Notifier[Settings]):
    """A notifier of API 1.0."""

    def notify(self, notifications: Sequence[Notification]) -> None:
        raise NotImplementedError


class Asking(Plain):
    @classmethod
    def review_events(cls, settings: Settings) -> Collection[type[ReviewEvent]]:
        return REVIEW_EVENTS.values()


class Failing(Plain):
    @classmethod
    def review_events(cls, settings: Settings) -> Collection[type[ReviewEvent]]:
        raise ValueError("broken")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[ReviewLibrary]:
    made = ReviewLibrary(tmp_path)
    settings = made.configuration.settings
    web = settings.web.model_copy(update={"public_url": "https://s.example.org/subs/"})
    made.configuration = dataclasses.replace(
        made.configuration,
        settings=settings.model_copy(update={"web": web}),
        notifiers={
            one.__name__: ConfiguredComponent(
                name=one.__name__, plugin="test", component_class=one, settings=Settings()
            )
            for one in (Plain, Asking, Failing)
        },
    )
    made.service = ReviewService(made.configuration, made.db)
    yield made
    made.db.close()


def _events(library: ReviewLibrary, notifier: type[Notifier[Settings]]) -> list[Event]:
    return [one.event for one in library.db.notifications.pending(notifier.__name__)]


def test_an_approval_is_told_with_what_was_written_and_a_reopening_with_who(
    library: ReviewLibrary,
) -> None:
    record, sidecar = library.add("Film")
    number = library.service.open(record, ENGLISH, FULL).id
    link = f"https://s.example.org/subs/review/{number}"
    approve_review(library.service, number, BEN, accepts_warnings=True)
    reopen_review(library.service, number, BEN)
    reopen_review(library.service, number, BEN)  # it is open already
    approve_review(library.service, number, BEN, accepts_warnings=True)
    unlock_review(library.service, number, BEN)
    approved, reopened, *rest = _events(library, Asking)
    about = {"media": record.path, "language": ENGLISH, "kind": FULL, "by": "ben", "link": link}
    assert approved == SubtitleApproved(sidecars=(sidecar,), **about)  # type: ignore[arg-type]
    assert reopened == ReviewReopened(**about)  # type: ignore[arg-type]
    assert rest == [approved, reopened]
    assert _events(library, Plain) == _events(library, Failing) == []


@pytest.mark.parametrize("named", ["the film", "one format"])
def test_taking_an_approval_back_is_told_as_a_reopening_once(
    library: ReviewLibrary, named: str
) -> None:
    record, sidecar = library.add("Film", CUES, "srt", "vtt")
    number = library.service.open(record, ENGLISH, FULL).id
    path = record.path if named == "the film" else sidecar

    def undo() -> None:
        undo_file(library.configuration, library.db, path, restore=False, actor="ana")

    approve_review(library.service, number, BEN, accepts_warnings=True)
    undo()
    _, reopened = _events(library, Asking)
    assert reopened == ReviewReopened(
        media=record.path,
        language=ENGLISH,
        kind=FULL,
        by="ana",
        link=f"https://s.example.org/subs/review/{number}",
    )
    assert library.service.load(number).record.status is ReviewStatus.OPEN
    undo()  # now ours is removed, of which no reviewer is told
    assert len(_events(library, Asking)) == 2


def test_taking_back_what_was_reopened_before_is_not_told_again(library: ReviewLibrary) -> None:
    record, _ = library.add("Film")
    number = library.service.open(record, ENGLISH, FULL).id
    approve_review(library.service, number, BEN, accepts_warnings=True)
    reopen_review(library.service, number, BEN)
    undo_file(library.configuration, library.db, record.path, restore=False, actor="ana")
    assert [type(one) for one in _events(library, Asking)] == [SubtitleApproved, ReviewReopened]


def test_an_approval_that_is_not_recorded_is_not_told(library: ReviewLibrary) -> None:
    number = library.open()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "subtitled.daemon.reviews.approving.record_approval",
            lambda *_arguments, **_more: (_ for _ in ()).throw(OSError("power cut")),
        )
        with pytest.raises(OSError, match="power cut"):
            approve_review(library.service, number, BEN, accepts_warnings=True)
    assert _events(library, Asking) == []


def test_a_library_is_told_of_once_with_what_waits(library: ReviewLibrary) -> None:
    dispatcher = NotifierDispatcher(library.configuration, library.db)
    notices = ReviewNotices(library.configuration, library.db, dispatcher.enqueue)
    assert notices.is_wanted
    for name in ("A", "B"):
        record, sidecar = library.add(name)
        estimate(library.db, record, sidecar, (0.9, 0.5))
    notices.check(1e9)
    notices.check(1e9 + 300)
    first = ReviewsWaiting(
        library="films",
        count=2,
        new=2,
        expected_errors=2.8,
        link="https://s.example.org/subs/review?library=films",
    )
    assert _events(library, Asking) == [first]
    record, sidecar = library.add("C")
    estimate(library.db, record, sidecar, (0.2,))
    notices.check(1e9 + 600)
    assert _events(library, Asking) == [first]
    notices.check(1e9 + NOTICE_SECONDS)
    assert _events(library, Asking)[1:] == [
        dataclasses.replace(first, count=3, new=1, expected_errors=3.0)
    ]
    assert _events(library, Plain) == []


def test_other_events_reach_every_notifier(library: ReviewLibrary) -> None:
    dispatcher = NotifierDispatcher(library.configuration, library.db)
    event = JobFinished(Path("/films/A.mkv"), (), "made en")
    dispatcher.enqueue(event)
    for notifier in (Plain, Asking, Failing):
        assert _events(library, notifier) == [event]


def test_nobody_looks_at_the_queue_if_no_notifier_asks(library: ReviewLibrary) -> None:
    only = {"Plain": library.configuration.notifiers["Plain"]}
    plain = dataclasses.replace(library.configuration, notifiers=only)
    assert not ReviewNotices(plain, library.db, lambda event: None).is_wanted
