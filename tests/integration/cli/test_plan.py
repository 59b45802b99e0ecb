"""``plan``: what it promises, and its totals for a large library."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import load_config
from subtitled.daemon.answers import plan as plan_module
from subtitled.db.records import FileState
from subtitled.jobcontext.services import open_database
from subtitled.pipeline.decision_digests import settings_digest
from support.seen_files import record_seen

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def config(film: Callable[..., Path], tmp_path: Path) -> Path:
    """A library of two films tagged English and one without a tag, that wants German too."""
    source = film("a.mkv", "sine=d=3", ("-metadata:s:a:0", "language=eng"))
    film("b.mkv", "sine=d=3", ("-metadata:s:a:0", "language=eng"))
    film("c.mkv", "sine=d=3")
    path = tmp_path / "config.toml"
    path.write_text(
        f'[daemon]\nstate_dir = "{tmp_path / "state"}"\n'
        f'[libraries.films]\npath = "{source.parent}"\nlanguages = ["en", "de"]\n'
    )
    return path


def test_a_language_that_nothing_makes_is_not_promised(subtitled: Run, config: Path) -> None:
    planned = json.loads(subtitled("--config", config, "plan", "--json").stdout)
    for row in planned["files"]:
        assert row["requirements"] == ["en"]
        assert row["only_if_spoken"] == ["de"]
    reasons = planned["files"][0]["reasons"]
    assert "de: to be made only if German is spoken: no configured engine" in reasons
    assert "makes it from en" in reasons
    plain = subtitled("--config", config, "plan").stdout
    assert "3 of 3 files" in plain


def test_a_film_in_the_wanted_language_is_promised(
    subtitled: Run, film: Callable[..., Path]
) -> None:
    german = film("a.mkv", "sine=d=3", ("-metadata:s:a:0", "language=ger"))
    config = german.parent.parent / "c.toml"
    config.write_text(f'[libraries.films]\npath = "{german.parent}"\nlanguages = ["de"]\n')
    planned = json.loads(subtitled("--config", config, "plan", "--json").stdout)
    assert planned["files"][0]["requirements"] == ["de"]


def test_a_summary_has_a_line_for_each_requirement_and_none_for_a_file(
    subtitled: Run, config: Path
) -> None:
    plain = subtitled("--config", config, "plan", "--summary").stdout
    assert "a.mkv" not in plain
    assert len(plain.splitlines()) <= 6
    payload = json.loads(subtitled("--config", config, "plan", "--summary", "--json").stdout)
    assert payload["files"] == 3
    assert payload["requirements"]["en"]["files"] == 3
    assert payload["only_if_spoken"] == {"de": 3}
    assert payload["errors"] == payload["decided"] == 0


def test_files_that_the_daemon_is_done_with_are_not_probed_again(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = load_config(config)
    library = configuration.settings.libraries["films"]
    db = open_database(configuration)
    films = sorted(library.path.iterdir())
    digests = {"films": settings_digest(configuration, library)}
    for path, digest in zip(films, (digests["films"], "older settings"), strict=False):
        record_seen(db, "films", path, path.stat())
        record = db.files.get(path)
        assert record is not None
        db.states.set_state(record.id, FileState.DONE, settings_digest=digest)
    decided: Any = plan_module._decided_row
    assert decided(db, digests, films[0]).is_decided
    assert decided(db, digests, films[1]) is None, "the settings have changed since"
    assert decided(db, digests, films[2]) is None, "it was never looked at"
    films[0].write_bytes(b"another film")
    assert decided(db, digests, films[0]) is None, "the file has changed since"
    db.close()


@pytest.mark.parametrize("command", ["generate", "summarise"])
def test_output_folder_is_created_or_a_hint_is_shown(
    subtitled: Run, film: Callable[..., Path], tmp_path: Path, command: str
) -> None:
    media = film("a.mkv", "anullsrc", ("-t", "3"))
    folder = tmp_path / "not" / "yet"
    ran = subtitled(command, media, "--output-dir", folder)
    assert "not a folder" not in ran.stderr
    assert folder.is_dir() or command == "summarise"  # without a transcript nothing is written
    (tmp_path / "file").write_text("")
    if command == "generate":
        for wrong in (tmp_path / "file", tmp_path / "file" / "below"):
            refused = subtitled(command, media, "--output-dir", wrong)
            assert refused.returncode == 2
            assert "Name" in refused.stderr
