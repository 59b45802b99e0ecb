"""The examples in examples/plugins/ pass their own tests and ``plugins check``.

``make test-examples`` installs them in a new environment, and also runs the one with large weights.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from subtitled.engines import process_client
from subtitled.engines.local_engine import LocalEngine
from subtitled.plugin import CheckResult
from subtitled.plugin_kit import checking
from subtitled.plugin_kit.checking import CheckRequest, check_plugin

FOLDER = Path(__file__).parents[3] / "examples" / "plugins"
EXAMPLES = sorted(project.parent for project in FOLDER.glob("*/pyproject.toml"))
SETTINGS = {
    "own-sherpa": {"model": "/srv/models/parakeet", "languages": ["en"]},
    "wyoming-example": {"url": "tcp://nas:10300"},
    "wordbook": {"file": "words.tsv", "source": "en", "target": "es"},
    "audiobookshelf": {"url": "http://nas:13378", "api_key": {"env": "KEY"}},
    "ntfy": {"topic": "films"},
}
"""The keys that have no default."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the metadata of each example, as an editable installation has it."""
    folder = tmp_path_factory.mktemp("site")
    for example in EXAMPLES:
        project = tomllib.loads((example / "pyproject.toml").read_text("utf-8"))["project"]
        info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        ((name, module),) = project["entry-points"]["subtitled"].items()
        (info / "entry_points.txt").write_text(f"[subtitled]\n{name} = {module}\n")
    return folder


@pytest.fixture
def paths(site: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put the examples on ``sys.path``, and return those paths."""
    paths = [str(site), *(str(example / "src") for example in EXAMPLES)]
    for path in paths:
        monkeypatch.syspath_prepend(path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return paths


@pytest.mark.examples
def test_each_example_passes_its_own_tests(paths: list[str], tmp_path: Path) -> None:
    completed = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rfE"),
            *("--import-mode", "importlib", "--rootdir", str(tmp_path), "-k", "not TestMoonshine"),
            *(str(example / "tests") for example in EXAMPLES),
        ],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_plugins_check_finds_nothing_wrong(
    paths: list[str], example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "a key")
    monkeypatch.chdir(tmp_path)
    Path("words.tsv").write_text("sea\tmar\n")
    alone = CheckResult("import", True, "in a process of its own")
    monkeypatch.setattr(checking, "_check_import", lambda module: alone)
    monkeypatch.setattr(process_client, "EngineProcess", lambda name, spec, **_: LocalEngine(spec))
    request = CheckRequest(
        plugin=example.name,
        shared_options=SETTINGS.get(example.name, {}),
        folder=tmp_path,
        models=tmp_path / "models",
    )
    results = list(check_plugin(request))
    assert [result for result in results if not result.ok] == []
    assert len(results) > (3 if example.name == "journal" else 5)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_distribution_with_a_readme_and_a_suite(example: Path) -> None:
    project = tomllib.loads((example / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == f"subtitled-{example.name}"
    assert example.name in project["entry-points"]["subtitled"]
    readme = (example / "README.md").read_text("utf-8")
    assert f"# {project['name']}" in readme and "```toml" in readme
    assert "Suite)" in (example / "tests" / "test_plugin.py").read_text("utf-8")
