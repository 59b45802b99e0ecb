"""Tests of loading a configuration and of its issues."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.daemon_settings import DaemonSettings
from subtitled.config.load import ConfigurationError, find_config, find_missing_folders, load_config
from subtitled.config.reference import (
    build_json_schema,
    dump_settings,
    iter_bundled_components,
    render_markdown,
)
from subtitled.config.settings import (
    ExistingSubtitleSettings,
    LibrarySettings,
)
from subtitled.plugin import Secret, SetupError

ROOT = Path(__file__).parents[3]
Run = Callable[..., subprocess.CompletedProcess[str]]


def _load(tmp_path: Path, text: str) -> Any:
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")
    return load_config(file)


def test_all_issues_are_reported_with_line_and_hint(tmp_path: Path) -> None:
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
    issues = {issue.key: issue for issue in caught.value.issues}
    assert issues["daemon.log_levle"].line == 2
    assert "log_level" in issues["daemon.log_levle"].hint
    assert issues["daemon.threads"].line == 3
    assert any(key.startswith("libraries.films.languages") for key in issues)
    assert issues["libraries.tv.path"].message == "this key is needed"
    assert "tiny.en" in issues["engines.whisper.model"].message
    assert "credential" in issues["servers.jellyfin.api_key"].message
    assert "12345" not in str(caught.value)


def test_issues_are_formatted_for_editors(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, '[daemon]\nthreads = "many"\nlog_level = "inof"\n')
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/config.toml:2: daemon.threads: a whole number is needed. "
        "Write it without quotes: 4",
        f"{tmp_path}/config.toml:3: daemon.log_level: must be 'debug', 'info', 'warning' or "
        "'error'. Did you mean 'info'?",
    ]


def test_unknown_names_are_reported_with_other_issues(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(
            tmp_path,
            '[daemon]\nthreads = "x"\n[libraries.a]\npath = "/a"\nservers = ["jelly", "wisper"]\n'
            '[servers.jellyfin]\nurl = "http://nas"\napi_key = {env = "K"}\n',
        )
    keys = [issue.key for issue in caught.value.issues]
    assert keys == ["daemon.threads", "libraries.a.servers", "libraries.a.servers"]
    assert "Did you mean 'jellyfin'?" in caught.value.issues[1].hint


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('"a[b]" = 1', '"a[b]"', "there is no such key"),
        (
            '[libraries.literal]\npath = "/a"\nlanguage = []',
            "libraries.literal.language",
            "languages",
        ),
        (
            '[libraries.path]\npath = "/a"\nstabilty_delay = 1',
            "libraries.path.stabilty_delay",
            "stability_delay",
        ),
        ('[libraries.a]\npath = "media"', "libraries.a.path", "relative"),
        ('[libraries.a]\npath = "\\u0000"', "libraries.a.path", "null character"),
        ('[libraries.a]\npath = "/a"\nlanguages = [5]', "libraries.a.languages.0", "text"),
        ('[libraries.a]\npath = "/a"\nlanguages = []', "libraries.a.languages", "at least 1"),
        ('[libraries.a]\npath = "/a"\nbilingual = [["en"]]', "libraries.a.bilingual.0", "missing"),
        (
            '[libraries.a]\npath = "/a"\nstability_delay = -1',
            "libraries.a.stability_delay",
            "at least 0",
        ),
        ('[daemon]\nstate_dir = "state"', "daemon.state_dir", "relative"),
        ('[[libraries]]\npath = "/a"', "libraries", "table"),
        ('[libraries]\n"my films" = {}', 'libraries."my films".path', "needed"),
        ("threads = " + "1" * 5000, "", "digits"),
        ("x = " + "[" * 5000 + "]" * 5000, "", "not TOML"),
        ("x = \\", "", "not TOML"),
    ],
)
def test_issue_has_key_and_message(tmp_path: Path, text: str, key: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, text + "\n")
    assert [issue.key for issue in caught.value.issues] == [key]
    assert expected in str(caught.value)
    assert caught.value.issues[0].hint or key in ("libraries.a.path",)


def test_overrides_replace_single_keys(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[daemon]\nlog_level = "error"\nthreads = 3\n', "utf-8")
    daemon = load_config(file, overrides={"daemon": {"log_level": "debug"}}).settings.daemon
    assert (daemon.log_level, daemon.threads) == ("debug", 3)
    with pytest.raises(ConfigurationError, match="log_level"):
        load_config(None, overrides={"daemon": {"log_level": 7}})


def test_overlapping_libraries_cause_warnings(tmp_path: Path) -> None:
    loaded = _load(
        tmp_path,
        '[libraries.a]\npath = "/m/films/"\n[libraries.b]\npath = "/m/x/../films"\n'
        '[libraries.c]\npath = "/m"\n[libraries.d]\npath = "/mm"\n',
    )
    assert len(loaded.warnings) == 3
    assert "same path" in loaded.warnings[0]
    assert not any(" d " in warning for warning in loaded.warnings)


def test_tilde_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    library = _load(tmp_path, '[libraries.a]\npath = "~/films"\n').settings.libraries["a"]
    assert library.path == tmp_path / "films"


def test_line_of_key_is_found_after_nested_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(
            tmp_path,
            '[servers.jellyfin]\nurl = "http://nas"\napi_key = {env = "K"}\npath_map = [\n'
            '["/a", "/b"],\n["/c", "/d"],\n]\nverify = true\n',
        )
    assert [issue.line for issue in caught.value.issues] == [8]


def test_named_file_takes_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("SUBTITLED_CONFIG", raising=False)
    users = tmp_path / "subtitled" / "config.toml"
    users.parent.mkdir()
    users.touch()
    assert find_config(None) == users
    named = tmp_path / "named.toml"
    monkeypatch.setenv("SUBTITLED_CONFIG", str(named))
    with pytest.raises(ConfigurationError, match="no such file"):
        find_config(None)
    named.touch()
    assert find_config(None) == named
    assert find_config(users) == users
    with pytest.raises(ConfigurationError, match="this is a folder"):
        find_config(tmp_path)


def test_issue_of_file_with_undecodable_name(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.toml"))
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError) as caught:
        load_config(file)
    str(caught.value).encode("utf-8")
    assert caught.value.issues[0].hint == "Save it as UTF-8"


def test_syntax_error_has_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, '[daemon]\nthreads = "\n')
    assert caught.value.issues[0].line == 2


def test_unknown_engine_is_reported_with_known_ones(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigurationError, match=r"'qwen' is not configured.*whisper"):
        _load(tmp_path, '[libraries.a]\npath = "/a"\nengines = ["qwen"]\n')


def test_missing_folder_is_found_by_check_only(tmp_path: Path) -> None:
    loaded = _load(tmp_path, f'[libraries.a]\npath = "{tmp_path}/gone"\n')
    (issue,) = find_missing_folders(loaded)
    assert issue.key == "libraries.a.path"
    assert issue.line == 2


def test_missing_plugin_is_reported_as_unavailable(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "[servers.jelyfin]\n")
    (unavailable,) = loaded.unavailable
    assert unavailable.section == "servers.jelyfin"
    assert "jellyfin" in unavailable.hint
    assert "whisper" in loaded.engines


def test_language_names_are_accepted(tmp_path: Path) -> None:
    text = '[libraries.a]\npath = "/a"\nlanguages = ["Original", "German", "pt-br", "chs"]\n'
    library = _load(tmp_path, text).settings.libraries["a"]
    assert library.languages == ("original", "de", "pt-BR", "zh-Hans")


def test_defaults_work_without_file() -> None:
    assert set(load_config(None).engines) == {"whisper"}


def test_example_contains_every_key() -> None:
    text = (ROOT / "config.example.toml").read_text("utf-8")
    assert not load_config(ROOT / "config.example.toml").unavailable
    models = [DaemonSettings, LibrarySettings, ExistingSubtitleSettings]
    models += [component.Settings for _, _, component in iter_bundled_components()]
    for model in models:
        for key in model.model_fields:
            assert re.search(rf"\b{key}\b", text), f"config.example.toml does not tell of {key}"


def test_example_is_valid_with_all_lines_uncommented(tmp_path: Path) -> None:
    text = (ROOT / "config.example.toml").read_text("utf-8")
    every_line = re.sub(r"^#(?=[\w\[])", "", text, flags=re.MULTILINE)
    assert every_line != text
    loaded = _load(tmp_path, every_line)
    assert loaded.unavailable == ()
    assert set(loaded.servers) == {"jellyfin", "emby", "plex", "kodi", "peertube", "den"}


def test_example_shows_defaults_of_daemon() -> None:
    assert load_config(ROOT / "config.example.toml").settings.daemon == DaemonSettings()


def test_reference_is_up_to_date() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert written == render_markdown(), (
        "the schema has changed; run: python -m subtitled.config.reference > docs/configuration.md"
    )


def test_dumped_settings_and_schema_contain_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", "very-secret")
    text = '[servers.jellyfin]\nurl = "http://nas"\napi_key = {env = "THE_KEY"}\n'
    loaded = _load(tmp_path, text)
    shown = repr((dump_settings(loaded), loaded, build_json_schema(loaded)))
    assert "THE_KEY" in shown
    assert "very-secret" not in shown


def test_secrets_are_read_and_missing_ones_raise_with_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("from-file\n", "utf-8")
    monkeypatch.setenv("KEY", "from-env")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secret(file=tmp_path / "key").reveal() == "from-file"
    assert Secret(env="KEY").reveal() == "from-env"
    assert Secret(credential="key").reveal() == "from-file"
    for secret in (Secret(file=tmp_path / "no"), Secret(env="NO"), Secret(credential="no")):
        with pytest.raises(SetupError) as caught:
            secret.reveal()
        assert caught.value.hint


def test_bilingual_pair_of_one_language_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="names one language twice; name two"):
        _load(tmp_path, '[libraries.a]\npath = "/a"\nbilingual = [["en", "English"]]\n')


@pytest.mark.thorough
def test_unknown_local_time_zone_is_reported(
    tmp_path: Path, subtitled: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.touch()
    monkeypatch.setenv("TZ", "Europe/Berln")
    ran = subtitled("--config", config, "status")
    assert ran.returncode == 2
    assert "the time zone TZ=Europe/Berln is unknown here. Write one here or into TZ" in ran.stderr
    config.write_text('[schedule]\ntimezone = "Europe/Berlin"\n')
    assert subtitled("--config", config, "status").returncode == 0
