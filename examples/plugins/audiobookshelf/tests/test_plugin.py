import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from subtitled_audiobookshelf import Audiobookshelf, AudiobookshelfSettings

from subtitled.plugin import (
    ComponentContext,
    Language,
    SetupError,
    Sidecar,
    SidecarChange,
)
from subtitled.plugin.testing import MediaServerSuite, serving

KEY = "an-admin"
LIBRARIES = [{"id": "lib_1", "folders": [{"fullPath": "/films"}, {"fullPath": "/talks"}]}]


class FakeAudiobookshelf:
    """What ``server/routers/ApiRouter.js`` and the controllers behind it answer."""

    def __init__(self):
        self.url, self.files, self.told = "", set(), []

    def answer(self, method, path, body):
        if (method, path) == ("GET", "/api/libraries"):
            return {"libraries": LIBRARIES}
        if (method, path) == ("POST", "/api/watcher/update"):
            if not all(body.get(name) for name in ("libraryId", "path", "type")):
                return 400
            self.told.append((body["type"], body["path"]))
            (self.files.add if body["type"] == "add" else self.files.discard)(body["path"])
            return "OK"
        if path.startswith("/api/libraries/lib_1/items?"):
            return {"results": [{"id": "li_1", "path": "/talks/Sea"}], "total": 1}
        if path.startswith("/api/items/li_1?"):
            return {"libraryFiles": [{"metadata": {"path": path}} for path in self.files]}
        return 404


@pytest.fixture(scope="class")
def fake():
    """Run the fake."""
    fake = FakeAudiobookshelf()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = fake.answer(self.command, self.path, json.loads(data) if data else {})
            if self.headers["Authorization"] != f"Bearer {KEY}":
                answer = 401
            self.send_response(answer if isinstance(answer, int) else 200)
            body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - http.server calls it so

    with serving(Handler) as port:
        fake.url = f"http://127.0.0.1:{port}"
        yield fake


@pytest.fixture(scope="class")
def key(tmp_path_factory):
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_text(KEY)
    file.chmod(0o600)
    return file


@pytest.fixture(scope="class")
def plugin_settings(fake, key):
    return {"url": fake.url, "api_key": {"file": str(key)}}


class TestAudiobookshelf(MediaServerSuite):
    plugin = "audiobookshelf"


@pytest.fixture
def server(plugin_settings):
    settings = AudiobookshelfSettings.model_validate(plugin_settings)
    return Audiobookshelf(settings, ComponentContext("audiobookshelf"))


def change(name="Sea.en.vtt"):
    sidecar = Sidecar(Path("/talks/Sea") / name, Language("en"))
    return SidecarChange(Path("/talks/Sea/Sea.mp3"), added=(sidecar,))


def test_a_new_subtitle_is_told_and_then_listed(server, fake):
    assert not server.check_indexed(change()).is_complete
    server.refresh([change(), change("Sea.fr.vtt")], 0)
    assert fake.told == [("add", "/talks/Sea/Sea.en.vtt"), ("add", "/talks/Sea/Sea.fr.vtt")]
    assert server.check_indexed(change()).is_complete


def test_a_file_of_no_library_is_left_alone(server, fake):
    elsewhere = SidecarChange(
        Path("/music/a.mp3"), added=(Sidecar(Path("/music/a.srt"), Language("en")),)
    )
    told = len(fake.told)
    server.refresh([elsewhere], 0)
    assert server.check_indexed(elsewhere).is_complete
    assert len(fake.told) == told


def test_a_wrong_key_is_told_with_its_cure(server, key):
    key.write_text("nobody")
    with pytest.raises(SetupError, match="key") as caught:
        server.refresh([change()], 0)
    assert "admin" in caught.value.hint
