"""``subtitled init``: whatever is answered, the file says it and loads."""

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
def test_whatever_is_answered_the_text_loads_and_says_it(said: wizard.WizardAnswers) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(wizard.render_config(said), "utf-8")
        found = load_config(path)
    (library,) = found.settings.libraries.values()
    assert library.path == said.library
    assert tuple(map(str, library.languages)) == said.languages
    assert library.allowed_destinations == ("any" if said.is_remote_allowed else "local")
    windows = found.settings.schedule.windows
    assert [str(window) for window in windows] == [said.working_hours] * (
        said.working_hours != "always"
    )
    assert not found.unavailable
    if said.server is None:
        assert not found.servers
    else:
        (options,) = (section.options for section in found.settings.servers.values())
        assert list(found.servers) == [said.server.kind]
        assert options["url"] == said.server.url
        key = options[wizard.API_KEY_FIELDS[said.server.kind]]
        assert key == {"file": str(said.server.key_file)}


@pytest.mark.parametrize(
    ("read", "wrong"),
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
def test_a_wrong_answer_is_refused_with_a_cure(read: Callable[[str], object], wrong: str) -> None:
    with pytest.raises(ValueError, match=r"[;:,]") as refused:
        read(wrong)
    assert "secret" not in str(refused.value)


def test_a_wrong_answer_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    typed = ["/no/such/folder", str(tmp_path), "en", "winamp", "none", "", "night", "22:00-07:00"]
    done = CliRunner().invoke(app, ["--config", str(path), "init"], input="\n".join(typed) + "\n")
    assert done.exit_code == 0, done.output
    found = load_config(path).settings
    assert found.libraries[wizard.LIBRARY_NAME].path == tmp_path
    assert [str(window) for window in found.schedule.windows] == ["22:00-07:00"]


def test_what_init_writes_passes_the_check_and_is_never_overwritten(
    subtitled: Run, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "config.toml"
    asked = ("init", "--yes", "--library", tmp_path, "--output", path)
    done = subtitled(*asked)
    assert done.returncode == 0, done.stderr
    assert subtitled("--config", path, "config", "check").returncode == 0
    findings = json.loads(subtitled("--config", path, "doctor", "--json").stdout)
    about = [finding for finding in findings if str(tmp_path) in json.dumps(finding)]
    assert about
    assert all(finding["ok"] for finding in about)
    before = path.read_bytes()
    again = subtitled(*asked)
    assert again.returncode == 1
    assert "--output" in again.stderr
    assert path.read_bytes() == before
