"""Tests of the hints for renamed keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import ConfigIssue, ConfigurationError, load_config
from subtitled.config.renamed_keys import RENAMED_KEYS, RENAMED_VALUES

LIBRARY = {"path": "/films"}


def _nested(key: str, value: object) -> dict[str, Any]:
    """Return a configuration that has only this key. Lists of tables have one."""
    *tables, last = key.replace("*", "films").split(".")
    nested: dict[str, Any] = {last: value}
    for index in reversed(range(len(tables))):
        nested = {tables[index]: nested}
    if "routes" in nested.get("libraries", {}).get("films", {}):
        nested["libraries"]["films"]["routes"] = [nested["libraries"]["films"]["routes"]["films"]]
    if "libraries" in nested:
        nested["libraries"]["films"] |= LIBRARY
    return nested


def _issues(configuration: dict[str, Any]) -> dict[str, ConfigIssue]:
    try:
        load_config(None, overrides=configuration)
    except ConfigurationError as error:
        return {issue.key: issue for issue in error.issues}
    return {}


def _with_names(key: str) -> str:
    """Return a key with the names that ``_nested`` gives."""
    return key.replace(".routes.*", ".routes.0").replace("*", "films")


@pytest.mark.parametrize(("old_key", "new_key"), RENAMED_KEYS.items())
def test_old_key_is_reported_with_new_name(old_key: str, new_key: str) -> None:
    issue = _issues(_nested(old_key, {}))[_with_names(old_key)]
    assert issue.message == "this key has another name now"
    assert issue.hint == f"Rename it to {_with_names(new_key)}"


@pytest.mark.parametrize("new_key", RENAMED_KEYS.values())
def test_new_name_is_a_known_key(new_key: str) -> None:
    issues = _issues(_nested(new_key, []))
    assert "there is no such key" not in {issue.message for issue in issues.values()}


@pytest.mark.parametrize("key", RENAMED_VALUES)
def test_old_value_is_reported_with_new_name(key: str) -> None:
    for old_value, new_value in RENAMED_VALUES[key].items():
        issue = _issues(_nested(key, old_value))[_with_names(key)]
        assert issue.hint == f"Write '{new_value}'"


def test_section_of_other_name_has_keys_of_its_plugin() -> None:
    section = {"plugin": "openai", "url": "http://nas:1/v1", "model": "m", "key": {"env": "K"}}
    issues = _issues({"engines": {"my asr": section}})
    (issue,) = issues.values()
    assert issue.hint == 'Rename it to engines."my asr".api_key'


def test_old_keys_are_reported_with_line_and_other_issues(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[daemon]\nthreads = "many"\n[libraries."my films"]\npath = "/films"\n'
        'settle = "1s"\n[neighbour]\nwatching = false\nniceness = 3\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        load_config(file)
    assert [(issue.line, issue.key, issue.hint) for issue in caught.value.issues][1:] == [
        (
            5,
            'libraries."my films".settle',
            'Rename it to libraries."my films".stability_delay',
        ),
        (6, "neighbour", "Rename it to throttle"),
        (7, "neighbour.watching", "Rename it to throttle.pause_during_playback"),
    ]
