"""Tests of the output about media servers in ``explain``, ``status`` and ``doctor``."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.db.database import Database
from subtitled.library.fingerprint import fingerprint_of
from subtitled.notify.delivery import DeliveryTimings
from subtitled.notify.media_servers import MediaServerDispatcher
from subtitled.plugin import Language, SubtitleKind
from subtitled.plugin.testing import FakeJellyfin, Subtitle, listening
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.publish import publish_sidecar
from support.seen_files import record_seen

Run = Callable[..., subprocess.CompletedProcess[str]]


class Installation:
    """Film with a subtitle of ours, and a Jellyfin that has it under another path."""

    def __init__(self, home: Path, run: Run, server: FakeJellyfin) -> None:
        self.root = home / "films"
        self.root.mkdir()
        self.server = server
        self.config = home / "c.toml"
        self._run = run
        (home / "st").mkdir(mode=0o700)
        self.configure("")
        self.database = Database(home / "st" / "subtitled.sqlite")
        self.film = self.root / "a.mkv"
        self.film.write_bytes(b"film")
        record_seen(self.database, "films", self.film, self.film.stat())
        content = fingerprint_of(self.database, self.film)
        digest = hashlib.sha256(b"ours").hexdigest()
        signature = Signature(
            fingerprint=content,
            name="a.es.srt",
            language=Language("es"),
            kind=SubtitleKind.FULL,
            format="srt",
            variant="whisper",
            created_at=1.0,
            sha256=digest,
            size_bytes=4,
        )
        publish_sidecar(self.root / "a.es.srt", b"ours", own_digest=None, signature=signature)
        self.database.sidecars.record_written(self.root / "a.es.srt", self.film, signature)

    def configure(self, path_map: str) -> None:
        self.config.write_text(
            f'[daemon]\nstate_dir = "{self.root.parent}/st"\n'
            f'[libraries.films]\npath = "{self.root}"\n'
            f'[servers.den]\nplugin = "jellyfin"\nurl = "{self.server.url}"\n'
            f'api_key = {{env = "SERVER_KEY"}}\npath_map = [{path_map}]\n'
        )

    def run(self, *words: object) -> str:
        return self._run("--config", self.config, *words).stdout

    def tell(self) -> None:
        """Deliver all notifications, as the daemon does."""
        check_delays = (0.05, 0.05)
        dispatcher = MediaServerDispatcher(
            load_config(self.config),
            self.database,
            DeliveryTimings(gather_seconds=0.05, check_seconds=check_delays, polling_seconds=0.02),
        )
        dispatcher.start()
        deadline = time.monotonic() + 20
        while not all(one.ended_at for one in self.database.deliveries.of_media(self.film)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        dispatcher.stop()


@pytest.fixture
def installation(
    tmp_path: Path, subtitled: Run, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    server = FakeJellyfin()
    monkeypatch.setenv("SERVER_KEY", server.key)
    with listening(server):
        yield Installation(tmp_path, subtitled, server)
    assert not server.violations


def test_doctor_proposes_path_map_that_server_understands(installation: Installation) -> None:
    installation.server.film("/data/films/a.mkv", Subtitle("/data/films/a.es.srt", "es"))
    installation.tell()
    (delivery,) = json.loads(installation.run("explain", installation.film, "--json"))[
        "server_deliveries"
    ]
    assert delivery.startswith("den: asked to refresh each media file ")
    assert "has not indexed it" in delivery
    assert f"it has no {installation.film}" in delivery
    status = json.loads(installation.run("status", "--json"))["servers"]
    assert status == {"den": {"error": None, "media_by_state": {"not-indexed": 1}}}
    findings = json.loads(installation.run("doctor", "--json"))
    (paths,) = [found for found in findings if found["subject"] == "paths of server den"]
    proposal = f"['{installation.root.parent}', '/data']"
    assert paths["hint"] == f"Set servers.den.path_map = [{proposal}]"

    installation.configure(proposal)
    installation.run("undo", installation.film)  # no daemon runs: what changed waits for one
    installation.server.library.films["/data/films/a.mkv"].beside.clear()
    installation.tell()
    installation.server.library.films["/data/films/a.mkv"].beside.append(
        Subtitle("/data/films/a.es.srt", "es")
    )
    installation.run("undo", "--restore", installation.film)
    installation.tell()
    (delivery,) = json.loads(installation.run("explain", installation.film, "--json"))[
        "server_deliveries"
    ]
    assert delivery.startswith("den: told about the changed files ")
    assert delivery.endswith("; has indexed it")


def test_unreachable_server_is_shown_in_status(installation: Installation) -> None:
    installation.server.fault = 503
    dispatcher = MediaServerDispatcher(
        load_config(installation.config),
        installation.database,
        DeliveryTimings(gather_seconds=0.05, polling_seconds=0.02),
    )
    dispatcher.start()
    deadline = time.monotonic() + 20
    while not installation.database.kv.get("server-error:den"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    dispatcher.stop()
    output = installation.run("status")
    assert "server den: 1 waiting; Jellyfin at" in output
    assert "503" in output
