"""``subtitled-whisper`` as Opencast calls it."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.recorded_speech import Recording

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def whisper(home: Path) -> Run:
    """Return a function that runs the command in a new process."""
    code = "from subtitled.cli.whisper_command import main; main()"

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"COLUMNS": "200"},
            check=False,
        )

    return run


def test_opencast_finds_its_vtt_and_the_language_and_one_bad_file_does_not_lose_the_other(
    whisper: Run, english_speech: Recording, model_base: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no media")
    out = tmp_path / "work"
    ran = whisper(
        tmp_path / "broken.mp4", english_speech.path, "--model", "base", "--output_dir", out
    )
    assert ran.returncode == 1
    assert "Skipping" in ran.stderr
    stem = english_speech.path.stem
    assert sorted(path.name for path in out.iterdir()) == sorted(
        f"{stem}.{name}" for name in ("json", "srt", "tsv", "txt", "vtt")
    )
    assert json.loads((out / f"{stem}.json").read_text())["language"] == "en"
    assert english_speech.phrase in (out / f"{stem}.vtt").read_text()
    assert "Detected language: English" in ran.stdout


def test_a_model_that_nobody_has_is_refused_with_those_there_are(
    whisper: Run, tmp_path: Path
) -> None:
    unknown = whisper(tmp_path / "a.wav", "--model", "huge")
    assert unknown.returncode == 2
    assert "large-v3" in unknown.stderr


def test_a_state_that_cannot_be_used_is_told_without_a_traceback(
    whisper: Run, home: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[daemon]\nstate_dir = "{home}/newer"\n', "utf-8")
    (home / "newer").mkdir()
    with contextlib.closing(sqlite3.connect(home / "newer" / "subtitled.sqlite")) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
        database.commit()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUBTITLED_CONFIG", str(config))
        ran = whisper(tmp_path / "a.mp4", "--output_dir", tmp_path / "out")
    assert ran.returncode == 2
    assert "newer version of subtitled" in ran.stderr
    assert "Traceback" not in ran.stderr
