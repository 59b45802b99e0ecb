"""The examples of docs/plugins/ do what the pages say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli

from subtitled.config.load import load_config
from subtitled.config.plugin_calls import call_event_hooks
from subtitled.config.plugin_endpoints import EndpointRequest, EndpointRunner
from subtitled.config.plugin_loader import PluginLoader
from subtitled.config.plugin_registration import list_known_hooks
from subtitled.engines.pool import EnginePool
from subtitled.plugin import (
    Batch,
    ComponentContext,
    EndpointCaller,
    EndpointRole,
    JobFailed,
    JobFinished,
    Language,
    Line,
    Notification,
    Sidecar,
    SidecarChange,
)
from subtitled.subtitles.formats import read_cues
from support.recorded_speech import Recording

FOLDER = Path(__file__).parents[3] / "docs" / "plugins"
PAGES = sorted(FOLDER.glob("*.md"))
FENCE = re.compile(r'```(\w+)(?: title="([^"]+)")?\n(.*?)```', re.DOTALL)
FILES = {
    title: source
    for page in PAGES
    for _, title, source in FENCE.findall(page.read_text("utf-8"))
    if title
}
MODULES = {
    Path(title).parent.name if title.endswith("__init__.py") else Path(title).stem: source
    for title, source in FILES.items()
    if "SUBTITLED_API" in source
}
"""Module of each plugin of the pages -> its source."""
PLUGINS = {name.removeprefix("subtitled_"): name for name in MODULES}


def install_metadata(folder: Path, name: str, module: str) -> None:
    """Write the metadata of a distribution with a plugin, as pip does."""
    info = folder / f"{module}-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[subtitled]\n{name} = {module}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A folder of site packages with every plugin of the pages."""
    folder = tmp_path / "site"
    for name, module in PLUGINS.items():
        install_metadata(folder, name, module)
        (folder / f"{module}.py").write_text(MODULES[module], "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    yield folder
    for module in MODULES:
        sys.modules.pop(module, None)


@pytest.mark.parametrize("name", PLUGINS)
def test_each_plugin_of_the_pages_can_be_loaded(site: Path, name: str) -> None:
    loader = PluginLoader()
    assert loader.load(name) is None
    assert loader.components(name) or list_known_hooks(loader.module(name))
    assert loader.warnings == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_snippet_of_a_page_runs(page: Path) -> None:
    names: dict[str, Any] = {}
    exec("from subtitled.plugin import *\nfrom pathlib import Path", names)
    for language, title, source in FENCE.findall(page.read_text("utf-8")):
        if language == "python" and not title:
            exec(compile(source, page.name, "exec"), names)
        elif language == "toml":
            tomli.loads(source)
        else:
            assert title or language in ("sh", "text"), f"nothing tests this {language}"


@pytest.mark.thorough
def test_the_tutorial_leads_from_nothing_to_a_subtitle(
    home: Path, english_speech: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are written and its commands run in order, except those that install packages."""
    (home / "film.mkv").write_bytes(english_speech.path.read_bytes())
    project = home / "subtitled-loudness" / "src"
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(project))
    printed = ""
    for language, title, source in FENCE.findall((FOLDER / "tutorial.md").read_text("utf-8")):
        if title:
            (home / title).write_text(source, "utf-8")
        elif language == "sh" and "venv" not in source:
            script = "\n".join(line for line in source.splitlines() if "pip install" not in line)
            completed = subprocess.run(
                ["sh", "-ec", script], cwd=home, capture_output=True, text=True, check=False
            )
            printed = completed.stdout
            assert completed.returncode == 0, f"{source}{printed}{completed.stderr}"
            if "pip install" in source:
                install_metadata(project, "loudness", "subtitled_loudness")
    cues = read_cues((home / "film.en.srt").read_bytes(), "srt")
    assert {word for cue in cues for word in cue.text.split()} <= {"Loud.", "Quiet."}
    assert " passed" in printed


def run_tests(site: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of the page about testing, with pytest and as an author does."""
    for title, source in FILES.items():
        if title.startswith("test_"):
            (site / title).write_text(source, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=site, capture_output=True, text=True, check=False)


@pytest.mark.examples
def test_the_tests_of_the_page_about_testing_pass(site: Path) -> None:
    completed = run_tests(site, "-k", "not a_subtitle_is_made")
    assert completed.returncode == 0, completed.stdout


@pytest.mark.examples
def test_the_test_with_a_daemon_of_the_page_passes(site: Path) -> None:
    completed = run_tests(site, "-k", "a_subtitle_is_made")
    assert "1 passed" in completed.stdout, completed.stdout


def test_components_of_the_documentation_work(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "all.toml"
    config.write_text(
        "[translators.shout]\n[notifiers.bell]\n"
        f'[servers.jotter]\nfile = "{tmp_path / "changes.txt"}"\n'
    )
    loaded = load_config(config)
    assert loaded.unavailable == ()
    batch = Batch(lines=(Line(7, "Hello."),), source=Language("en"), target=Language("es"))
    shout = loaded.translators["shout"].create()
    assert shout.translate(batch).lines == (Line(7, "HELLO."),)
    media = tmp_path / "film.mkv"
    change = SidecarChange(media, added=(Sidecar(media.with_suffix(".srt"), Language("en")),))
    jotter = loaded.servers["jotter"].create()
    jotter.refresh([change], 0)
    assert jotter.check_indexed(change).is_complete
    bell = loaded.notifiers["bell"].create()
    bell.notify([Notification(1, 0.0, JobFailed(media, "no key", "Set one"))])
    assert "film.mkv no key" in capsys.readouterr().out
    assert ComponentContext("x").log.name == "subtitled.plugin.x"


def test_the_translator_with_models_of_the_page_translates_as_in_its_own_process(
    site: Path, tmp_path: Path
) -> None:
    for target, text in (("fr", "Bonjour."), ("de", "Hallo.")):
        (tmp_path / f"en-{target}").mkdir()
        (tmp_path / f"en-{target}" / "phrases.json").write_text(f'{{"Hello.": "{text}"}}')
    config = tmp_path / "config.toml"
    config.write_text(f'[translators.phrasebook]\nfolder = "{tmp_path}"\n')
    pool = EnginePool(load_config(config), tmp_path / "models", threads=1)
    pool.run_here()
    lines = (Line(1, "Hello."), Line(2, "Unknown."))
    batch = Batch(lines=lines, source=Language("en"), target=Language("fr"))
    translation = pool.open_translator("phrasebook").translate(batch)
    assert translation.lines == (Line(1, "Bonjour."),)


def test_the_journal_of_the_page_is_written_and_printed(
    site: Path,
    subtitled: Callable[..., Any],
    tmp_path: Path,
) -> None:
    config = tmp_path / "journal.toml"
    config.write_text(f'[plugins.journal]\nfile = "{tmp_path}/my journal.txt"\n')
    event = JobFinished(Path("film.mkv"), (), "no speech found")
    call_event_hooks(load_config(config).hooks, "job_finished", event, 5.0)
    assert subtitled("--config", config, "journal").stdout == "film.mkv: no speech found\n"


def test_the_endpoint_of_the_page_keeps_ideas_and_lists_them(site: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[web]\nport = 8085\n[endpoints.ideas]\nfile = "{tmp_path / "ideas.txt"}"\n')
    loaded = load_config(config)
    assert loaded.unavailable == ()
    configured = loaded.endpoints["ideas"]
    runner = EndpointRunner(
        plugin="ideas",
        application=configured.create().application(),
        capabilities=configured.capabilities(),
    )
    ana = EndpointCaller(name="ana", role=EndpointRole.VIEWER)

    def ask(method: str, body: bytes = b"") -> tuple[int, Any]:
        answer = runner.ask(
            EndpointRequest(
                method=method, root_path="/x/ideas", path="/x/ideas/", body=body, caller=ana
            )
        )
        return answer.status, json.loads(answer.body)

    assert ask("POST", b"Metropolis (1927)") == (201, {"kept": "Metropolis (1927)"})
    assert ask("POST")[0] == 400
    assert ask("GET") == (200, ["ana: Metropolis (1927)"])
