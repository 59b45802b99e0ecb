"""Tests of ``subtitled init``."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from subtitled.cli import init  # noqa: F401 - adds the command
from subtitled.cli.app import app
from subtitled.config import wizard
from subtitled.config.load import load_config

Run = Callable[..., subprocess.CompletedProcess[str]]

names = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)
paths = names.map(lambda name: Path("/srv") / ("m" + name))
tags = st.lists(st.sampled_from(["original", "EN", "de-at", "zh-hans", "pt-BR"]), min_size=1)
servers = st.none() | st.builds(
    wizard.MediaServerAnswer,
    st.sampled_from(sorted(wizard.API_KEY_FIELDS)),
    st.sampled_from(["http://nas:8096", "https://[fd00::1]:1/x?y=%22#z"]).map(wizard.parse_url),
    paths,
)
answers = st.builds(
    wizard.WizardAnswers,
    library=paths,
    languages=tags.map(",".join).map(wizard.parse_languages),
    server=servers,
    is_remote_allowed=st.booleans(),
    working_hours=st.sampled_from(["always", "22:00-07:00", "sat,sun", "weekdays 0:00-7:00"]).map(
        wizard.parse_working_hours
    ),
)


@given(answers)
@settings(max_examples=60, deadline=None)
def test_rendered_config_loads_with_the_answers(expected: wizard.WizardAnswers) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(wizard.render_config(expected), "utf-8")
        configuration = load_config(path)
    (library,) = configuration.settings.libraries.values()
    assert library.path == expected.library
    assert tuple(map(str, library.languages)) == expected.languages
    assert library.allowed_destinations == ("any" if expected.is_remote_allowed else "local")
    windows = configuration.settings.schedule.windows
    assert [str(window) for window in windows] == [expected.working_hours] * (
        expected.working_hours != "always"
    )
    assert not configuration.unavailable
    if expected.server is None:
        assert not configuration.servers
    else:
        (options,) = (section.options for section in configuration.settings.servers.values())
        assert list(configuration.servers) == [expected.server.kind]
        assert options["url"] == expected.server.url
        key = options[wizard.API_KEY_FIELDS[expected.server.kind]]
        assert key == {"file": str(expected.server.key_file)}


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        (wizard.parse_library, "/no/such/folder"),
        (wizard.parse_library, "a\0b"),
        (wizard.parse_library, "/\udcff"),
        (wizard.parse_languages, " , "),
        (wizard.parse_languages, "en, 123"),
        (wizard.parse_server_kind, "winamp"),
        (wizard.parse_url, "nas:8096"),
        (wizard.parse_url, "http://me:secret@nas"),
        (wizard.parse_key_file, "/no/such/key"),
        (wizard.parse_key_file, "/dev/null"),
        (wizard.parse_working_hours, "at night"),
    ],
)
def test_invalid_answers_are_rejected_with_hint(read: Callable[[str], object], answer: str) -> None:
    with pytest.raises(ValueError, match=r"[;:,]") as caught:
        read(answer)
    assert "secret" not in str(caught.value)


def test_invalid_answers_are_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    typed = ["/no/such/folder", str(tmp_path), "en", "winamp", "none", "", "night", "22:00-07:00"]
    result = CliRunner().invoke(app, ["--config", str(path), "init"], input="\n".join(typed) + "\n")
    assert result.exit_code == 0, result.output
    configuration = load_config(path).settings
    assert configuration.libraries[wizard.LIBRARY_NAME].path == tmp_path
    assert [str(window) for window in configuration.schedule.windows] == ["22:00-07:00"]


def test_written_config_passes_checks_and_is_not_overwritten(
    subtitled: Run, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "config.toml"
    command = ("init", "--yes", "--library", tmp_path, "--output", path)
    result = subtitled(*command)
    assert result.returncode == 0, result.stderr
    assert subtitled("--config", path, "config", "check").returncode == 0
    findings = json.loads(subtitled("--config", path, "doctor", "--json").stdout)
    own_results = [finding for finding in findings if str(tmp_path) in json.dumps(finding)]
    assert own_results
    assert all(finding["ok"] for finding in own_results)
    before = path.read_bytes()
    second = subtitled(*command)
    assert second.returncode == 1
    assert "--output" in second.stderr
    assert path.read_bytes() == before
