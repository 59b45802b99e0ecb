"""Webhooks as the senders' sources or documentation define them, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.db.commands import ServerItem
from subtitled.web.webhooks import PARSERS
from subtitled.web.webhooks.payload import InvalidPayloadError, WebhookEvent

SERIES = {
    "id": 7,
    "title": "The Sea",
    "path": "/tv/The Sea",
    "tvdbId": 1234,
    "type": "standard",
    "tags": ["x"],
}
EPISODE_FILE = {
    "id": 9,
    "relativePath": "Season 01/The Sea - S01E02.mkv",
    "path": "/tv/The Sea/Season 01/The Sea - S01E02.mkv",
    "quality": "WEBDL-1080p",
    "qualityVersion": 1,
    "size": 123456,
    "sourcePath": "/downloads/The.Sea.S01E02.mkv",
}
MOVIE = {"id": 1, "title": "Film", "year": 2020, "folderPath": "/movies/Film (2020)"}


def parse_requests(source: str, payload: Any) -> list[tuple[str | None, str]]:
    parse: Any = PARSERS[source]  # type: ignore[index]
    event: WebhookEvent = parse(json.loads(json.dumps(payload)))
    return [(ask.path, ask.kind) for ask in event.requests]


def test_sonarr_imports_look_at_the_file_and_upgrades_at_the_old_one_too() -> None:
    payload = {"eventType": "Download", "series": SERIES, "episodeFile": EPISODE_FILE}
    assert parse_requests("sonarr", payload) == [(EPISODE_FILE["path"], "path-changed")]
    old = {"relativePath": "Season 01/old.mkv", "path": "/tv/The Sea/Season 01/old.mkv"}
    upgrade = payload | {"isUpgrade": True, "deletedFiles": [old | {"recycleBinPath": "/bin/o"}]}
    assert parse_requests("sonarr", upgrade) == [
        (EPISODE_FILE["path"], "path-changed"),
        (old["path"], "path-changed"),
    ]


def test_sonarr_import_of_a_whole_season_is_one_event() -> None:
    """``WebhookImportCompletePayload`` has the event Download too."""
    second = {"path": "/tv/The Sea/Season 01/The Sea - S01E03.mkv"}
    payload = {
        "eventType": "Download",
        "series": SERIES,
        "episodeFiles": [EPISODE_FILE, second],
        "sourcePath": "/downloads/The.Sea.S01",
        "destinationPath": "/tv/The Sea/Season 01",
    }
    assert [path for path, _ in parse_requests("sonarr", payload)] == [
        EPISODE_FILE["path"],
        second["path"],
    ]


def test_a_rename_looks_where_it_was_and_where_it_is() -> None:
    renamed = EPISODE_FILE | {
        "previousRelativePath": "Season 01/x.mkv",
        "previousPath": "/tv/The Sea/Season 01/x.mkv",
    }
    payload = {"eventType": "Rename", "series": SERIES, "renamedEpisodeFiles": [renamed]}
    assert [p for p, _ in parse_requests("sonarr", payload)] == [
        renamed["previousPath"],
        EPISODE_FILE["path"],
    ]
    assert parse_requests("sonarr", {"eventType": "Rename", "series": SERIES}) == [
        (SERIES["path"], "path-changed"),
    ]
    movie = {"previousPath": "/movies/Film (2020)/a.mkv", "path": "/movies/Film (2020)/b.mkv"}
    payload = {"eventType": "Rename", "movie": MOVIE, "renamedMovieFiles": [movie]}
    assert [p for p, _ in parse_requests("radarr", payload)] == list(movie.values())


def test_deletions_look_at_the_file_or_at_the_whole_folder() -> None:
    payload = {
        "eventType": "EpisodeFileDelete",
        "series": SERIES,
        "episodeFile": EPISODE_FILE,
        "deleteReason": "upgrade",
    }
    assert parse_requests("sonarr", payload) == [(EPISODE_FILE["path"], "path-changed")]
    gone = {"eventType": "SeriesDelete", "series": SERIES, "deletedFiles": True}
    assert parse_requests("sonarr", gone) == [(SERIES["path"], "path-changed")]
    gone = {"eventType": "MovieDelete", "movie": MOVIE, "deletedFiles": True}
    assert parse_requests("radarr", gone) == [(MOVIE["folderPath"], "path-changed")]


def test_radarr_of_old_gives_only_the_path_within_the_folder() -> None:
    payload = {
        "eventType": "Download",
        "movie": MOVIE,
        "movieFile": {"relativePath": "Film.mkv"},
        "isUpgrade": False,
    }
    assert parse_requests("radarr", payload) == [("/movies/Film (2020)/Film.mkv", "path-changed")]
    windows = payload | {"movie": {"folderPath": "D:\\Films\\Film (2020)"}}
    assert parse_requests("radarr", windows) == [
        ("D:\\Films\\Film (2020)\\Film.mkv", "path-changed")
    ]


@pytest.mark.parametrize("source", ["sonarr", "radarr"])
@pytest.mark.parametrize("name", ["Test", "Grab", "Health", "ApplicationUpdate", "SeriesAdd"])
def test_a_test_and_what_concerns_no_file_are_well_received(source: str, name: str) -> None:
    payload = {"eventType": name, "series": {"id": 1, "path": "C:\\testpath"}, "episodes": []}
    assert parse_requests(source, payload) == []


RELEASED = {
    "ServerId": "f1a4a3a7c5f94a9f8b5a0d4be6cf3a11",
    "ServerName": "den",
    "ServerVersion": "10.11.2",
    "ServerUrl": "http://nas:8096",
    "NotificationType": "ItemAdded",
    "Timestamp": "2026-05-09T10:00:00",
    "Name": "Up",
    "Overview": "",
    "Tagline": "",
    "ItemId": "0d4b0a7f3c1e4f3bb3d1f5d5a6c7b8e9",
    "ItemType": "Movie",
    "RunTimeTicks": 57600000000,
    "RunTime": "01:36:00",
    "Year": 2009,
    "Provider_tmdb": "14160",
    "Audio_0_Language": "eng",
}
"""What release v21 of Jellyfin's webhook plugin sends with "Send All Properties"."""


def items(source: str, payload: Any) -> list[tuple[ServerItem | None, str]]:
    event = PARSERS[source](json.loads(json.dumps(payload)))  # type: ignore[index]
    return [(request.item, request.kind) for request in event.requests]


def test_jellyfin_s_plugin_as_released_names_an_item_and_no_path() -> None:
    item = ServerItem("jellyfin", RELEASED["ServerId"], RELEASED["ItemId"])  # type: ignore[arg-type]
    assert items("jellyfin", RELEASED) == [(item, "item-changed")]
    deleted = RELEASED | {"NotificationType": "ItemDeleted"}
    assert items("jellyfin", deleted) == [(item, "item-changed")]
    playing = RELEASED | {"NotificationType": "PlaybackStart", "PlaybackPositionTicks": 0}
    assert items("jellyfin", playing) == [(item, "item-played")]
    assert items("jellyfin", RELEASED | {"NotificationType": "PlaybackProgress"}) == []
    assert items("jellyfin", RELEASED | {"ItemId": "x" * 5000}) == []


def test_a_path_in_a_template_of_the_user_needs_no_question() -> None:
    item = RELEASED | {"Path": "/media/Film's best.mkv"}
    assert parse_requests("jellyfin", item) == [(item["Path"], "path-changed")]
    playing = item | {"NotificationType": "PlaybackStart"}
    assert parse_requests("jellyfin", playing) == [(item["Path"], "playback-started")]
    assert items("jellyfin", item) == [(None, "path-changed")]


@pytest.mark.parametrize(
    ("sender", "payload"),
    [
        ("jellyfin", {"NotificationType": "ItemAdded", "Name": "Up"}),
        ("jellyfin", {"NotificationType": "ItemDeleted", "ItemId": "  "}),
        ("emby", {"Event": "library.new", "Title": "New: Up"}),
        ("plex", {"event": "library.new", "Server": {"uuid": "u"}, "Metadata": {"title": "Up"}}),
    ],
)
def test_an_item_that_is_not_named_leads_to_a_scan(sender: str, payload: object) -> None:
    assert items(sender, payload) == [(None, "scan")]


def test_playback_of_what_has_no_id_either_asks_what_is_played() -> None:
    assert items("jellyfin", {"NotificationType": "PlaybackStart"}) == [(None, "playback-started")]
    assert items("plex", {"event": "media.play"}) == [(None, "playback-started")]


def test_emby_webhook_has_event_and_item() -> None:
    payload: dict[str, Any] = {
        "Title": "x is playing Film",
        "Date": "2026-01-01T00:00:00.0000000Z",
        "Event": "playback.start",
        "User": {"Name": "x", "Id": "e6"},
        "Item": {"Name": "Film", "Path": "/media/Film.mkv", "Type": "Movie"},
        "Server": {"Name": "s", "Id": "1", "Version": "4.9.0.0"},
    }
    assert parse_requests("emby", payload) == [("/media/Film.mkv", "playback-started")]
    assert parse_requests("emby", payload | {"Event": "library.new"}) == [
        ("/media/Film.mkv", "path-changed")
    ]
    del payload["Item"]["Path"]
    payload["Item"]["Id"] = "417"
    assert items("emby", payload) == [(ServerItem("emby", "1", "417"), "item-played")]
    assert parse_requests("emby", {"Event": "system.notificationtest"}) == []


def test_plex_webhook_reports_playback_and_seldom_the_file() -> None:
    payload: dict[str, Any] = {
        "event": "media.play",
        "user": True,
        "owner": True,
        "Account": {"id": 1, "title": "elan"},
        "Server": {"title": "Office", "uuid": "54664a3d8acc39983675640ec9ce00b70af9cc36"},
        "Player": {"local": True, "title": "Plex Web", "uuid": "r6"},
        "Metadata": {"librarySectionType": "movie", "ratingKey": "1936545", "type": "movie"},
    }
    item = ServerItem("plex", payload["Server"]["uuid"], "1936545")
    assert items("plex", payload) == [(item, "item-played")]
    assert items("plex", payload | {"event": "library.new"}) == [(item, "item-changed")]
    payload["Metadata"]["Media"] = [{"Part": [{"file": "/data/a.mkv"}, {"file": "/data/b.mkv"}]}]
    assert parse_requests("plex", payload) == [
        ("/data/a.mkv", "playback-started"),
        ("/data/b.mkv", "playback-started"),
    ]
    assert parse_requests("plex", payload | {"event": "media.stop"}) == []
    assert [k for _, k in parse_requests("plex", payload | {"event": "library.new"})] == [
        "path-changed",
        "path-changed",
    ]


def test_tautulli_webhook_of_the_guide_is_understood() -> None:
    assert parse_requests("tautulli", {"action": "play", "file": "/f/a.mkv"}) == [
        ("/f/a.mkv", "playback-started")
    ]
    assert parse_requests("tautulli", {"action": "created", "file": "/f/a.mkv"}) == [
        ("/f/a.mkv", "path-changed")
    ]
    assert parse_requests("tautulli", {"action": "created", "file": ""}) == []
    assert parse_requests("tautulli", {"action": "stop", "file": "/f/a.mkv"}) == []


def test_anybody_may_name_paths_and_how_urgent_they_are() -> None:
    assert parse_requests("generic", {"path": "/f/a.mkv"}) == [("/f/a.mkv", "path-changed")]
    both = {"paths": ["/f/a.mkv", "/f/b.mkv", "/f/a.mkv"], "priority": "urgent"}
    assert parse_requests("generic", both) == [
        ("/f/a.mkv", "prioritise"),
        ("/f/b.mkv", "prioritise"),
    ]
    assert parse_requests("generic", {"path": "/f", "priority": "playing"}) == [
        ("/f", "playback-started")
    ]


@pytest.mark.parametrize(
    "payload",
    [{}, [], 5, {"paths": []}, {"paths": [5]}, {"path": "  "}, {"path": "/a", "priority": "now"}],
)
def test_what_is_no_such_payload_is_refused_with_what_it_needs(payload: Any) -> None:
    with pytest.raises(InvalidPayloadError, match=r"needs|priority"):
        parse_requests("generic", payload)


_WORDS = st.sampled_from(
    "eventType Download Rename EpisodeFileDelete SeriesDelete series movie path folderPath "
    "episodeFile movieFile relativePath deletedFiles renamedEpisodeFiles previousPath isUpgrade "
    "NotificationType ItemAdded PlaybackStart Path Event library.new playback.start Item event "
    "media.play Metadata Media Part file action play created paths priority first".split()
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_WORDS | st.text(max_size=8), inner, max_size=8)
    ),
    max_leaves=25,
)


@given(st.sampled_from(sorted(PARSERS)), _JSON)
def test_any_json_at_all_is_understood_or_not_and_nothing_else(source: str, payload: Any) -> None:
    parse: Any = PARSERS[source]  # type: ignore[index]
    try:
        event = parse(payload)
    except InvalidPayloadError:
        return
    for request in event.requests:
        assert request.path is None or (isinstance(request.path, str) and request.path)
        assert request.kind in (
            "path-changed",
            "playback-started",
            "prioritise",
            "prioritise-watching",
        )
