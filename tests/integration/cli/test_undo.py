"""Tests of ``undo``, and of ``state`` with a damaged database."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.config.settings import ExistingSubtitleSettings
from subtitled.daemon.lock import StateLock
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.db.sidecars import SidecarStatus
from subtitled.library.fingerprint import fingerprint_of
from subtitled.library.removal import SidecarRemover
from subtitled.media.probe import MediaInfo
from subtitled.plugin import Language, SubtitleKind
from subtitled.policy.coverage import existing_subtitles, find_redundant
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.publish import publish_sidecar
from support.seen_files import record_seen

Run = Callable[..., subprocess.CompletedProcess[str]]
EN = Language("en")


class Installation:
    """Film with a subtitle of ours, in a configured library."""

    def __init__(self, home: Path, run: Run) -> None:
        self.root = home / "films"
        self.root.mkdir()
        self.config = home / "c.toml"
        self.config.write_text(
            f'[daemon]\nstate_dir = "{home}/st"\n[libraries.films]\npath = "{self.root}"\n'
        )
        (home / "st").mkdir()
        self.database = Database(home / "st" / "subtitled.sqlite")
        self.film = self.root / "a.mkv"
        self.film.write_bytes(b"film")
        record_seen(self.database, "films", self.film, self.film.stat())
        self.content = fingerprint_of(self.database, self.film)
        self.decide(FileState.DONE)
        self.ours = self.publish("srt")
        self._run = run

    def publish(self, fmt: str) -> Path:
        path = self.root / f"a.en.{fmt}"
        digest = hashlib.sha256(b"ours").hexdigest()
        signature = Signature(
            fingerprint=self.content,
            name=path.name,
            language=EN,
            kind=SubtitleKind.FULL,
            format=fmt,
            variant="whisper",
            created_at=1.0,
            sha256=digest,
            size_bytes=4,
        )
        publish_sidecar(path, b"ours", own_digest=None, signature=signature)
        self.database.sidecars.record_written(path, self.film, signature)
        return path

    def decide(self, state: FileState) -> None:
        record = self.database.files.get(self.film)
        assert record is not None
        self.database.states.set_state(record.id, state)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return self._run("--config", self.config, *arguments)

    def fate(self) -> SidecarStatus | None:
        record = self.database.sidecars.get(self.ours)
        return record.status if record else None

    def give_way(self) -> list[Path]:
        names = [path.name for path in self.root.iterdir()]
        facts = MediaInfo(
            duration=60.0, format="matroska", audio_tracks=(), subtitle_tracks=(), has_video=True
        )
        ownership_of = self.database.sidecars.ownership
        existing = existing_subtitles(
            self.film, facts, names, lambda path: ownership_of(path, self.content)
        )
        redundant = find_redundant(existing, EN, ExistingSubtitleSettings())
        return SidecarRemover(self.database).yield_to_others(self.film, redundant)


@pytest.fixture
def installation(home: Path, subtitled: Run) -> Installation:
    return Installation(home, subtitled)


def test_undo_removes_and_restores_our_subtitle(installation: Installation) -> None:
    human = installation.root / "a.de.srt"
    human.write_text("somebody's")
    result = installation.run("undo", installation.film)
    assert result.returncode == 0, result.stderr
    assert "removed" in result.stdout
    assert sorted(path.name for path in installation.root.iterdir()) == ["a.de.srt", "a.mkv"]
    assert installation.fate() is SidecarStatus.REMOVED_BY_USER
    record = installation.database.files.get(installation.film)
    assert record is not None
    assert (record.state, record.reason) == (FileState.UP_TO_DATE, "removed by hand")
    document = json.loads(installation.run("undo", "--restore", installation.ours, "--json").stdout)
    assert document == [{"path": str(installation.ours), "outcome": "restored"}]
    assert installation.ours.read_bytes() == b"ours"
    assert installation.fate() is SidecarStatus.PRESENT
    history = installation.database.history.newest(9)
    assert [(entry.actor, entry.reason, dict(entry.details)) for entry in history] == [
        ("command line", "restore", {"a.en.srt": "restored"}),
        ("command line", "undo", {"a.en.srt": "removed"}),
    ]
    assert {entry.file_id for entry in history} == {record.id}


def test_undo_keeps_edited_subtitle(installation: Installation) -> None:
    installation.ours.write_text("edited")
    result = installation.run("undo", installation.film)
    assert "it was edited" in result.stdout
    assert installation.ours.read_text() == "edited"


def test_undo_restores_yielded_subtitle_for_good(installation: Installation) -> None:
    human = installation.root / "a.eng.srt"
    human.write_text("somebody's")
    assert installation.give_way() == [installation.ours]
    assert installation.fate() is SidecarStatus.YIELDED
    assert "restored" in installation.run("undo", installation.film).stdout
    assert installation.ours.read_bytes() == b"ours"
    assert installation.give_way() == []
    assert human.read_text() == "somebody's"


def test_edited_subtitle_never_yields(installation: Installation) -> None:
    other = installation.publish("vtt")
    installation.ours.write_text("edited")
    assert installation.give_way() == []
    (installation.root / "a.eng.srt").write_text("somebody's")
    assert installation.give_way() == [other]
    assert installation.ours.read_text() == "edited"


def test_undo_rejects_unknown_and_queued_files(installation: Installation) -> None:
    nothing = installation.run("undo", installation.root / "b.mkv")
    assert nothing.returncode == 2
    assert "we wrote no subtitles" in nothing.stderr
    installation.decide(FileState.QUEUED)
    busy = installation.run("undo", installation.film)
    assert busy.returncode == 1
    assert "queue cancel" in busy.stderr


def test_damaged_database_is_set_aside_and_rebuilt(installation: Installation) -> None:
    installation.database.close()
    database = installation.database.path
    for ending in ("-wal", "-shm"):
        Path(f"{database}{ending}").unlink(missing_ok=True)
    database.write_bytes(b"this is no database" * 100)
    result = installation.run("status")
    assert result.returncode == 2
    assert "state rebuild" in result.stderr
    document = json.loads(installation.run("state", "rebuild", "--from-scratch", "--json").stdout)
    assert (document["media"], document["adopted"], document["foreign"]) == (1, 1, 0)
    assert len(list(database.parent.glob("subtitled-*.sqlite"))) == 1
    explained = json.loads(installation.run("explain", installation.film, "--json").stdout)
    assert "present" in explained["our_sidecars"][0]


def test_explain_shows_status_of_our_sidecars(installation: Installation) -> None:
    installation.publish("vtt").write_text("edited")
    installation.run("undo", installation.ours)
    our_sidecars = json.loads(installation.run("explain", installation.film, "--json").stdout)[
        "our_sidecars"
    ]
    assert any("a.en.srt" in line and "removed by hand" in line for line in our_sidecars)
    assert any("a.en.vtt" in line and "never changed" in line for line in our_sidecars)


def test_state_is_backed_up_checked_and_restored(installation: Installation) -> None:
    archive = installation.root.parent / "b.tar.gz"
    assert json.loads(installation.run("state", "backup", archive, "--json").stdout)["bytes"] > 0
    installation.decide(FileState.FAILED)
    installation.database.close()
    assert installation.run("state", "restore", archive).returncode == 0
    assert json.loads(installation.run("status", "--json").stdout)["files"] == {"done": 1}
    assert installation.run("state", "check").returncode == 0
    lock = StateLock(installation.root.parent / "st")
    refused = installation.run("state", "restore", archive)
    lock.release()
    assert refused.returncode == 2
    assert f"the daemon runs as process {os.getpid()}" in refused.stderr
