"""Media servers that answer what they would not: every field is typed, bounded, or ignored."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from subtitled.plugin import (
    ComponentContext,
    Language,
    Sidecar,
    SidecarChange,
    SubtitledError,
    SubtitleKind,
)
from subtitled_plugins.emby import Emby
from subtitled_plugins.jellyfin import Jellyfin
from subtitled_plugins.kodi import Kodi
from subtitled_plugins.plex import Plex

FILM = Path("/films/Up.mkv")
SIDECAR = Sidecar(FILM.with_suffix(".en.srt"), Language("en"), SubtitleKind.FULL)
CHANGE = SidecarChange(FILM, (SIDECAR,), ())
VALUES: Sequence[Any] = (
    None, True, 7, -1, 1e999, 10**400, "", "x" * 100_000, "\ud800", "/films/\ud800.mkv", "/a\0b",
    [], [[]], ["x"], [None, 7, {"Id": []}], {}, {"a": {"b": []}}, "2009", 2009.5,
)  # fmt: skip


def _jellyfin(value: Any) -> Any:
    item = {
        "Id": value, "Path": value, "Name": value, "OriginalTitle": value, "SeriesName": value,
        "ProductionYear": value, "People": [value, {"Name": value, "Role": value, "Type": value}],
        "MediaStreams": [value, {"Type": "Subtitle", "IsExternal": True, "Language": value,
                                 "Path": value, "IsForced": value, "Title": value}],
    }  # fmt: skip
    good = item | {"Path": str(FILM), "MediaStreams": value, "People": value}
    return {"Items": [value, item, good], "Version": value, "NowPlayingItem": item, "Id": value}


def _plex(value: Any) -> Any:
    part = {"file": value, "Stream": [value, {"streamType": 3, "key": value, "languageTag": value}]}
    item = {
        "ratingKey": value, "Media": [value, {"Part": [value, part, {"file": str(FILM)}]}],
        "title": value, "year": value, "Role": [value, {"tag": value, "role": value}],
        "Location": [value, {"path": value}, {"path": "/films"}], "key": value, "type": "movie",
    }  # fmt: skip
    return {
        "MediaContainer": {"Metadata": [value, item], "version": value, "machineIdentifier": value,
                           "Directory": [value, item, item | {"key": "1"}]}
    }  # fmt: skip


def _kodi(value: Any) -> Any:
    item = {"file": str(FILM), "title": value, "cast": [value, {"name": value, "role": value}]}
    return {
        "result": {
            "files": [value, {"file": value}], "movies": [value, item], "episodes": value,
            "subtitles": [value, {"name": value, "language": value}], "item": {"file": value},
            "version": value,
        }
    }  # fmt: skip


SERVERS: list[tuple[type[Any], dict[str, Any], Callable[[Any], Any]]] = [
    (Jellyfin, {"url": "http://nas", "api_key": {"env": "LIAR_KEY"}}, _jellyfin),
    (Emby, {"url": "http://nas", "api_key": {"env": "LIAR_KEY"}}, _jellyfin),
    (Plex, {"url": "http://nas", "token": {"env": "LIAR_KEY"}}, _plex),
    (Kodi, {"url": "http://nas"}, _kodi),
]


def _create(cls: type[Any], options: dict[str, Any], answer: bytes) -> Any:
    server = cls(cls.Settings.model_validate(options), ComponentContext("liar"))
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=answer))
    server._client = httpx.Client(transport=transport)
    return server


def _ask_everything(server: Any) -> list[Any]:
    """Call every method. Errors of ours are answers as well; any other is a fault."""
    calls: list[Callable[[], Any]] = [
        server.now_playing, server.sample_paths, server.self_check, server.server_id,
        lambda: server.check_indexed(CHANGE), lambda: server.metadata(FILM),
        lambda: server.refresh([CHANGE], 0), lambda: server.refresh([CHANGE], 1),
        lambda: server.item_paths("7"), lambda: server.item_paths("a" * 32),
    ]  # fmt: skip
    results = []
    for call in calls:
        try:
            results.append(call())
        except SubtitledError as error:
            results.append(error)
    return results


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIAR_KEY", "a1b2c3d4e5f6")


@pytest.mark.parametrize(
    ("cls", "options", "template"),
    SERVERS,
    ids=lambda value: getattr(value, "__name__", str(value)[:40]),
)
def test_a_field_of_any_type_is_read_or_ignored(
    cls: type[Any], options: dict[str, Any], template: Callable[[Any], Any]
) -> None:
    for value in VALUES:
        for payload in (template(value), value, [template(value)]):
            answer = json.dumps(payload).encode()
            for result in _ask_everything(_create(cls, options, answer)):
                for path in result if isinstance(result, list | tuple) else ():
                    str(path).encode()  # can be logged and stored
                if hasattr(result, "year"):
                    assert result.year is None or 1870 <= result.year <= 2200
                    assert all(isinstance(name, str) and name for name in result.cast)


@pytest.mark.parametrize(
    ("cls", "options", "template"),
    SERVERS,
    ids=lambda value: getattr(value, "__name__", str(value)[:40]),
)
@pytest.mark.parametrize("answer", [b"[" * 100_000, b'{"a":' * 50_000, b"\xff", b"", b"<html>"])
def test_an_answer_that_is_no_json_is_an_error_of_ours(
    cls: type[Any], options: dict[str, Any], template: Callable[[Any], Any], answer: bytes
) -> None:
    assert len(_ask_everything(_create(cls, options, answer))) == 10


def test_half_of_a_surrogate_pair_in_a_path_hides_that_file_only_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sessions = [
        {"NowPlayingItem": {"Path": "/films/\ud800.mkv"}},
        {"NowPlayingItem": {"Path": "/films/Up.mkv"}},
        {"NowPlayingItem": {"Path": ["/films"]}},
    ]
    server = _create(SERVERS[0][0], SERVERS[0][1], json.dumps(sessions).encode())
    with caplog.at_level(logging.WARNING):
        assert list(server.now_playing()) == [FILM]
        assert list(server.now_playing()) == [FILM]
    assert len(caplog.records) == 1
