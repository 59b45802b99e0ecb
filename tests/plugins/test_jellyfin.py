"""Jellyfin is told about exactly what changed, and what it refuses is said with its cure."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Context, Misconfigured, Problem, Temporary
from subtitled_plugins.jellyfin import Jellyfin, JellyfinSettings, ours, theirs

KEY = "0123456789abcdef0123456789abcdef"


@dataclass
class Server:
    """Refuses what the real one refuses; ``updates`` are the bodies that it took."""

    port: int = 0
    updates: list[list[dict[str, str]]] = field(default_factory=list)
    sessions: object = field(default_factory=list)
    fault: int | None = None
    location: str = ""
    page: bytes | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            answers: dict[str, Any] = {
                "/System/Info": {"Version": "10.11.2", "ServerName": "den"},
                "/Sessions": server.sessions,
            }
            if self.allowed():
                known = self.path in answers
                self.reply(200 if known else 404, answers.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not self.allowed():
                return None
            if self.path != "/Library/Media/Updated":
                return self.reply(404)
            if self.headers.get_content_type() != "application/json":
                return self.reply(415)
            try:
                updates = json.loads(body)["Updates"]
                kinds = {update["UpdateType"] for update in updates}
                right = all(isinstance(update["Path"], str) for update in updates)
            except (ValueError, KeyError, TypeError):
                return self.reply(400)
            if not right or not kinds <= {"Created", "Modified", "Deleted"}:
                return self.reply(400)
            server.updates.append(updates)
            return self.reply(204)

        def allowed(self) -> bool:
            if server.page is not None or server.fault is not None:
                self.reply(server.fault or 200)
                return False
            if self.headers.get("Authorization") != f'MediaBrowser Token="{KEY}"':
                self.reply(401)
                return False
            return True

        def reply(self, status: int, said: object = None) -> None:
            data = b"" if said is None else json.dumps(said).encode()
            data = server.page if server.page is not None else data
            self.send_response(status)
            if server.location:
                self.send_header("Location", server.location)
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler(server))
    server.port = listening.server_address[1]
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield server
    listening.shutdown()


@pytest.fixture
def jellyfin(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Jellyfin]:
    monkeypatch.setenv("JELLYFIN_KEY", KEY)

    def make(**settings: object) -> Jellyfin:
        asked = {"url": server.url, "api_key": {"env": "JELLYFIN_KEY"}} | settings
        return Jellyfin(JellyfinSettings.model_validate(asked), Context("den"))

    return make


FILM = Path("/media/films/Film [2020].mkv")
SIDECARS = [Path("/media/films/Film [2020].es.srt")]

Make = Callable[..., Jellyfin]


def test_exactly_the_changed_medium_is_told(server: Server, jellyfin: Make) -> None:
    jellyfin().changed(FILM, SIDECARS)
    assert server.updates == [[{"Path": str(FILM), "UpdateType": "Modified"}]]


def test_the_path_is_told_as_the_server_sees_it(server: Server, jellyfin: Make) -> None:
    jellyfin(url=f"{server.url}/", path_map=[["/media", r"\\nas\share"]]).changed(FILM, SIDECARS)
    assert server.updates[0][0]["Path"] == r"\\nas\share\films\Film [2020].mkv"


def test_a_name_that_is_no_utf8_is_told_as_the_server_reads_it(
    server: Server, jellyfin: Make
) -> None:
    jellyfin().changed(Path(os.fsdecode(b"/media/caf\xe9.mkv")), [])
    assert server.updates[0][0]["Path"] == "/media/caf\ufffd.mkv"


@pytest.mark.parametrize("key", ["00000000", 'quo"te', "new\nline", "schlüssel"])
def test_a_wrong_key_is_named_by_its_place_and_never_shown(
    server: Server, jellyfin: Make, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("JELLYFIN_KEY", key)
    with pytest.raises(Misconfigured) as caught:
        jellyfin().changed(FILM, SIDECARS)
    assert "servers.den.api_key" in str(caught.value)
    assert key not in str(caught.value)
    assert not server.updates


def test_a_key_that_is_not_set_is_named(jellyfin: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JELLYFIN_KEY")
    with pytest.raises(Misconfigured, match="JELLYFIN_KEY is not set"):
        jellyfin().changed(FILM, SIDECARS)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, Misconfigured) for status in (400, 403, 404)),
        *((status, Temporary) for status in (429, 500, 503)),
    ],
)
def test_each_refusal_is_what_it_is(
    server: Server, jellyfin: Make, status: int, kind: type[Problem]
) -> None:
    server.fault = status
    with pytest.raises(kind) as caught:
        jellyfin().changed(FILM, SIDECARS)
    assert str(status) in caught.value.what
    assert caught.value.cure


def test_a_server_that_is_away_is_tried_later(server: Server, jellyfin: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Temporary, match="does not answer"):
            jellyfin(url=url).changed(FILM, SIDECARS)


def test_a_server_that_takes_the_call_and_says_nothing_is_given_up(jellyfin: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Temporary, match="does not answer"):
            jellyfin(url=url, timeout=0.3).changed(FILM, SIDECARS)


def test_a_redirection_is_no_success(server: Server, jellyfin: Make) -> None:
    server.fault, server.location = 301, "https://elsewhere.example/"
    with pytest.raises(Misconfigured, match=r"elsewhere\.example.*servers\.den\.url"):
        jellyfin().changed(FILM, SIDECARS)


@pytest.mark.parametrize("page", [b"<html>router</html>", b'"hello"', b"null"])
def test_what_is_no_jellyfin_is_found_out(server: Server, jellyfin: Make, page: bytes) -> None:
    server.page = page
    (finding,) = jellyfin().check()
    assert not finding.ok
    with pytest.raises(Misconfigured, match="not answer as Jellyfin"):
        jellyfin().playing()


def test_an_address_without_a_host_is_a_mistake(jellyfin: Make) -> None:
    with pytest.raises(Misconfigured, match="no address"):
        jellyfin(url="http://").changed(FILM, SIDECARS)


def test_the_check_says_that_all_is_well(jellyfin: Make) -> None:
    (finding,) = jellyfin().check()
    assert finding.ok
    assert "10.11.2" in finding.detail


def test_the_check_says_what_is_wrong_and_its_cure(
    jellyfin: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JELLYFIN_KEY", "wrong")
    (finding,) = jellyfin().check()
    assert not finding.ok
    assert "api_key" in finding.cure
    assert "wrong" not in f"{finding.detail} {finding.cure}"


def test_what_is_watched_is_given_as_paths_of_this_machine(server: Server, jellyfin: Make) -> None:
    server.sessions = [
        {"UserName": "a"},
        {"NowPlayingItem": None},
        {"NowPlayingItem": {"Name": "live"}},
        {"NowPlayingItem": {"Path": "/data/films/A.mkv"}},
        {"NowPlayingItem": {"Path": "/database/B.mkv"}},
    ]
    watched = jellyfin(path_map=[["/media", "/data"]]).playing()
    assert watched == [Path("/media/films/A.mkv"), Path("/database/B.mkv")]


@pytest.mark.parametrize(
    ("mine", "other", "path", "seen"),
    [
        ("/media", "/data", "/media/a.mkv", "/data/a.mkv"),
        ("/media/", "/data/", "/media/a.mkv", "/data/a.mkv"),
        ("/media", "/data", "/media2/a.mkv", "/media2/a.mkv"),
        ("/", "/data", "/media/a.mkv", "/data/media/a.mkv"),
        ("/media", "D:\\", "/media/x/a.mkv", "D:\\x\\a.mkv"),
        ("/media", "D:/Films", "/media/x/a.mkv", "D:\\Films\\x\\a.mkv"),
        ("/media", "\\\\nas\\share", "/media/x/a.mkv", "\\\\nas\\share\\x\\a.mkv"),
    ],
)
def test_folders_are_mapped_by_whole_names(mine: str, other: str, path: str, seen: str) -> None:
    assert theirs(Path(path), [(mine, other)]) == seen
    assert ours(seen, [(mine, other)]) == Path(path)


NAMES = st.text(
    st.characters(exclude_characters="/\\:\0", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name.strip(". ") == name)


@given(st.lists(NAMES, min_size=1, max_size=4), st.sampled_from(["/data", "D:\\x", "\\\\n\\s"]))
def test_there_and_back_is_the_same_path(names: list[str], other: str) -> None:
    path = Path("/media", *names)
    pairs = [("/media", other)]
    assert ours(theirs(path, pairs), pairs) == path
