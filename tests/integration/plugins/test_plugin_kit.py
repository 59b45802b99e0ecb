"""The suites and fixtures for authors, in a run of pytest of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.broken_plugins import (
    ANSWERING,
    CALLING,
    FORGIVEN,
    LOADING,
    OUTSIDE,
    SEGFAULT,
    SOURCES,
    install_plugin,
)

SUITES = {
    "engines": "EngineSuite",
    "translators": "TranslatorSuite",
    "servers": "MediaServerSuite",
    "notifiers": "NotifierSuite",
    "endpoints": "EndpointSuite",
}
IN_THEIR_PROCESS = ("segfault", "good_engines")
CONFTEST = f"""
import pytest
from subtitled.engines import process_client
from subtitled.engines.local_engine import LocalEngine

@pytest.fixture(autouse=True, scope="class")
def engines_in_this_process(request):
    with pytest.MonkeyPatch.context() as patch:
        if request.cls and request.cls.plugin not in {IN_THEIR_PROCESS}:
            local = lambda name, spec, **_: LocalEngine(spec)
            patch.setattr(process_client, "EngineProcess", local)
        yield
"""


def run_pytest(folder: Path, *options: str) -> str:
    """Run the tests of a folder as an author does, and return what pytest printed."""
    completed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    return completed.stdout


@pytest.mark.thorough
def test_the_suites_fail_what_is_wrong_and_pass_what_is_right(tmp_path: Path) -> None:
    lines = ["from subtitled.plugin.testing import *\n"]
    broken = [SEGFAULT, *LOADING, *CALLING, *OUTSIDE, *ANSWERING]
    for mistake in broken:
        mistake.install(tmp_path)
    good = {f"good_{kind}": kind for kind in SOURCES} | dict.fromkeys(FORGIVEN, "engines")
    for name, kind in good.items():
        install_plugin(tmp_path, name, FORGIVEN.get(name) or SOURCES[kind])
    for name, kind in (good | {mistake.name: mistake.kind for mistake in broken}).items():
        lines.append(f"class Test_{name}({SUITES[kind]}):\n    plugin = {name!r}\n")
    (tmp_path / "test_plugins.py").write_text("\n".join(lines))
    (tmp_path / "conftest.py").write_text(CONFTEST)
    printed = run_pytest(tmp_path, "-rfE")
    failed = set(re.findall(r"^(?:FAILED|ERROR) .*::Test_(\w+)::", printed, re.MULTILINE))
    wrong = {mistake.name for mistake in broken}
    assert failed == wrong, f"{sorted(failed ^ wrong)}\n{printed}"
    for mistake in broken:
        assert mistake.place in printed, mistake.name
        assert mistake.message in printed, mistake.name


FIXTURES = """
from subtitled.plugin import TimeSpan
from subtitled.plugin.testing import Subtitle

def test_track(track):
    audio = track(silence=2.0, voice=1.0)
    assert audio.duration == 3.0
    assert not audio.read_samples(TimeSpan(0, 2)).any()
    assert abs(audio.read_samples(TimeSpan(2, 3))).max() > 0.1

def test_speech(track, speech):
    said = speech("Call me Ishmael.")
    audio = track(silence=1.0, file=said)
    assert 1.5 < audio.duration < 5.0
    assert not audio.read_samples(TimeSpan(0, 1)).any()

def test_fakes(fake_jellyfin, fake_emby, fake_plex, fake_chat, fake_transcriptions,
               fake_libretranslate):
    fakes = (fake_jellyfin, fake_emby, fake_plex, fake_chat, fake_transcriptions,
             fake_libretranslate)
    assert len({fake.url for fake in fakes}) == 6
    fake_jellyfin.film("/films/a.mkv", Subtitle("/films/a.en.srt", "en"))

def test_a_wrong_request(fake_plex):
    import urllib.request, urllib.error
    request = urllib.request.Request(
        fake_plex.url + "/identity?x=1", headers={"X-Plex-Token": fake_plex.key}
    )
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError:
        pass
"""


def test_the_fixtures_for_authors_need_no_conftest(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(FIXTURES)
    printed = run_pytest(tmp_path, "-rE")
    assert "4 passed, 1 error" in printed, printed
    assert re.search(r"^GET /identity\?x=1", printed, re.MULTILINE), printed


DAEMON = """
def test_daemon(daemon_with, speech):
    daemon = daemon_with("good_notifiers")
    film = daemon.add(speech("Call me Ishmael. Some years ago I went to sea."), "film.wav")
    subtitle = daemon.wait_for(film.with_suffix(".en.srt"))
    assert "Call me Ishmael." in subtitle.read_text()
    daemon.wait_until(lambda: "the plugin was told of film.wav" in daemon.read_log())
    assert "film.wav" in daemon.run("explain", film).stdout
"""


@pytest.mark.examples
def test_a_plugin_works_in_a_daemon(tmp_path: Path) -> None:
    told = SOURCES["notifiers"].replace(
        "        pass",
        "        for one in notifications:\n"
        '            print("the plugin was told of", one.event.media.name)',
    )
    install_plugin(tmp_path, "good_notifiers", told)
    (tmp_path / "test_mine.py").write_text(DAEMON)
    printed = run_pytest(tmp_path)
    assert "1 passed" in printed, printed


def test_other_runs_of_pytest_import_nothing_of_ours(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n\ndef test_it():\n"
        "    ours = [name for name in sys.modules if name.startswith('subtitled')]\n"
        "    assert ours == ['subtitled', 'subtitled.plugin_kit',"
        " 'subtitled.plugin_kit.pytest_plugin'], ours\n"
    )
    assert "1 passed" in run_pytest(tmp_path)
