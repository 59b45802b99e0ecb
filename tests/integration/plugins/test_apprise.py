"""The Apprise notifier: grouping, messages, and failures of the service.

The real package sends to a receiver on loopback, as one of its own services (``json://``).
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import time as clock
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from subtitled.plugin import (
    REVIEW_EVENTS,
    ComponentContext,
    DeliverySchedule,
    Event,
    JobFailed,
    JobFinished,
    Language,
    Notification,
    ReviewReopened,
    ReviewsWaiting,
    Secret,
    SetupError,
    SubtitleApproved,
    SubtitleKind,
    SubtitlePublished,
    TransientError,
)
from subtitled_plugins.apprise import (
    AppriseNotifier,
    AppriseSettings,
    format_message,
    group_by_category,
)

FILM, OTHER = Path("/films/Film.mkv"), Path("/films/Other.mkv")


def notices(*events: Event) -> list[Notification]:
    return [Notification(number, float(number), event) for number, event in enumerate(events)]


class Receiver(HTTPServer):
    status = 200
    got: list[dict[str, Any]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        server: Receiver

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append(json.loads(body))
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    pytest.importorskip("apprise", reason="the extra apprise is not installed")
    server = Receiver(("127.0.0.1", 0), Handler)
    server.got = []
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def notifier(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> AppriseNotifier:
    address = f"json://user:hunter22@127.0.0.1:{receiver.server_port}/in"
    monkeypatch.setenv("APPRISE_URL", address)
    return AppriseNotifier(
        AppriseSettings(url=Secret(env="APPRISE_URL")), ComponentContext("apprise")
    )


def test_a_film_is_named_once_under_what_last_became_of_it() -> None:
    news = group_by_category(
        notices(
            JobFailed(FILM, "the disk was full", "Make room", retry_at=99.0),
            JobFailed(OTHER, "no sound", "Replace it"),
            SubtitlePublished(FILM, FILM.with_suffix(".en.srt"), Language("en"), SubtitleKind.FULL),
            JobFinished(FILM, (FILM.with_suffix(".en.srt"),), "made en"),
            JobFinished(Path("/films/silent.mkv"), (), "nobody speaks in it"),
        )
    )
    assert news == {
        "made": ["Film.mkv: made en"],
        "failed": [],
        "waiting": ["Other.mkv: no sound. Replace it"],
        "reviews-waiting": [],
        "approved": [],
    }
    assert format_message(news) == (
        "Subtitles were made (1)\nFilm.mkv: made en\n\n"
        "Waiting for you (1)\nOther.mkv: no sound. Replace it"
    )


def _waiting(library: str, count: int, new: int, link: str = "") -> ReviewsWaiting:
    return ReviewsWaiting(library=library, count=count, new=new, expected_errors=41.4, link=link)


def test_a_library_with_reviews_is_named_once_with_all_that_is_new() -> None:
    approved = SubtitleApproved(
        media=FILM, sidecars=(), language=Language("de"), kind=SubtitleKind.FULL, by="ben"
    )
    reopened = ReviewReopened(
        media=FILM, language=Language("de"), kind=SubtitleKind.FULL, by="ana", link="http://s/r/7"
    )
    other = replace(approved, media=OTHER)
    news = group_by_category(
        notices(
            _waiting("films", 9, 4), approved, _waiting("series", 1, 1), other,
            _waiting("films", 12, 3, "http://s/review?library=films"), reopened,
        )
    )  # fmt: skip
    assert news["reviews-waiting"] == [
        "films: 12 subtitles, 7 of them new, about 41 wrong cues expected: "
        "http://s/review?library=films",
        "series: 1 subtitle, 1 of them new, about 41 wrong cues expected",
    ]
    assert news["approved"] == [
        "Other.mkv: de, approved by ben",
        "Film.mkv: de, reopened by ana: http://s/r/7",
    ]
    message = format_message(news)
    assert message.startswith("Subtitles wait for review\nfilms: 12")
    assert "Approved and reopened (2)" in message


def test_news_of_reviews_are_for_those_who_ask_for_them() -> None:
    url = Secret(env="X")
    plain = AppriseNotifier.review_events(AppriseSettings(url=url))
    asked = AppriseSettings(url=url, events=("reviews-waiting", "approved"))
    assert set(plain) == set()
    assert set(AppriseNotifier.review_events(asked)) == set(REVIEW_EVENTS.values())


def test_of_many_the_first_are_named_and_all_are_counted() -> None:
    many = [JobFinished(Path(f"/f/{n}.mkv"), (Path("/x"),), "made en") for n in range(400)]
    message = format_message(group_by_category(notices(*many)))
    assert "(400)" in message
    assert "and 385 more" in message
    assert len(message.splitlines()) == 17


def test_the_message_arrives(notifier: AppriseNotifier, receiver: Receiver) -> None:
    notifier.notify(
        notices(JobFinished(FILM, (FILM,), "made en"), JobFailed(OTHER, "no sound", "Replace"))
    )
    (message,) = receiver.got
    assert message["title"] == "subtitled"
    assert message["type"] == "warning"
    assert "Film.mkv: made en" in message["message"]


def test_no_news_is_no_message(notifier: AppriseNotifier, receiver: Receiver) -> None:
    notifier.notify(notices(JobFinished(FILM, (), "nobody speaks in it")))
    assert receiver.got == []


def test_refused_notification_is_retried_and_the_password_not_logged(
    notifier: AppriseNotifier, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.status = 500
    with pytest.raises(TransientError, match=r"notifiers\.apprise did not take") as refused:
        notifier.notify(notices(JobFinished(FILM, (FILM,), "made en")))
    assert "hunter22" not in caplog.text + str(refused.value)


def test_an_address_that_apprise_does_not_know_is_misconfigured_and_not_shown(
    notifier: AppriseNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert notifier.self_check()[0].ok
    monkeypatch.setenv("APPRISE_URL", "nosuch://hunter22@x")
    with pytest.raises(SetupError, match="none that Apprise knows") as wrong:
        notifier.notify(notices(JobFinished(FILM, (FILM,), "made en")))
    assert "hunter22" not in str(wrong.value)
    assert not notifier.self_check()[0].ok


def test_digest_and_quiet_hours_are_its_rhythm() -> None:
    url = Secret(env="X")
    assert AppriseNotifier.delivery_schedule(AppriseSettings(url=url)) == DeliverySchedule(
        batch_seconds=3600.0
    )
    night = AppriseSettings(url=url, batch_interval=0, quiet_hours="22:00-07:30")
    assert AppriseNotifier.delivery_schedule(night) == DeliverySchedule(
        0.0, (clock(22), clock(7, 30))
    )
    for wrong in ("22", "22:00-25:00", "1-2-3", "07:00-07:00", "night"):
        with pytest.raises(ValidationError, match="22:00-07:00"):
            AppriseSettings(url=url, quiet_hours=wrong)
