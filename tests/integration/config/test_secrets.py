"""Tests of secrets: they are read from their references and never printed."""

from __future__ import annotations

import json
import pickle
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pydantic import ValidationError

from subtitled.config.load import ConfigurationError, load_config
from subtitled.config.reference import dump_settings
from subtitled.plugin import Secret, SetupError

KEY = "hunter2-do-not-tell"
Run = Callable[..., subprocess.CompletedProcess[str]]
Bound = Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["env", "file", "credential"])
def secret(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """TOML reference to an existing secret, for each of the three sources."""
    (tmp_path / "jellyfin").write_text(f"{KEY}\n", "utf-8")
    monkeypatch.setenv("JELLYFIN_KEY", f" {KEY} ")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return {
        "env": '{env = "JELLYFIN_KEY"}',
        "file": f'{{file = "{tmp_path}/jellyfin"}}',
        "credential": '{credential = "jellyfin"}',
    }[request.param]


def _file(folder: Path, reference: str) -> Path:
    file = folder / "config.toml"
    file.write_text(f'[servers.jellyfin]\nurl = "http://nas"\napi_key = {reference}\n', "utf-8")
    return file


def test_secret_is_read_and_stripped(tmp_path: Path, secret: str) -> None:
    settings = load_config(_file(tmp_path, secret)).servers["jellyfin"].settings
    assert settings.api_key.reveal() == KEY  # type: ignore[attr-defined]


def test_configuration_never_contains_revealed_secret(tmp_path: Path, secret: str) -> None:
    loaded = load_config(_file(tmp_path, secret))
    settings = loaded.servers["jellyfin"].settings
    assert settings.api_key.reveal() == KEY  # type: ignore[attr-defined]
    outputs = [
        repr(loaded),
        str(settings),
        repr(settings),
        f"{settings}",
        settings.model_dump_json(),
    ]
    outputs += [
        json.dumps(dump_settings(loaded), default=str),
        repr(loaded.servers["jellyfin"].create().settings),
    ]
    assert all(KEY not in output for output in outputs)
    assert KEY.encode() not in pickle.dumps(settings.api_key)  # type: ignore[attr-defined]


def test_config_show_prints_reference_not_secret(
    subtitled: Run, tmp_path: Path, secret: str
) -> None:
    ran = subtitled("--config", _file(tmp_path, secret), "config", "show")
    assert ran.returncode == 0, ran.stderr
    assert (
        "jellyfin" in json.dumps(json.loads(ran.stdout)["servers"]["jellyfin"]["api_key"]).lower()
    )
    assert KEY not in ran.stdout + ran.stderr


def test_config_check_does_not_print_literal_secret(subtitled: Run, tmp_path: Path) -> None:
    ran = subtitled("--config", _file(tmp_path, f'"{KEY}"'), "config", "check")
    assert ran.returncode == 2
    assert "api_key" in ran.stderr
    assert "credential" in ran.stderr
    assert KEY not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "written",
    [
        f'"{KEY}"',
        f'["{KEY}"]',
        f'{{value = "{KEY}"}}',
        f'{{env = ["{KEY}"]}}',
        f'{{env = "A", file = "/{KEY}"}}',
        "{}",
        "12",
        "true",
    ],
)
def test_invalid_reference_is_reported_without_its_value(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_config(_file(tmp_path, written))
    assert {mistake.line for mistake in caught.value.issues} == {3}
    assert all(m.key.startswith("servers.jellyfin.api_key") for m in caught.value.issues)
    assert KEY not in str(caught.value)
    assert KEY not in repr(caught.value.issues)


def test_reference_with_two_sources_is_rejected() -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        Secret(env="A", credential="b")


def test_unset_or_blank_variable_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    monkeypatch.setenv("BLANK", "  ")
    for name in ("NOT_SET", "BLANK"):
        with pytest.raises(SetupError, match=name) as caught:
            Secret(env=name).reveal()
        assert caught.value.hint


def test_missing_or_empty_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "folder").mkdir()
    for name in ("missing", "empty", "folder"):
        with pytest.raises(SetupError, match=name) as caught:
            Secret(file=tmp_path / name).reveal()
        assert caught.value.hint


def test_binary_file_is_rejected_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY.encode() + b"\xff")
    with pytest.raises(SetupError) as caught:
        Secret(file=tmp_path / "key").reveal()
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__  # a traceback would print the decoder's input


def test_unreadable_file_is_reported(public: Path, bound_by_permissions: Bound) -> None:
    key = public / "key"
    key.write_text(KEY)
    key.chmod(0)
    with bound_by_permissions(), pytest.raises(SetupError, match="PermissionError"):
        Secret(file=key).reveal()


def test_missing_credential_is_reported_with_unit_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SetupError, match="LoadCredential=jellyfin:"):
        Secret(credential="jellyfin").reveal()


def test_changed_secret_is_read_again(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("old")
    secret = Secret(file=key)
    assert secret.reveal() == "old"
    key.write_text("new")
    assert secret.reveal() == "new"
