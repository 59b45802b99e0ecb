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
from subtitled.config import first
from subtitled.config.load import load

Run = Callable[..., subprocess.CompletedProcess[str]]

names = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)
paths = names.map(lambda name: Path("/srv") / ("m" + name))
tags = st.lists(st.sampled_from(["original", "EN", "de-at", "zh-hans", "pt-BR"]), min_size=1)
servers = st.none() | st.builds(
    first.Server,
    st.sampled_from(sorted(first.KEYS)),
    st.sampled_from(["http://nas:8096", "https://[fd00::1]:1/x?y=%22#z"]).map(first.url),
    paths,
)
answers = st.builds(
    first.Answers,
    library=paths,
    languages=tags.map(",".join).map(first.languages),
    server=servers,
    send=st.booleans(),
    hours=st.sampled_from(["always", "22:00-07:00", "sat,sun", "weekdays 0:00-7:00"]).map(
        first.hours
    ),
)


@given(answers)
@settings(max_examples=60, deadline=None)
def test_whatever_is_answered_the_text_loads_and_says_it(said: first.Answers) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(first.written(said), "utf-8")
        found = load(path)
    (library,) = found.settings.libraries.values()
    assert library.path == said.library
    assert tuple(map(str, library.languages)) == said.languages
    assert library.privacy == ("any" if said.send else "local")
    windows = found.settings.schedule.windows
    assert [str(window) for window in windows] == [said.hours] * (said.hours != "always")
    assert not found.broken
    if said.server is None:
        assert not found.servers
    else:
        (options,) = (section.options for section in found.settings.servers.values())
        assert list(found.servers) == [said.server.kind]
        assert options["url"] == said.server.url
        key = options[first.KEYS[said.server.kind]]
        assert key == {"file": str(said.server.key_file)}


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        (first.library, "/no/such/folder"),
        (first.library, "a\0b"),
        (first.library, "/\udcff"),
        (first.languages, " , "),
        (first.languages, "en, 123"),
        (first.kind, "winamp"),
        (first.url, "nas:8096"),
        (first.url, "http://me:secret@nas"),
        (first.key_file, "/no/such/key"),
        (first.key_file, "/dev/null"),
        (first.hours, "at night"),
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
    found = load(path).settings
    assert found.libraries[first.LIBRARY].path == tmp_path
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
