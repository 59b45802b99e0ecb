"""What is said about the configuration: schema, reference and what is in force."""

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
    """One library, and a server under a name of its own."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    file = tmp_path / "c.toml"
    file.write_text(
        '[libraries.films]\npath = "/films"\nstability_delay = 90\n[servers."the den/2"]\n'
        'plugin = "jellyfin"\nurl = "http://den"\napi_key = {env = "KEY"}\n',
        "utf-8",
    )
    return load_config(file)


def test_what_is_in_force_holds_defaults_places_and_times_as_people_write_them(
    den: Configuration, tmp_path: Path
) -> None:
    shown = dump_settings(den)
    assert shown == json.loads(json.dumps(shown))
    assert shown["daemon"]["scan_interval"] == "6h"
    assert shown["daemon"]["state_dir"] == str(tmp_path / "state")
    assert shown["libraries"]["films"]["stability_delay"] == "90s"
    assert shown["engines"]["whisper"]["model"] == "base"
    assert shown["servers"]["the den/2"]["plugin"] == "jellyfin"
    assert shown["servers"]["the den/2"]["api_key"] == {"env": "KEY"}


@given(st.floats(min_value=0, max_value=1e12, allow_nan=False))
def test_a_time_that_is_shown_is_read_back_as_the_same(seconds: float) -> None:
    configuration = load_config(
        None, overrides={"libraries": {"a": {"path": "/a", "stability_delay": seconds}}}
    )
    shown = dump_settings(configuration)["libraries"]["a"]["stability_delay"]
    assert LibrarySettings(path=Path("/a"), stability_delay=shown).stability_delay == pytest.approx(
        seconds
    )


def test_every_reference_in_the_schema_leads_somewhere(den: Configuration) -> None:
    for schema in (build_json_schema(None), build_json_schema(den)):
        references = list(_references(schema))
        assert len(references) > 5
        for reference in references:
            at: Any = schema
            for part in reference.removeprefix("#/").split("/"):
                at = at[part]


def test_the_schema_lets_pass_what_the_file_may_say(den: Configuration) -> None:
    schema = build_json_schema(den)
    server = schema["properties"]["servers"]["properties"]["the den/2"]
    assert {"plugin", "url", "api_key"} <= set(server["properties"])
    assert "plugin" in server["required"]
    settle = schema["$defs"]["LibrarySettings"]["properties"]["stability_delay"]
    assert {kind["type"] for kind in settle["anyOf"]} == {"number", "string"}


def test_the_schema_without_a_configuration_tells_of_the_bundled_plugins() -> None:
    properties = build_json_schema(None)["properties"]
    assert "model" in properties["engines"]["properties"]["whisper"]["properties"]
    assert "path_map" in properties["servers"]["properties"]["jellyfin"]["properties"]


def test_the_reference_says_types_and_times_in_words() -> None:
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
