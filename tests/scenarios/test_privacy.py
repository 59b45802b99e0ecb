"""Audio that may not leave the machine reaches no plugin and no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.namespaces import unshare
from support.recorded_speech import Recording

SPY = """
from pathlib import Path
from pydantic import Field
from subtitled.plugin import *
SUBTITLED_API = "1"
class Where(Settings):
    trace: Path = Field()
class Ear(Engine):
    Settings = Where
    @classmethod
    def capabilities(cls, settings):
        return EngineCapabilities(supports_language_detection=True, destination="spy:far")
    def load(self): self.note("loaded")
    def note(self, what):
        with self.settings.trace.open("a") as file: file.write(what + "\\n")
    def detect_language(self, audio, windows):
        self.note(f"heard {len(audio.read_samples(windows[0]))}")
        return [LanguageGuess(window, {Language("en"): 1.0}) for window in windows]
    def transcribe(self, audio, request):
        self.note(f"heard {len(audio.read_samples(request.chunk.span))}")
        return Transcript(language=request.language, words=())
class Tongue(Translator):
    Settings = Where
    @classmethod
    def capabilities(cls, settings): return TranslatorCapabilities(destination="spy:far")
    def translate(self, batch):
        with self.settings.trace.open("a") as file: file.write("read\\n")
        return Translation(batch.lines)
@hookimpl
def register_engines(register): register(Ear)
@hookimpl
def register_translators(register): register(Tongue)
"""


@pytest.fixture
def spied(tmp_path: Path, english_speech: Recording, model_base: Path) -> tuple[Path, Path]:
    """Build a library with a film, and a file in which a plugin records what it gets."""
    site = tmp_path / "site"
    info = site / "spy-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "spy.py").write_text(SPY)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[subtitled]\nspy = spy\n")
    films = tmp_path / "films"
    films.mkdir()
    shutil.copy(english_speech.path, films / "Prompts.flac")
    return films, tmp_path / "trace"


def _generate(
    films: Path, trace: Path, privacy: str, *before: str, to: str = "original"
) -> subprocess.CompletedProcess[str]:
    folder = films.parent
    (folder / "config.toml").write_text(
        f'[daemon]\nstate_dir = "{folder}/state"\n'
        f'[libraries.films]\npath = "{films}"\nallowed_destinations = {privacy}\n'
        f'[engines.spy]\ntrace = "{trace}"\n[engines.whisper]\n'
        f'[translators.spy]\ntrace = "{trace}"\n'
    )
    paths = os.pathsep.join(filter(None, (str(folder / "site"), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [
            *before,
            sys.executable,
            "-m",
            "subtitled",
            "--config",
            str(folder / "config.toml"),
            "generate",
            str(films / "Prompts.flac"),
            "--languages",
            to,
        ],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


@pytest.mark.model
@pytest.mark.parametrize(
    "privacy", ['"local"', pytest.param('["spy:near"]', marks=pytest.mark.slow)]
)
def test_a_plugin_in_a_forbidden_place_never_receives_a_byte(
    spied: tuple[Path, Path], privacy: str
) -> None:
    films, trace = spied
    ran = _generate(films, trace, privacy, to="original,fr")
    assert not trace.exists(), trace.read_text()
    assert (films / "Prompts.en.srt").exists(), ran.stderr
    assert not (films / "Prompts.fr.srt").exists()
    assert "fr" in ran.stdout


@pytest.mark.model
def test_where_it_is_allowed_the_same_plugin_is_asked_first(spied: tuple[Path, Path]) -> None:
    films, trace = spied
    _generate(films, trace, '["spy:far"]')
    assert "heard" in trace.read_text()


@pytest.mark.model
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a network without a way out")
def test_a_library_that_keeps_to_itself_works_whole_without_any_network(
    spied: tuple[Path, Path],
) -> None:
    films, trace = spied
    ran = _generate(films, trace, '"local"', *unshare("--net"))
    assert ran.returncode == 0, ran.stderr
    assert "service" in (films / "Prompts.en.srt").read_text()
    assert not trace.exists()
