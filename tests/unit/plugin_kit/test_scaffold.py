"""A new project can be installed, checked and used as it was made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

from subtitled.config.load import load_config
from subtitled.engines import process_client
from subtitled.engines.local_engine import LocalEngine
from subtitled.plugin import SetupError
from subtitled.plugin_kit import checking
from subtitled.plugin_kit.checking import CheckRequest, check_plugin
from subtitled.plugin_kit.describing import describe_plugin
from subtitled.plugin_kit.scaffold import KINDS, create_project, section_of

Install = Callable[[str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make a project and install it as an editable installation does."""
    monkeypatch.setattr(process_client, "EngineProcess", lambda name, spec, **_: LocalEngine(spec))

    def make(kind: str) -> Path:
        name = f"my-{kind}"
        root, *_ = create_project(kind, name, tmp_path)
        project = tomli.loads((root / "pyproject.toml").read_text())["project"]
        info = root / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        entries = "".join(f"{k} = {v}\n" for k, v in project["entry-points"]["subtitled"].items())
        (info / "entry_points.txt").write_text(f"[subtitled]\n{entries}")
        monkeypatch.syspath_prepend(str(root / "src"))
        monkeypatch.setenv("PYTHONPATH", str(root / "src"))
        sys.modules.pop(f"subtitled_my_{kind}", None)
        return root

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_is_right_as_made(install: Install, tmp_path: Path, kind: str) -> None:
    install(kind)
    request = CheckRequest(
        plugin=f"my-{kind}", folder=tmp_path, models=tmp_path / "models", sends=True
    )
    results = list(check_plugin(request))
    assert [result for result in results if not result.ok] == []
    assert len(results) > (1 if kind == "hooks" else 5)
    config = tmp_path / "config.toml"
    config.write_text(section_of(kind, f"my-{kind}"))
    assert load_config(config).unavailable == ()


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["hooks"])  # the tutorial in docs/plugins has an engine
def test_the_tests_of_a_new_project_pass(install: Install, kind: str) -> None:
    completed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=install(kind),
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_the_section_that_is_shown_can_be_copied(
    install: Install, tmp_path: Path, kind: str
) -> None:
    install(kind)
    description = describe_plugin(f"my-{kind}")
    config = tmp_path / "config.toml"
    for text in (description.section, description.section.replace("# ", "")):
        lines = [line for line in text.splitlines() if "=" in line or line.startswith("[")]
        config.write_text("\n".join(lines))
        assert load_config(config).unavailable == ()
    assert description.api == "1"
    assert description.distribution == f"subtitled-my-{kind}"


def test_the_section_of_each_bundled_plugin_is_toml() -> None:
    for plugin in ("whisper", "openai", "qwen", "jellyfin", "plex", "kodi", "webhook", "command"):
        description = describe_plugin(plugin)
        tables = tomli.loads(description.section)
        assert tables, plugin
        every_key = [line.removeprefix("# ") for line in description.section.splitlines()]
        tomli.loads("\n".join(line for line in every_key if " = " in line or line[:1] == "["))
    assert any("base" in model for model in describe_plugin("whisper").models)


@pytest.mark.parametrize("name", ["", "My", "1st", "a b", "../x", "class", "x-", "\u00e9"])
def test_a_name_that_cannot_be_used_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SetupError, match="cannot be the name"):
        create_project("engine", name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "subtitled-mine").mkdir()
    with pytest.raises(SetupError, match="exists already"):
        create_project("engine", "mine", tmp_path)
    assert not list((tmp_path / "subtitled-mine").iterdir())


def test_the_import_is_tried_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prints_much.py").write_text("print('hello')")
    monkeypatch.syspath_prepend(str(tmp_path))
    result = checking._check_import("prints_much")
    assert not result.ok and "it prints" in result.detail


def test_a_new_project_has_the_files_that_the_tutorial_lists(tmp_path: Path) -> None:
    tutorial = (Path(__file__).parents[3] / "docs" / "plugins" / "tutorial.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.*`) \|", tutorial, re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    root, *files = create_project("engine", "loudness", tmp_path)
    assert root.name == "subtitled-loudness"
    assert {str(file.relative_to(root)) for file in files} == listed
