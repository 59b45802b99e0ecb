"""What all media server plugins do, against fake servers."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from subtitled.plugin import MediaServer, SetupError, SidecarChange, SubtitledError, TransientError
from subtitled.plugin.testing import DescribedServer, Subtitle, listening
from support.media_servers import ALL, FILM, FORCED, MAP, SDH, SPANISH, THERE, WRITTEN, ServerPlugin


@pytest.fixture(params=ALL)
def server_plugin(request: pytest.FixtureRequest) -> ServerPlugin:
    return ALL[request.param]


@pytest.fixture
def server(
    server_plugin: ServerPlugin, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DescribedServer]:
    server = server_plugin.fake()
    monkeypatch.setenv("SERVER_KEY", server.key)
    with listening(server):
        yield server
    assert not server.violations


@pytest.fixture
def plugin(server_plugin: ServerPlugin, server: DescribedServer) -> MediaServer:
    return server_plugin.make(server)


BESIDE = (
    Subtitle(THERE.replace(".mkv", ".es.srt"), "es"),
    Subtitle(THERE.replace(".mkv", ".en.forced.srt"), "en", forced=True),
    Subtitle(THERE.replace(".mkv", ".en.sdh.srt"), "en", sdh=True),
)
ALL_WRITTEN = SidecarChange(FILM, added=(SPANISH, FORCED, SDH))


@pytest.mark.parametrize("method", [0, 1])
def test_delivered_sidecar_is_listed_with_language_and_flags(
    server: DescribedServer, plugin: MediaServer, method: int
) -> None:
    server.film(THERE, *BESIDE)
    before = plugin.check_indexed(ALL_WRITTEN)
    assert before.is_complete is False
    assert "es.srt is not listed" in before.detail
    plugin.refresh([ALL_WRITTEN], method)
    assert plugin.check_indexed(ALL_WRITTEN).is_complete is True


def test_only_the_film_that_changed_is_looked_at(
    server: DescribedServer, plugin: MediaServer
) -> None:
    film = server.film(THERE, *BESIDE)
    others = [server.film(f"/data/films/Other {n}/Other {n}.mkv", *BESIDE) for n in range(3)]
    for method in range(len(plugin.refresh_strategies)):
        plugin.refresh([WRITTEN], method)
    assert film.looks_at is not None
    assert [other.looks_at for other in others] == [None] * 3


def test_a_film_that_the_server_does_not_know_is_not_listed_and_harms_no_other(
    server: DescribedServer, plugin: MediaServer
) -> None:
    film = server.film(THERE, *BESIDE)
    unknown = SidecarChange(FILM.with_name("unknown.mkv"), added=WRITTEN.added)
    plugin.refresh([unknown, WRITTEN], 1)
    assert film.looks_at is not None
    status = plugin.check_indexed(unknown)
    assert status.is_complete is False
    assert "/data/films/Film [2020]/unknown.mkv" in status.detail
    assert "doctor" in status.detail


@pytest.mark.parametrize(
    ("as_listed", "answer"),
    [
        (Subtitle(BESIDE[0].path, ""), "no language"),
        (Subtitle(BESIDE[0].path, "en"), "listed as en"),
        (Subtitle(BESIDE[0].path, "es", forced=True), "forced"),
    ],
)
def test_what_is_listed_wrongly_is_not_listed(
    server_plugin: ServerPlugin,
    server: DescribedServer,
    plugin: MediaServer,
    as_listed: Subtitle,
    answer: str,
) -> None:
    server.film(THERE, as_listed)
    plugin.refresh([WRITTEN], 0)
    listing = plugin.check_indexed(WRITTEN)
    assert listing.is_complete is False
    if (
        server_plugin is not ALL["plex"]
    ):  # which names no files, so that a wrong one is a missing one
        assert answer in listing.detail


def test_removed_sidecar_is_confirmed_once_it_is_no_longer_listed(
    server: DescribedServer, plugin: MediaServer
) -> None:
    film = server.film(THERE)
    film.listed = list(BESIDE[:1])
    gone = SidecarChange(FILM, removed=(SPANISH,))
    assert plugin.check_indexed(gone).is_complete is False
    plugin.refresh([gone], 0)
    assert plugin.check_indexed(gone).is_complete is True


def test_a_format_that_it_never_lists_cannot_be_confirmed(
    server: DescribedServer, plugin: MediaServer
) -> None:
    server.film(THERE)
    words = SPANISH.path.with_suffix(".ttml")
    change = SidecarChange(FILM, added=(type(SPANISH)(words, SPANISH.language),))
    assert plugin.check_indexed(change).is_complete is None


def test_metadata_of_a_media_file_is_read(server: DescribedServer, plugin: MediaServer) -> None:
    server.film(THERE)
    title = plugin.metadata(FILM)
    assert title is not None
    assert (title.title, title.year) == ("A Film", 2020)
    assert title.original_title == "El espíritu de la colmena"
    assert title.cast[0] == "Ana Torrent"
    assert title.characters == ("Ana",)
    assert plugin.metadata(FILM.with_name("unknown.mkv")) is None


def test_sample_paths_are_given_to_the_doctor(server: DescribedServer, plugin: MediaServer) -> None:
    server.film(THERE)
    assert list(plugin.sample_paths()) == [THERE]
    assert plugin.to_local(THERE) == FILM
    assert plugin.to_server(FILM) == THERE


@pytest.mark.parametrize("key", ["00000000", 'quo"te', "new\nline", "schlüssel"])
def test_a_wrong_key_is_named_by_its_place_and_never_shown(
    server: DescribedServer, plugin: MediaServer, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("SERVER_KEY", key)
    with pytest.raises(SetupError) as caught:
        plugin.refresh([WRITTEN], 0)
    assert "servers.den." in str(caught.value)
    assert key not in str(caught.value)
    (finding,) = plugin.self_check()
    assert not finding.ok
    assert key not in f"{finding.detail} {finding.hint}"
    assert not server.asked


def test_a_key_that_is_not_set_is_named(
    plugin: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SERVER_KEY")
    with pytest.raises(SetupError, match="SERVER_KEY is not set"):
        plugin.refresh([WRITTEN], 0)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, SetupError) for status in (400, 403, 404)),
        *((status, TransientError) for status in (429, 500, 503)),
    ],
)
def test_each_refusal_is_what_it_is(
    server: DescribedServer, plugin: MediaServer, status: int, kind: type[SubtitledError]
) -> None:
    server.fault = status
    with pytest.raises(kind) as caught:
        plugin.refresh([WRITTEN], 0)
    assert str(status) in caught.value.message
    assert caught.value.hint


def test_a_server_that_is_away_is_tried_later(
    server_plugin: ServerPlugin, server: DescribedServer
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(TransientError, match="does not answer"):
            server_plugin.make(server, url=url).refresh([WRITTEN], 0)


def test_silent_server_times_out(server_plugin: ServerPlugin, server: DescribedServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(TransientError, match="does not answer"):
            server_plugin.make(server, url=url, timeout=0.3).refresh([WRITTEN], 0)


def test_a_redirection_is_no_success(server: DescribedServer, plugin: MediaServer) -> None:
    server.fault, server.location = 301, "https://elsewhere.example/"
    with pytest.raises(SetupError, match=r"elsewhere\.example.*servers\.den\.url"):
        plugin.refresh([WRITTEN], 0)


@pytest.mark.parametrize("page", [b"<html>router</html>", b'"hello"', b"null"])
def test_what_is_no_such_server_is_found_out(
    server: DescribedServer, plugin: MediaServer, page: bytes
) -> None:
    server.page = page
    (finding,) = plugin.self_check()
    assert not finding.ok
    with pytest.raises(SetupError, match="does not answer as"):
        plugin.now_playing()


def test_an_address_without_a_host_is_a_mistake(
    server_plugin: ServerPlugin, server: DescribedServer
) -> None:
    with pytest.raises(SetupError, match="no address"):
        server_plugin.make(server, url="http://").refresh([WRITTEN], 0)


def test_self_check_of_a_working_server_passes(
    server: DescribedServer, plugin: MediaServer
) -> None:
    (finding,) = plugin.self_check()
    assert finding.ok
    assert "version" in finding.detail


def test_a_slash_at_the_end_of_the_address_harms_nothing(
    server_plugin: ServerPlugin, server: DescribedServer
) -> None:
    server.film(THERE, *BESIDE)
    plugin = server_plugin.make(server, url=f"{server.url}/", path_map=MAP)
    plugin.refresh([WRITTEN], 0)
    assert plugin.check_indexed(WRITTEN).is_complete is True
