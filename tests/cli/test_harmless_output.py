"""Whatever a file is called, what is said of it is one line and gives the terminal no orders."""

from __future__ import annotations

import io
import json
import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.cli.output import display_path
from subtitled.daemon.logs import escape_control_characters, log_to_stderr

Run = Callable[..., subprocess.CompletedProcess[str]]
EVIL = "new\nline\t\x1b[31mred\x9b2J.mkv"


@given(st.binary(max_size=40))
def test_any_bytes_are_shown_in_one_line_without_control_characters(name: bytes) -> None:
    said = display_path(
        Path(__file__).parent / Path(name.replace(b"\0", b"").decode("utf-8", "ignore"))
    )
    assert len(said.splitlines()) == 1
    assert escape_control_characters(said) == said


def test_plan_and_explain_print_no_control_character_and_json_has_the_very_name(
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
    told = json.loads(subtitled("plan", folder, "--json").stdout)
    assert told["files"][0]["path"] == str(path)


def test_a_name_cannot_forge_a_line_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    told = io.StringIO()
    monkeypatch.setattr("sys.stderr", told)
    root, kept = logging.getLogger(), logging.getLogger().handlers[:]
    try:
        log_to_stderr("info", "text")
        logging.getLogger("subtitled.test").info("%s: done", EVIL)
    finally:
        root.handlers[:] = kept
    assert len(told.getvalue().splitlines()) == 1
    assert "\x1b" not in told.getvalue()
