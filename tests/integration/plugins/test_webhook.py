"""The webhook notifier, against a real receiver."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from subtitled.plugin import (
    REVIEW_EVENTS,
    ComponentContext,
    InputRejectedError,
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
    event_from_json,
    event_to_json,
)
from subtitled_plugins.webhook import WebhookNotifier, WebhookSettings

SECRET = "a secret between two"
MEDIA = Path(os.fsdecode(b"/films/caf\xe9 \xe2\x80\xae.mkv"))
EVENTS = (
    SubtitlePublished(MEDIA, Path("/films/a.en.srt"), Language("pt-BR"), SubtitleKind.FORCED),
    JobFinished(MEDIA, (MEDIA, Path("/b")), "made fr, en"),
    JobFailed(MEDIA, "why", "cure", retry_at=7.5),
)
REVIEWS = (
    ReviewsWaiting(
        library="films",
        count=12,
        new=3,
        expected_errors=41.5,
        link="https://s/review?library=films",
    ),
    SubtitleApproved(
        media=MEDIA,
        sidecars=(MEDIA, Path("/b")),
        language=Language("pt-BR"),
        kind=SubtitleKind.SDH,
        by="Ben",
    ),
    ReviewReopened(
        media=MEDIA, language=Language("de"), kind=SubtitleKind.FULL, by="Ana", link="https://s/7"
    ),
)


class Receiver(HTTPServer):
    status = 204
    headers: dict[str, str]
    got: list[tuple[dict[str, str], bytes]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        server: Receiver

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((dict(self.headers), body))
            self.send_response(self.server.status)
            for name, value in self.server.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    server = Receiver(("127.0.0.1", 0), Handler)
    server.headers, server.got = {}, []
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)


def webhook(receiver: Receiver, **settings: Any) -> WebhookNotifier:
    url = f"http://user:pass@127.0.0.1:{receiver.server_port}/in/secret-path?key=x"
    known = {"url": url, "secret": Secret(env="HOOK_SECRET")}
    return WebhookNotifier(WebhookSettings(**known | settings), ComponentContext("webhook"))


def test_each_event_arrives_signed_and_whole(receiver: Receiver) -> None:
    webhook(receiver).notify([Notification(n, 1000.0, event) for n, event in enumerate(EVENTS)])
    assert len(receiver.got) == 3
    for number, (headers, body) in enumerate(receiver.got):
        stamp = headers["X-Subtitled-Timestamp"]
        right = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        assert headers["X-Subtitled-Signature"] == f"sha256={right}"
        assert abs(time.time() - int(stamp)) < 60
        payload = json.loads(body)
        assert (payload["id"], payload["at"]) == (f"1000-{number}", 1000.0)
        assert event_from_json(payload) == EVENTS[number]


def test_events_of_reviews_arrive_whole_where_they_are_named(receiver: Receiver) -> None:
    asking = webhook(receiver, events=tuple(REVIEW_EVENTS))
    asking.notify([Notification(n, 1000.0, event) for n, event in enumerate((*EVENTS, *REVIEWS))])
    payloads = [json.loads(body) for _, body in receiver.got]
    assert [payload["event"] for payload in payloads] == ["reviews-waiting", "approved", "reopened"]
    assert tuple(map(event_from_json, payloads)) == REVIEWS
    assert tuple(event_from_json(event_to_json(event)) for event in REVIEWS) == REVIEWS
    settings = asking.settings
    assert set(WebhookNotifier.review_events(settings)) == {type(event) for event in REVIEWS}
    assert not WebhookNotifier.review_events(webhook(receiver).settings)


def test_only_the_events_that_are_wanted_are_sent(receiver: Receiver) -> None:
    wanted = webhook(receiver, events=("failed",))
    wanted.notify([Notification(n, 0.0, event) for n, event in enumerate(EVENTS)])
    assert [json.loads(body)["event"] for _, body in receiver.got] == ["failed"]


@pytest.mark.parametrize(
    ("status", "headers", "problem", "after"),
    [
        (500, {}, TransientError, None),
        (503, {"Retry-After": "90"}, TransientError, 90.0),
        (429, {"Retry-After": "soon"}, TransientError, None),
        (400, {}, InputRejectedError, None),
        (410, {}, InputRejectedError, None),
        (401, {}, SetupError, None),
        (404, {}, SetupError, None),
        (302, {"Location": "http://127.0.0.1:1/"}, SetupError, None),
    ],
)
def test_status_code_decides_the_retry_and_no_secret_is_logged(
    receiver: Receiver,
    status: int,
    headers: dict[str, str],
    problem: type[Exception],
    after: float | None,
) -> None:
    receiver.status, receiver.headers = status, headers
    with pytest.raises(problem) as raised:
        webhook(receiver).notify([Notification(1, 0.0, EVENTS[0])])
    assert getattr(raised.value, "retry_after", None) == after
    assert str(status) in str(raised.value)
    for secret in (SECRET, "pass", "secret-path", "key=x"):
        assert secret not in str(raised.value)


def test_unreachable_receiver_is_transient_and_a_missing_secret_is_reported(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = webhook(receiver, url="http://127.0.0.1:1/x")
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1 does not answer"):
        away.notify([Notification(1, 0.0, EVENTS[0])])
    assert away.self_check()[0].ok
    monkeypatch.delenv("HOOK_SECRET")
    assert not away.self_check()[0].ok
