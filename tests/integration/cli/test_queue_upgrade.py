"""Tests of ``queue upgrade`` and of its routes, without a daemon."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from subtitled.cli import queue_upgrade  # noqa: F401 - its command is added
from subtitled.cli.app import app
from subtitled.config.load import load_config
from subtitled.db.commands import CommandKind
from subtitled.jobcontext.services import open_database
from subtitled.subtitles.makers import Maker, Makers
from support.made_library import BASE, MadeLibrary

Run = Callable[..., Result]


@pytest.fixture
def library(home: Path) -> MadeLibrary:
    (home / "films").mkdir()
    (home / "config.toml").write_text(
        f'[daemon]\nstate_dir = "{home}/state"\n[libraries.films]\npath = "{home}/films"\n'
        f'[libraries.shows]\npath = "{home}/shows"\n[engines.whisper]\nmodel = "small"\n',
        "utf-8",
    )
    made = MadeLibrary(home / "films", open_database(load_config(home / "config.toml")))
    made.add("a")
    made.add("b")
    made.add("c", Makers(Maker("whisper", "tiny", "0.1")))
    made.add("edited", BASE, ownership="edited")
    return made


@pytest.fixture
def run(home: Path) -> Run:
    """Run ``queue`` in this process, because a new process takes seconds to start."""

    def call(*arguments: str) -> Result:
        line = ["--config", str(home / "config.toml"), "queue", *arguments]
        return CliRunner().invoke(app, line, env={"COLUMNS": "250"})

    return call


def test_a_preview_tells_files_hours_and_what_would_make_them(
    library: MadeLibrary, run: Run
) -> None:
    shown = run("upgrade", "--made-by", "base", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "2 files to make again: 2.0 hours of sound" in shown.output
    assert "whisper/base@0.1" in shown.output
    assert "whisper/small" in shown.output
    assert library.requested() == set()
    answer = json.loads(run("upgrade", "--made-by", "base", "--dry-run", "--json").output)
    assert (answer["files"], answer["hours"], answer["waiting"]) == (2, 2.0, 0)
    assert answer["money"] == {}
    (row,) = answer["items"]
    assert (row["made_by"], row["files"], row["kept"]) == ("whisper/base@0.1", 2, "")


def test_it_is_asked_for_once_and_taken_back_at_once(library: MadeLibrary, run: Run) -> None:
    assert "2 files queued to be made again" in run("upgrade", "--made-by", "whisper/base").output
    assert library.requested() == {"a.en.srt", "b.en.srt"}
    (command,) = library.db.commands.pending()
    assert command.kind is CommandKind.WAKE_WAITING
    again = run("upgrade", "--made-by", "base")
    assert (again.exit_code, library.requested()) == (0, {"a.en.srt", "b.en.srt"})
    assert "nothing to make again; 2 files waiting for it" in again.output
    two = run("upgrade", "--made-by", "base", "--made-by", "tiny", "--library", "films")
    assert "1 file queued to be made again" in two.output
    stopped = run("cancel", "--upgrades")
    assert "3 files not made again" in stopped.output
    assert library.requested() == set()
    assert [entry.reason for entry in library.db.history.newest(20)].count("upgrade") == 3


def test_wrong_use_says_what_there_is(library: MadeLibrary, run: Run) -> None:
    base = ("upgrade", "--made-by", "base")
    for arguments, words in (
        (("upgrade",), "say what made them: --made-by NAME. There is: whisper/base@0.1 (2)"),
        (("upgrade", "--made-by", "bse"), "nothing there was made by bse"),
        (("upgrade", "--made-by", "bse"), "whisper/tiny@0.1 (1)"),
        (("upgrade", "--made-by", "/"), "names no engine or model"),
        ((*base, "--library", "x"), "no library is called 'x'"),
        ((*base, "--library", "shows"), "No subtitle of ours is known"),
        (("cancel",), "subtitled queue cancel --upgrades"),
    ):
        refused = run(*arguments)
        assert refused.exit_code == 2, arguments
        assert words in refused.output
    assert library.requested() == set()


def test_what_made_them_makes_nothing_again(library: MadeLibrary, run: Run) -> None:
    library.add("new", Makers(Maker("whisper", "small", "0.0")))
    shown = run("upgrade", "--made-by", "small")
    assert "make them" in shown.output
    assert "nothing to make again" in shown.output
    assert "1 file queued to be made again" in run("upgrade", "--made-by", "small@0.0").output


def test_what_was_written_without_its_model_is_counted_and_made_again_only_if_named(
    library: MadeLibrary, run: Run
) -> None:
    for name in ("old", "older"):
        library.add(name, Makers(Maker("whisper")))
    shown = run("upgrade", "--made-by", "base", "--dry-run")
    assert "2 files to make again" in shown.output
    answer = json.loads(run("upgrade", "--made-by", "base", "--json").output)
    kept = [row for row in answer["items"] if row["kept"]]
    assert [(row["made_by"], row["files"]) for row in kept] == [("whisper/unknown", 2)]
    assert kept[0]["kept"] == "its model is not known; whisper/unknown means these"
    assert library.requested() == {"a.en.srt", "b.en.srt"}
    assert "whisper/unknown (2)" in run("upgrade").output
    for text in ("unknown", "whisper/unknown"):
        assert "2 files to make again" in run("upgrade", "--made-by", text, "--dry-run").output
    assert "2 files queued" in run("upgrade", "--made-by", "unknown").output
    assert library.requested() == {f"{name}.en.srt" for name in ("a", "b", "old", "older")}
