"""The settings in force: each with the line that sets it, and no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.daemon.answers.settings import describe_settings


def test_a_value_of_the_file_has_its_line_and_a_default_has_none(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(
        b"\xef\xbb\xbf# first\r\n[daemon]\r\nstate_dir = '/state'\r\n"
        b"[libraries.'my films']\r\npath = '/nowhere'\r\n"
        b"counts_as_existing = { forced = true }\r\n[throttle]\r\n"
    )
    answer = describe_settings(load_config(path))
    lines = {value.key: value.line for value in answer.values}
    assert lines["daemon.state_dir"] == 3
    assert lines['libraries."my films".path'] == 5
    assert lines['libraries."my films".counts_as_existing.forced'] == 6
    assert lines['libraries."my films".counts_as_existing.sdh'] is None
    assert lines['libraries."my films".languages'] is None
    assert lines["daemon.retry_delay"] is None
    assert answer.file == path
    (issue,) = answer.issues
    assert (issue.key, issue.line) == ('libraries."my films".path', 5)
    assert not answer.is_changed
    json.dumps(answer.to_dict())


def test_a_secret_is_shown_as_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBTITLED_TEST_TOKEN", "do-not-show-this")
    path = tmp_path / "config.toml"
    path.write_text('[web]\ntoken = { env = "SUBTITLED_TEST_TOKEN" }\n')
    answer = describe_settings(load_config(path))
    values = {value.key: (value.value, value.line) for value in answer.values}
    assert values["web.token"] == ({"env": "SUBTITLED_TEST_TOKEN"}, 2)
    assert "do-not-show-this" not in json.dumps(answer.to_dict())


def test_without_a_file_all_values_are_defaults() -> None:
    answer = describe_settings(load_config(None))
    assert answer.file is None
    assert {value.line for value in answer.values} == {None}


def test_a_file_that_was_removed_or_damaged_since_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[daemon]\nstate_dir = '/state'\n")
    configuration = load_config(path)
    for damage in (b"[", b"\xff", b"[daemon]\nstate_dir = " + b"[" * 5000):
        path.write_bytes(damage)
        answer = describe_settings(configuration)
        assert {value.line for value in answer.values} == {None}
        assert answer.issues and answer.is_changed
    path.unlink()
    answer = describe_settings(configuration)
    assert {value.line for value in answer.values} == {None}
    assert answer.issues and answer.is_changed


def test_a_file_that_says_something_else_now_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[daemon]\nretry_delay = '1m'\n")
    configuration = load_config(path)
    path.write_text("# a note\n[daemon]\nretry_delay = 60\n")
    assert not describe_settings(configuration).is_changed
    path.write_text("[daemon]\nretry_delay = '2m'\n")
    assert describe_settings(configuration).is_changed
