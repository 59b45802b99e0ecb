"""Jellyfin, against a stand-in that refuses what the real one refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from subtitled.plugin import Context, Misconfigured, Temporary
from subtitled_plugins.jellyfin import Jellyfin, JellyfinSettings, ours, theirs

KEY = "0123456789abcdef"


class StandIn(BaseHTTPRequestHandler):
    """The three calls that we use, as Jellyfin 10.11's OpenAPI description has them."""

    updates: ClassVar[list[Any]] = []

    def do_GET(self) -> None:
        if self._allowed():
            answers = {
                "/System/Info": {"Version": "10.11.0"},
                "/Sessions": [{"NowPlayingItem": {"Path": "/media/a.mkv"}}, {}],
            }
            self._answer(200 if self.path in answers else 404, answers.get(self.path))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self._allowed():
            return
        if self.path != "/Library/Media/Updated":
            self._answer(404, None)
            return
        said = json.loads(body)
        good = self.headers["Content-Type"] == "application/json" and all(
            set(update) == {"Path", "UpdateType"} for update in said["Updates"]
        )
        if good:
            self.updates.extend(said["Updates"])
        self._answer(204 if good else 400, None)

    def _allowed(self) -> bool:
        right = self.headers.get("Authorization") == f'MediaBrowser Token="{KEY}"'
        if not right:
            self._answer(401, None)
        return right

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    StandIn.updates.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _server(url: str, monkeypatch: pytest.MonkeyPatch, key: str = KEY) -> Jellyfin:
    monkeypatch.setenv("JELLYFIN_TEST_KEY", key)
    settings = JellyfinSettings.model_validate(
        {"url": url, "api_key": {"env": "JELLYFIN_TEST_KEY"}, "path_map": [["/srv", "/media"]]}
    )
    return Jellyfin(settings, Context("jellyfin"))


def test_exactly_the_changed_file_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _server(url, monkeypatch).changed(Path("/srv/a.mkv"), [Path("/srv/a.en.srt")])
    assert StandIn.updates == [{"Path": "/media/a.mkv", "UpdateType": "Modified"}]


def test_a_wrong_key_is_said_with_its_cure_and_never_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = _server(url, monkeypatch, "wrong-key")
    with pytest.raises(Misconfigured, match="refuses the key") as caught:
        server.changed(Path("/srv/a.mkv"), [])
    assert "wrong-key" not in str(caught.value)
    (finding,) = server.check()
    assert not finding.ok
    assert "API Keys" in finding.cure


def test_a_server_that_is_away_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Temporary, match="does not answer"):
        _server("http://127.0.0.1:9", monkeypatch).changed(Path("/srv/a.mkv"), [])


def test_the_check_and_who_watches_what(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = _server(url, monkeypatch)
    assert server.check()[0].ok
    assert server.playing() == [Path("/srv/a.mkv")]


@pytest.mark.parametrize(
    ("pair", "mine", "other"),
    [
        (("/srv/media", "/media"), "/srv/media/a/b.mkv", "/media/a/b.mkv"),
        (("/srv/media", r"\\nas\films"), "/srv/media/a/b.mkv", r"\\nas\films\a\b.mkv"),
        (("/srv/media", "D:\\films"), "/srv/media/b.mkv", "D:\\films\\b.mkv"),
        (("/srv/media", "/media"), "/srv/media2/b.mkv", "/srv/media2/b.mkv"),
    ],
)
def test_paths_are_mapped_by_component_both_ways(
    pair: tuple[str, str], mine: str, other: str
) -> None:
    assert theirs(Path(mine), [pair]) == other
    assert ours(other, [pair]) == Path(mine)
