"""Tests of the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.process_guard import killed_with_parent
from support.recorded_speech import Recording

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.model
def test_generate_works_without_any_configuration(
    subtitled: Run, english_speech: Recording, tmp_path: Path, model_base: Path
) -> None:
    media = tmp_path / "[a] film.flac"
    shutil.copyfile(english_speech.path, media)
    ran = subtitled(
        "generate",
        media,
        "--languages",
        "original,English",
        "--format",
        "srt,vtt,lrc,ttml,json,txt",
    )
    assert ran.returncode == 0, ran.stderr
    assert english_speech.phrase in " ".join((tmp_path / "[a] film.en.srt").read_text().split())
    assert (tmp_path / "[a] film.en.vtt").read_text().startswith("WEBVTT")
    log_file = json.loads((tmp_path / "[a] film.en.json").read_text())
    words = [word for segment in log_file["segments"] for word in segment["words"]]
    assert words[-1]["word"] == " received."
    assert all(0 < word["probability"] <= 1 for word in words)
    assert "[ti:a film]" in (tmp_path / "[a] film.en.lrc").read_text()
    assert 'xml:lang="en"' in (tmp_path / "[a] film.en.ttml").read_text()
    assert english_speech.phrase in (tmp_path / "[a] film.en.txt").read_text()
    again = subtitled("generate", media, "--languages", "original", "--format", "srt,json,txt")
    assert "everything wanted is there" in again.stdout
    (tmp_path / "[a] film.en.srt").write_text("mine now")
    third = subtitled("generate", media, "--languages", "en", "--format", "srt,ass")
    assert third.returncode == 0
    assert (tmp_path / "[a] film.en.srt").read_text() == "mine now"


def test_wrong_use_exits_2_and_failure_exits_1(subtitled: Run, tmp_path: Path) -> None:
    assert subtitled("generate", tmp_path / "x.mkv", "--languages", "engrish").returncode == 2
    assert subtitled("generate", tmp_path / "x.mkv", "--engine", "no").returncode == 2
    gone = subtitled("generate", tmp_path / "x.mkv")
    assert gone.returncode == 1
    assert "x.mkv" in gone.stderr
    assert subtitled("--config", tmp_path / "no.toml", "status").returncode == 2
    assert subtitled("run").returncode == 2


def test_plan_and_explain_give_reasons(subtitled: Run, film: Callable[..., Path]) -> None:
    media = film("a.mkv", "sine=d=3", ("-metadata:s:a:0", "language=fre"))
    (media.parent / "a.fr.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nx\n")
    planned = json.loads(subtitled("plan", media, "--json").stdout)
    assert planned["files"][0]["requirements"] == []
    assert "a.fr.srt" in planned["files"][0]["reasons"]
    explanation = json.loads(subtitled("explain", media, "--json").stdout)
    assert explanation["audio"] == ["track 1: fr (chosen: the only one)"]
    text = media.parent / "b.mkv"
    text.write_text("no film")
    bad = subtitled("plan", text)
    assert bad.returncode == 1
    assert "not a media file" in bad.stdout


def test_doctor_reports_failed_checks_with_hints(subtitled: Run, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        f'[daemon]\nhallucination_phrases = "{tmp_path}/none.toml"\n'
        f'[libraries.a]\npath = "{tmp_path}/gone"\n[servers.nonsense]\n'
    )
    ran = subtitled("--config", config, "doctor", "--json")
    assert ran.returncode == 1
    wrong = {f["subject"]: f["hint"] for f in json.loads(ran.stdout) if not f["ok"]}
    assert "Mount it" in wrong["library a"]
    assert "jellyfin" in wrong["servers.nonsense"]
    assert "daemon.hallucination_phrases" in wrong["phrases"]


def test_lists_can_be_printed_as_json(subtitled: Run, tmp_path: Path) -> None:
    names = [row["name"] for row in json.loads(subtitled("models", "list", "--json").stdout)]
    assert names == ["tiny.en", "base", "small", "medium", "large-v3", "large-v3-turbo"]
    plugins = json.loads(subtitled("plugins", "list", "--json").stdout)
    assert {"whisper", "jellyfin"} <= {row["name"] for row in plugins}
    assert json.loads(subtitled("queue", "list", "--json").stdout) == []
    assert json.loads(subtitled("status", "--json").stdout)["running"] is False


ENGINE = '''
from pathlib import Path
from subtitled.plugin import *
SUBTITLED_API = "1"
class Parrot(Engine):
    """Engine with the same word in every chunk."""
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities(supports_language_detection=True)
    def detect_language(self, audio, windows):
        return [LanguageGuess(window, {Language("eo"): 0.9}) for window in windows]
    def transcribe(self, audio, request):
        start = request.chunk.speech[0].start
        words = (Word(text=" Saluton", start=start, end=start + 0.5),)
        return Transcript(language=request.language, words=words)
class BellSettings(Settings):
    file: Path
class Bell(MediaServer):
    Settings = BellSettings
    def refresh(self, changes, strategy):
        (change,) = changes
        self.settings.file.write_text(f"{change.media.name} {change.added[0].path.name}")
@hookimpl
def register_engines(register): register(Parrot)
@hookimpl
def register_media_servers(register): register(Bell)
'''


def test_third_party_engine_and_server_run_a_job(
    home: Path, english_speech: Recording, tmp_path: Path
) -> None:
    """Install the plugin with pip into a virtual environment."""
    source = tmp_path / "parrot"
    source.mkdir()
    (source / "parrot.py").write_text(ENGINE)
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "subtitled-parrot"\nversion = "1.0"\n'
        '[project.entry-points.subtitled]\nparrot = "parrot"\n'
        '[tool.hatch.build.targets.wheel]\ninclude = ["parrot.py"]\n'
    )
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    site = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, source]
    subprocess.run(pip, check=True, stdin=subprocess.DEVNULL)
    here = [path for path in sys.path if path.endswith("site-packages")]
    roots = [str(Path(__file__).parents[3] / root) for root in ("daemon", "plugins")]
    (site / "subtitled.pth").write_text("\n".join([*here, *roots]))
    library = tmp_path / "films"
    library.mkdir()
    shutil.copyfile(english_speech.path, library / "Prompts.flac")
    log_file = tmp_path / "told"
    config = tmp_path / "c.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{tmp_path}/st"\n[engines.parrot]\n'
        f'[servers.bell]\nplugin = "parrot"\nfile = "{log_file}"\n'
        f'[libraries.films]\npath = "{library}"\nstability_delay = "0s"\n'
    )
    daemon = subprocess.Popen(
        killed_with_parent(
            tmp_path / "env/bin/python", "-m", "subtitled", "--config", config, "run"
        ),
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not log_file.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        daemon.terminate()
        _, log = daemon.communicate(timeout=15)
    assert log_file.exists(), log.decode()
    assert log_file.read_text() == "Prompts.flac Prompts.eo.srt"
    assert "Saluton" in (library / "Prompts.eo.srt").read_text()


def test_explain_of_a_folder_says_what_to_name_instead(
    subtitled: Run, home: Path, tmp_path: Path
) -> None:
    library = tmp_path / "films"
    library.mkdir()
    config = home / "config.toml"
    config.write_text(f'[daemon]\nstate_dir = "{home}/st"\n[libraries.films]\npath = "{library}"\n')
    folder = subtitled("--config", config, "explain", library)
    assert folder.returncode == 2
    assert "subtitled plan FOLDER" in folder.stderr
    gone = subtitled("--config", config, "explain", library / "gone.mkv")
    assert gone.returncode == 1
    assert "the file does not exist" in gone.stderr
