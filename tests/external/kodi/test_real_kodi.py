"""A real Kodi on a virtual screen shows our subtitles: it refreshes one folder, and lists the
subtitle when the film is open."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import load_config
from subtitled.daemon.doctor.path_mapping import check_path_mapping
from subtitled.db.database import Database
from subtitled.db.outbox import Delivery, DeliveryState
from subtitled.notify.delivery import DeliveryTimings
from subtitled.notify.media_servers import MediaServerDispatcher
from subtitled.plugin import (
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
from support.real_kodi import Real, opened, stop_playback, until

pytestmark = pytest.mark.kodi


@pytest.fixture
def film(kodi: Real) -> Iterator[Path]:
    """Return a film with its NFO on our side. Playback is stopped at the end."""
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
    stop_playback(kodi)


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


def test_a_sidecar_that_grows_while_the_film_is_open_is_shown_and_read_again(
    kodi: Real, film: Path
) -> None:
    opened(kodi, film)
    plugin = kodi.plugin()
    kodi.call("Player.SetSubtitle", playerid=1, subtitle="off")
    sidecar, _ = write(film, "nl")
    (session,) = plugin.playback_sessions()
    assert session.media == film
    assert session.position is not None

    def was_read() -> bool:
        return sidecar.path.stat().st_atime > 1.0

    def is_read_when_told(is_new: bool) -> None:
        status = sidecar.path.stat()
        os.utime(sidecar.path, (1.0, status.st_mtime))
        assert plugin.show_sidecar(session, sidecar, is_new) is True
        until(was_read, 20)

    is_read_when_told(True)
    properties = ["currentsubtitle", "subtitles", "subtitleenabled"]

    def find_shown() -> Any:
        """Return what is shown once the sidecar is. Kodi enables subtitles before it selects it."""
        found = kodi.call("Player.GetProperties", playerid=1, properties=properties)
        is_there = (found["currentsubtitle"] or {}).get("language") == "dut"
        return is_there and found["subtitleenabled"] and found

    shown = until(find_shown, 20)
    content = render_subtitle(
        Subtitle(language=sidecar.language, cues=(Cue(1.0, 3.0, "hoi"), Cue(4.0, 9.0, "dag"))),
        "srt",
    )
    publish_sidecar(sidecar.path, content, own_digest=compute_sha256(sidecar.path))
    is_read_when_told(False)
    again = kodi.call("Player.GetProperties", playerid=1, properties=properties)
    assert again["currentsubtitle"]["language"] == "dut"
    assert len(again["subtitles"]) == len(shown["subtitles"]), "it is listed once"
