"""The configuration: every mistake at once, each with its cure; secrets never in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitled.config.describe import bundled, json_schema, markdown, show
from subtitled.config.load import ConfigurationError, load, missing_folders
from subtitled.config.settings import (
    DaemonSettings,
    ExistingSettings,
    LibrarySettings,
    Settings,
)
from subtitled.plugin import Misconfigured, Secret

ROOT = Path(__file__).parents[2]


def _load(tmp_path: Path, text: str) -> Any:
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")
    return load(file)


def test_every_mistake_is_said_at_once_with_line_and_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(
            tmp_path,
            """[daemon]
log_levle = "info"
threads = "many"
[libraries.films]
path = "/films"
languages = ["engrish", "en"]
engines = ["whisper"]
[libraries.tv]
languages = ["de"]
[engines.whisper]
model = "huge"
[servers.jellyfin]
url = "http://nas"
api_key = "12345-secret"
""",
        )
    said = {mistake.key: mistake for mistake in caught.value.mistakes}
    assert said["daemon.log_levle"].line == 2
    assert "log_level" in said["daemon.log_levle"].cure
    assert said["daemon.threads"].line == 3
    assert any(key.startswith("libraries.films.languages") for key in said)
    assert said["libraries.tv.path"].what == "this key is needed"
    assert "tiny.en" in said["engines.whisper.model"].what
    assert "credential" in said["servers.jellyfin.api_key"].what
    assert "12345" not in str(caught.value)


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, '[daemon]\nthreads = "\n')
    assert caught.value.mistakes[0].line == 2


def test_a_library_naming_an_engine_that_is_not_configured_is_told_which_there_are(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigurationError, match=r"'qwen' is not configured.*whisper"):
        _load(tmp_path, '[libraries.a]\npath = "/a"\nengines = ["qwen"]\n')


def test_a_missing_folder_is_found_by_the_check_and_not_by_loading(tmp_path: Path) -> None:
    loaded = _load(tmp_path, f'[libraries.a]\npath = "{tmp_path}/gone"\n')
    (mistake,) = missing_folders(loaded)
    assert mistake.key == "libraries.a.path"
    assert mistake.line == 2


def test_a_plugin_that_is_not_installed_is_survived_and_named(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "[servers.jelyfin]\n")
    (broken,) = loaded.broken
    assert broken.section == "servers.jelyfin"
    assert "jellyfin" in broken.cure
    assert "whisper" in loaded.engines


def test_names_of_languages_are_understood(tmp_path: Path) -> None:
    text = '[libraries.a]\npath = "/a"\nlanguages = ["Original", "German", "pt-br", "chs"]\n'
    library = _load(tmp_path, text).settings.libraries["a"]
    assert library.languages == ("original", "de", "pt-BR", "zh-Hans")


def test_without_a_file_the_defaults_work() -> None:
    assert set(load(None).engines) == {"whisper"}


_VALUES = st.recursive(
    st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.none(), st.floats()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["path", "languages", "plugin", "x"]), inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["daemon", "libraries", "engines", "servers", "nonsense"]),
        st.one_of(_VALUES, st.dictionaries(st.sampled_from(["whisper", "a"]), _VALUES)),
    )
)
def test_whatever_a_file_holds_it_loads_or_its_mistakes_are_said(data: dict[str, Any]) -> None:
    text = "\n".join(f"{key} = {_toml(value)}" for key, value in data.items())
    file = Path("generated.toml")
    try:
        loaded = _parsed(file, text)
    except ConfigurationError as error:
        assert error.mistakes
        assert all(mistake.what for mistake in error.mistakes)
    else:
        assert isinstance(loaded.settings, Settings)


def _parsed(file: Path, text: str) -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_text(text, "utf-8", errors="replace")
        return load(path)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + re.sub(r'[\\"\x00-\x1f\x7f\ud800-\udfff]', "", value) + '"'
    return "0" if value is None else str(value)


def test_the_example_loads_and_names_every_key() -> None:
    text = (ROOT / "config.example.toml").read_text("utf-8")
    load(ROOT / "config.example.toml")
    models = [DaemonSettings, LibrarySettings, ExistingSettings]
    models += [component.Settings for _, _, component in bundled()]
    for model in models:
        for key in model.model_fields:
            assert re.search(rf"\b{key}\b", text), f"config.example.toml does not tell of {key}"


def test_the_reference_is_what_the_schema_says() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert written == markdown(), "run: make docs"


def test_shown_settings_and_schema_hold_references_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", "very-secret")
    text = '[servers.jellyfin]\nurl = "http://nas"\napi_key = {env = "THE_KEY"}\n'
    loaded = _load(tmp_path, text)
    shown = repr((show(loaded), loaded, json_schema(loaded)))
    assert "THE_KEY" in shown
    assert "very-secret" not in shown


def test_a_secret_is_read_from_each_place_and_a_missing_one_says_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("from-file\n", "utf-8")
    monkeypatch.setenv("KEY", "from-env")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secret(file=tmp_path / "key").reveal() == "from-file"
    assert Secret(env="KEY").reveal() == "from-env"
    assert Secret(credential="key").reveal() == "from-file"
    for secret in (Secret(file=tmp_path / "no"), Secret(env="NO"), Secret(credential="no")):
        with pytest.raises(Misconfigured) as caught:
            secret.reveal()
        assert caught.value.cure
