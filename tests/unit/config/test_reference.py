"""Tests of the JSON schema, the reference and the dumped settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.load import Configuration, load_config
from subtitled.config.reference import build_json_schema, dump_settings, render_markdown
from subtitled.config.settings import LibrarySettings


@pytest.fixture
def den(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """Configuration with a library, and a server whose name differs from its plugin."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    file = tmp_path / "c.toml"
    file.write_text(
        '[libraries.films]\npath = "/films"\nstability_delay = 90\n[servers."the den/2"]\n'
        'plugin = "jellyfin"\nurl = "http://den"\napi_key = {env = "KEY"}\n',
        "utf-8",
    )
    return load_config(file)


def test_dumped_settings_contain_defaults_folders_and_durations(
    den: Configuration, tmp_path: Path
) -> None:
    dumped = dump_settings(den)
    assert dumped == json.loads(json.dumps(dumped))
    assert dumped["daemon"]["scan_interval"] == "6h"
    assert dumped["daemon"]["state_dir"] == str(tmp_path / "state")
    assert dumped["libraries"]["films"]["stability_delay"] == "90s"
    assert dumped["engines"]["whisper"]["model"] == "base"
    assert dumped["servers"]["the den/2"]["plugin"] == "jellyfin"
    assert dumped["servers"]["the den/2"]["api_key"] == {"env": "KEY"}


@pytest.mark.thorough
@given(st.floats(min_value=0, max_value=1e12, allow_nan=False))
def test_dumped_duration_parses_to_same_value(seconds: float) -> None:
    configuration = load_config(
        None, overrides={"libraries": {"a": {"path": "/a", "stability_delay": seconds}}}
    )
    dumped = dump_settings(configuration)["libraries"]["a"]["stability_delay"]
    assert LibrarySettings(
        path=Path("/a"), stability_delay=dumped
    ).stability_delay == pytest.approx(seconds)


def test_all_references_in_schema_resolve(den: Configuration) -> None:
    for schema in (build_json_schema(None), build_json_schema(den)):
        references = list(_references(schema))
        assert len(references) > 5
        for reference in references:
            at: Any = schema
            for part in reference.removeprefix("#/").split("/"):
                at = at[part]


def test_schema_describes_components_and_durations(den: Configuration) -> None:
    schema = build_json_schema(den)
    server = schema["properties"]["servers"]["properties"]["the den/2"]
    assert {"plugin", "url", "api_key"} <= set(server["properties"])
    assert "plugin" in server["required"]
    duration_schema = schema["$defs"]["LibrarySettings"]["properties"]["stability_delay"]
    assert {kind["type"] for kind in duration_schema["anyOf"]} == {"number", "string"}


def test_schema_without_configuration_describes_bundled_plugins() -> None:
    properties = build_json_schema(None)["properties"]
    assert "model" in properties["engines"]["properties"]["whisper"]["properties"]
    assert "path_map" in properties["servers"]["properties"]["jellyfin"]["properties"]


def test_reference_describes_types_and_durations() -> None:
    reference = render_markdown()
    assert '| `stability_delay` | duration | `"30s"` |' in reference
    assert "| `api_key` | secret | required |" in reference
    assert "| `path_map` | list of [text, text] | `[]` |" in reference


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for inner in schema.values():
            yield from _references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _references(inner)
