"""A real Kodi on a virtual screen shows our subtitles: it refreshes one folder, and lists the
subtitle when the film is open."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from subtitled.config.load import load_config
from subtitled.daemon.doctor.path_mapping import check_path_mapping
from subtitled.db.database import Database
from subtitled.db.outbox import Delivery, DeliveryState
from subtitled.notify.delivery import DeliveryTimings
from subtitled.notify.media_servers import MediaServerDispatcher
from subtitled.plugin import (
    ComponentContext,
    Cue,
    Language,
    SetupError,
    Sidecar,
    SidecarChange,
    Subtitle,
    SubtitleKind,
)
from subtitled.subtitles.filenames import build_sidecar_path
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.publish import compute_sha256, publish_sidecar
from subtitled_plugins.kodi import Kodi, KodiSettings
from support.process_guard import killed_with_parent

pytestmark = pytest.mark.kodi

KODI = Path("/usr/lib/x86_64-linux-gnu/kodi/kodi.bin")
PASSWORD = "a secret of this test"
STARTING = 90.0
"""Seconds that Kodi may take to answer, on a busy machine."""


@dataclass
class Real:
    """A running Kodi. Its library is ``films``, which is ``ours`` on our side."""

    url: str
    films: Path
    ours: Path

    def call(self, method: str, **params: Any) -> Any:
        """Make a JSON-RPC call of the test, beside those of the plugin."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        response = httpx.post(f"{self.url}/jsonrpc", json=body, auth=("kodi", PASSWORD), timeout=10)
        payload = response.json()
        assert "error" not in payload, payload
        return payload["result"]

    def plugin(self) -> Kodi:
        settings = {
            "url": self.url,
            "password": {"env": "KODI_PASSWORD"},
            "path_map": [[str(self.ours), str(self.films)]],
        }
        return Kodi(KodiSettings.model_validate(settings), ComponentContext("tv"))


def until(condition: Callable[[], Any], limit: float) -> Any:
    deadline = time.monotonic() + limit
    while True:
        if found := condition():
            return found
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def _settings(port: int) -> str:
    chosen = {
        "services.webserver": "true",
        "services.webserverport": port,
        "services.webserverauthentication": "true",
        "services.webserverusername": "kodi",
        "services.webserverpassword": PASSWORD,
        "services.webserverssl": "false",
        "services.zeroconf": "false",
        "services.upnp": "false",
    }
    lines = (f'<setting id="{key}">{value}</setting>' for key, value in chosen.items())
    return f'<settings version="2">{"".join(lines)}</settings>'


@pytest.fixture(scope="module")
def kodi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    binary = next(iter(Path("/usr/lib").glob("*/kodi/kodi.bin")), KODI)
    if not binary.exists() or shutil.which("Xvfb") is None:
        pytest.skip("apt install kodi xvfb, or run make test-kodi")
    home = tmp_path_factory.mktemp("kodi")
    userdata = home / ".kodi" / "userdata"
    userdata.mkdir(parents=True)
    films, ours = home / "films", home / "ours"
    films.mkdir()
    ours.symlink_to(films)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (userdata / "guisettings.xml").write_text(_settings(port))
    (userdata / "sources.xml").write_text(
        '<sources><video><default pathversion="1"></default><source><name>films</name>'
        f'<path pathversion="1">{films}/</path></source></video></sources>'
    )
    reading, writing = os.pipe()
    screen = subprocess.Popen(
        killed_with_parent(
            "Xvfb", "-displayfd", writing, "-screen", "0", "640x480x24", "-nolisten", "tcp"
        ),
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as output:
        display = output.readline().strip()
    run = {"HOME": str(home), "DISPLAY": f":{display}", "LIBGL_ALWAYS_SOFTWARE": "1"}
    player = subprocess.Popen(
        killed_with_parent(binary, "--standalone"),
        env=os.environ | run,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    real = Real(f"http://127.0.0.1:{port}", films, ours)
    try:
        until(lambda: _answers(real), STARTING)
        _is_a_library(userdata, films)
        yield real
    finally:
        player.kill()
        player.wait()
        screen.terminate()
        screen.wait()


def _answers(real: Real) -> bool:
    try:
        return bool(real.call("JSONRPC.Ping") == "pong")
    except httpx.HTTPError:
        return False


def _is_a_library(userdata: Path, films: Path) -> None:
    """Set up a folder as a source of films with NFO files, as a user does in Kodi."""
    (database,) = (userdata / "Database").glob("MyVideos*.db")
    with sqlite3.connect(database, timeout=30) as c:
        c.execute(
            "INSERT INTO path (strPath, strContent, strScraper, useFolderNames, scanRecursive,"
            " noUpdate, exclude, allAudio) VALUES (?, 'movies', 'metadata.local', 0, 2147483647,"
            " 0, 0, 0)",
            (f"{films}/",),
        )


@pytest.fixture
def film(kodi: Real, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a film with its NFO on our side. Playback is stopped at the end."""
    monkeypatch.setenv("KODI_PASSWORD", PASSWORD)
    folder = kodi.ours / "Film [2020]"
    path = folder / "Film [2020].mp4"
    if not folder.exists():
        folder.mkdir()
        make = "ffmpeg -v error -f lavfi -i testsrc=s=320x240:d=600:r=2 -c:v mpeg4".split()
        subprocess.run([*make, path], check=True)
        (folder / "Film [2020].nfo").write_text(
            "<movie><title>A Film</title><originaltitle>Una película</originaltitle>"
            "<year>2020</year><plot>A girl sees a film.</plot>"
            "<actor><name>Ana Torrent</name><role>Ana</role></actor></movie>"
        )
    yield path
    for playing in kodi.call("Player.GetActivePlayers"):
        kodi.call("Player.Stop", playerid=playing["playerid"])
    until(lambda: not kodi.call("Player.GetActivePlayers"), 10)


def opened(kodi: Real, film: Path) -> None:
    there = kodi.films / film.relative_to(kodi.ours)
    kodi.call("Player.Open", item={"file": str(there)})
    until(lambda: kodi.call("Player.GetActivePlayers"), 20)


def write(
    film: Path, language: str, kind: SubtitleKind = SubtitleKind.FULL
) -> tuple[Sidecar, Signature]:
    """Publish a subtitle as the daemon does."""
    tag = Language(language)
    content = render_subtitle(
        Subtitle(language=tag, cues=(Cue(1.0, 3.0, "hola"),), kind=kind), "srt"
    )
    path = build_sidecar_path(film, tag, kind, "srt")
    signature = Signature(
        fingerprint="f" * 64,
        name=path.name,
        language=tag,
        kind=kind,
        format="srt",
        variant="engine",
        created_at=time.time(),
        sha256="",
        size_bytes=0,
    )
    publish_sidecar(path, content, own_digest=compute_sha256(path))
    return Sidecar(path, tag, kind), signature


def test_published_sidecars_are_seen_and_listed_with_language_and_flags(
    kodi: Real, film: Path, tmp_path: Path
) -> None:
    plugin = kodi.plugin()
    sidecars = [
        ("es", SubtitleKind.FULL),
        ("zh-Hans", SubtitleKind.FULL),
        ("en", SubtitleKind.FORCED),
        ("de", SubtitleKind.SDH),
    ]
    change = SidecarChange(
        film, tuple(write(film, language, kind)[0] for language, kind in sidecars)
    )
    plugin.refresh([change], 0)
    seen = plugin.check_indexed(change)
    assert seen.is_complete is None
    assert "sees the files" in seen.detail
    opened(kodi, film)
    listed = until(lambda: (status := plugin.check_indexed(change)).is_complete and status, 20)
    assert listed.is_complete is True
    assert list(plugin.now_playing()) == [film]


def test_daemon_delivers_a_change_and_records_the_result(
    kodi: Real, film: Path, tmp_path: Path
) -> None:
    (tmp_path / "st").mkdir(mode=0o700)
    config = tmp_path / "c.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{tmp_path}/st"\n[libraries.films]\npath = "{kodi.ours}"\n'
        f'[servers.kodi]\nurl = "{kodi.url}"\npassword = {{env = "KODI_PASSWORD"}}\n'
        f'path_map = [["{kodi.ours}", "{kodi.films}"]]\n'
    )
    configuration = load_config(config)
    database = Database(tmp_path / "st" / "subtitled.sqlite")
    dispatcher = MediaServerDispatcher(
        configuration, database, DeliveryTimings(check_seconds=(0.5, 1.0, 2.0))
    )
    dispatcher.start()
    begin = time.monotonic()
    sidecar, signature = write(film, "fr")
    database.sidecars.record_written(sidecar.path, film, signature)

    def ended_delivery() -> Delivery | None:
        deliveries = database.deliveries.of_media(film)
        return deliveries[0] if deliveries and deliveries[0].ended_at else None

    delivery = until(ended_delivery, 60)
    from_publishing = time.monotonic() - begin
    dispatcher.stop()
    database.close()
    assert delivery.state is DeliveryState.UNVERIFIABLE
    assert "sees the files" in delivery.detail
    begin = time.monotonic()
    opened(kodi, film)
    plugin = kodi.plugin()
    until(lambda: plugin.check_indexed(SidecarChange(film, (sidecar,))).is_complete, 20)
    from_opening = time.monotonic() - begin
    print(
        f"\nKodi: {from_publishing:.1f} s from publishing until it says that it sees the file, "
        f"5 s of them gathering; {from_opening:.1f} s from opening the film until it is listed"
    )


def test_refresh_adds_only_the_film_of_its_folder_to_the_library(kodi: Real, film: Path) -> None:
    plugin = kodi.plugin()
    other = kodi.films / "Other [2021]"
    other.mkdir()
    shutil.copyfile(film, other / "Other [2021].mp4")
    (other / "Other [2021].nfo").write_text("<movie><title>Other</title></movie>")
    plugin.refresh([SidecarChange(film)], 0)
    media = until(lambda: plugin.metadata(film), 20)
    assert (media.title, media.original_title, media.year) == ("A Film", "Una película", 2020)
    assert (media.cast, media.characters) == (("Ana Torrent",), ("Ana",))
    assert plugin.metadata(kodi.ours / "Other [2021]" / "Other [2021].mp4") is None
    assert list(plugin.sample_paths()) == [str(kodi.films / "Film [2020]" / "Film [2020].mp4")]


def test_sidecar_published_while_the_film_is_open_is_listed_at_the_next_opening(
    kodi: Real, film: Path
) -> None:
    opened(kodi, film)
    plugin = kodi.plugin()
    change = SidecarChange(film, (write(film, "it")[0],))
    plugin.refresh([change], 0)
    status = plugin.check_indexed(change)
    assert status.is_complete is None
    assert "opened again" in status.detail


def test_folder_that_kodi_does_not_see_is_reported(kodi: Real, film: Path) -> None:
    unknown = film.with_name("nowhere") / "Film.mkv"
    change = SidecarChange(unknown, (Sidecar(unknown.with_suffix(".es.srt"), Language("es")),))
    plugin = kodi.plugin()
    plugin.refresh([change], 0)
    status = plugin.check_indexed(change)
    assert status.is_complete is False
    assert "does not see" in status.detail


def test_self_check_reports_the_version_and_a_wrong_password(
    kodi: Real, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (finding,) = kodi.plugin().self_check()
    assert finding.ok, finding
    assert "version" in finding.detail
    monkeypatch.setenv("KODI_PASSWORD", "wrong")
    with pytest.raises(SetupError, match=r"servers\.tv\.password"):
        kodi.plugin().now_playing()


def test_doctor_checks_the_path_mapping_with_a_film_of_the_library(
    kodi: Real, film: Path, tmp_path: Path
) -> None:
    plugin = kodi.plugin()
    plugin.refresh([SidecarChange(film)], 0)
    until(plugin.sample_paths, 20)
    config = tmp_path / "c.toml"
    config.write_text(f'[libraries.films]\npath = "{kodi.ours}"\n')
    (finding,) = check_path_mapping(load_config(config), "tv", plugin)
    assert finding.ok, finding
