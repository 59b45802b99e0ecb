"""Tests that file names cannot inject lines or control characters into the output."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.cli.output import SafeConsole, display_path, echo, echo_table
from subtitled.daemon.logs import escape_control_characters, log_to_stderr

Run = Callable[..., subprocess.CompletedProcess[str]]
EVIL = "new\nline\t\x1b[31mred\x9b2J.mkv"


@given(st.binary(max_size=40))
def test_paths_are_displayed_in_one_line_without_control_characters(name: bytes) -> None:
    displayed = display_path(
        Path(__file__).parent / Path(name.replace(b"\0", b"").decode("utf-8", "ignore"))
    )
    assert len(displayed.splitlines()) == 1
    assert escape_control_characters(displayed) == displayed


def test_output_escapes_control_characters_and_json_keeps_the_path(
    subtitled: Run, tmp_path: Path, film: Callable[..., Path]
) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    path = film("plain.mkv").rename(folder / EVIL)
    for command in (("plan", folder), ("explain", path)):
        ran = subtitled(*command)
        assert ran.returncode == 0, ran.stderr
        assert not {"\x1b", "\x9b", "\t"} & set(ran.stdout)
        assert r"new\nline\t\x1b[31mred\x9b2J.mkv" in ran.stdout
    stream = json.loads(subtitled("plan", folder, "--json").stdout)
    assert stream["files"][0]["path"] == str(path)


def test_file_name_cannot_forge_a_log_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root, handlers = logging.getLogger(), logging.getLogger().handlers[:]
    try:
        log_to_stderr("info", "text")
        logging.getLogger("subtitled.test").info("%s: done", EVIL)
    finally:
        root.handlers[:] = handlers
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", rb"Am\xe9lie \u65e5\u672c.mkv"),
        ("latin-1", b"Am\xe9lie \\u65e5\\u672c.mkv"),
        ("utf-8", "Amélie 日本.mkv".encode()),
    ],
)
def test_a_terminal_without_the_letters_of_a_name_shows_their_numbers(
    tmp_path: Path, film: Callable[..., Path], encoding: str, shown: bytes
) -> None:
    config = tmp_path / "ascii.toml"
    config.write_text(f'[daemon]\nstate_dir = "{tmp_path}/state"\n', "utf-8")
    media = film("plain.mkv").rename(tmp_path / "Amélie 日本.mkv")
    completed = subprocess.run(
        [sys.executable, "-m", "subtitled", "--config", config, "explain", media],
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert shown in completed.stdout
    assert completed.returncode == 0, completed.stderr


def test_a_name_that_rich_takes_for_a_picture_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    echo("The :heart: of it (2020).mkv")
    assert capsys.readouterr().out == "The :heart: of it (2020).mkv\n"


def test_a_table_in_a_file_has_a_line_for_each_row_and_breaks_no_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    path = "/srv/media/films/" + "Der Müller und das Mädchen 日本 " * 4 + "(2020).mkv"
    echo_table(("file", "state", "why"), [(path, "failed", "one\ntwo"), ("b", "done", "")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert path in lines[1]
    assert lines[1].endswith("failed  one two")
    assert lines[2].split() == ["b", "done"]


def test_a_narrow_terminal_breaks_sentences_and_not_the_names_of_models() -> None:
    rows = [("whisper/large-v3-turbo", "nearly the best, fast with a graphics card " * 2)]
    terminal = SafeConsole(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("subtitled.cli.output.console", terminal)
        echo_table(("model", "about"), rows)
    shown = terminal.file
    assert isinstance(shown, io.StringIO)
    assert "whisper/large-v3-turbo" in shown.getvalue()
    assert max(map(len, shown.getvalue().splitlines())) <= 80
