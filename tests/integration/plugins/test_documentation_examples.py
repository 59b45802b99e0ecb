"""The examples of docs/plugins/ do what the pages say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import load_config
from subtitled.config.plugin_calls import call_event_hooks
from subtitled.config.plugin_endpoints import EndpointRequest, EndpointRunner
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

PAGES = sorted((Path(__file__).parents[3] / "docs" / "plugins").glob("*.md"))
FILES = {
    name: source
    for page in PAGES
    for name, source in re.findall(
        r'```\w+ title="([^"]+)"\n(.*?)```', page.read_text("utf-8"), re.DOTALL
    )
}
PLUGINS = ("loudness", "shout", "phrasebook", "jotter", "bell", "journal", "ideas")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A folder of site packages with every plugin of the page."""
    folder = tmp_path / "site"
    for name in PLUGINS:
        info = folder / f"{name}-0.1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        (info / "entry_points.txt").write_text(f"[subtitled]\n{name} = {name}\n")
    for name, source in FILES.items():
        (folder / name).write_text(source, "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    yield folder
    for name in (*PLUGINS, "test_loudness"):
        sys.modules.pop(name, None)


def test_the_engine_of_the_tutorial_passes_its_own_test(site: Path) -> None:
    completed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_loudness.py"],
        cwd=site,
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stdout


def test_the_engine_of_the_tutorial_makes_a_subtitle(
    site: Path, subtitled: Callable[..., Any], english_speech: Recording, tmp_path: Path
) -> None:
    film = tmp_path / "film.flac"
    film.write_bytes(english_speech.path.read_bytes())
    config = site / "config.toml"
    generate = ("generate", "--engine", "loudness", "--languages", "original", film)
    completed = subtitled("--config", config, *generate)
    assert completed.returncode == 0, completed.stderr
    cues = read_cues(film.with_suffix(".en.srt").read_bytes(), "srt")
    assert {word for cue in cues for word in cue.text.split()} <= {"Loud.", "Quiet."}
    assert "loudness" in subtitled("--config", config, "plugins", "list").stdout


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
    runner = EndpointRunner("ideas", configured.create().application(), configured.capabilities())
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
