import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from subtitled_ntfy import Ntfy, NtfySettings, write_message

from subtitled.plugin import (
    ComponentContext,
    JobFailed,
    Language,
    Notification,
    SubtitleKind,
    SubtitlePublished,
    TransientError,
)
from subtitled.plugin.testing import NotifierSuite, serving

FILM = Path("/films/Moby Dick.mkv")
FAILED = JobFailed(FILM, "the key is wrong", "Write the right one")
PUBLISHED = SubtitlePublished(FILM, FILM.with_suffix(".fr.srt"), Language("fr"), SubtitleKind.FULL)


@pytest.fixture(scope="class")
def fake():
    """Run a fake of ntfy. It takes a message at its root only, and records it."""
    messages, state = [], {"status": 200}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            messages.append(message)
            right = self.path == "/" and message.get("topic")
            right = right and message.get("priority", 3) in range(1, 6)
            self.send_response(state["status"] if right else 400)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as port:
        state["url"], state["messages"] = f"http://127.0.0.1:{port}", messages
        yield state


@pytest.fixture(scope="class")
def plugin_settings(fake):
    return {"url": fake["url"], "topic": "films", "events": ["published", "failed"]}


class TestNtfy(NotifierSuite):
    plugin = "ntfy"


def test_a_job_that_waits_for_the_user_is_told(fake, plugin_settings):
    ntfy = Ntfy(NtfySettings.model_validate(plugin_settings), ComponentContext("ntfy"))
    ntfy.notify([Notification(1, 0.0, FAILED)])
    message = fake["messages"][-1]
    assert message["title"] == "No subtitle: Moby Dick.mkv"
    assert message["message"] == "the key is wrong. Write the right one"


def test_too_many_requests_are_repeated(fake, plugin_settings):
    ntfy = Ntfy(NtfySettings.model_validate(plugin_settings), ComponentContext("ntfy"))
    fake["status"] = 429
    with pytest.raises(TransientError):
        ntfy.notify([Notification(1, 0.0, FAILED)])
    fake["status"] = 200


@pytest.mark.parametrize(
    ("event", "events", "is_told"),
    [
        (PUBLISHED, ("failed",), False),
        (PUBLISHED, ("published",), True),
        (FAILED, ("published",), False),
        (JobFailed(FILM, "busy", "", 100.0), ("failed",), False),
    ],
)
def test_only_what_is_wanted_is_told(event, events, is_told):
    assert (write_message(event, events) is not None) == is_told
