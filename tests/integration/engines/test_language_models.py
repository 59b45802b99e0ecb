"""A model of one language is fetched when that language is spoken, and no other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.plugins import ConfiguredComponent
from subtitled.engines.client import EngineClient
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    Audio,
    Chunk,
    Language,
    Settings,
    TimeSpan,
    TranscriptionRequest,
)

POLYGLOT = '''
from subtitled.plugin import *
class Polyglot(Engine):
    """Engine that says which folders of models it knows."""
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities(supports_alignment=True)
    @classmethod
    def models(cls, settings): return [ModelSpec(name="all", files={"m": None})]
    @classmethod
    def models_for_language(cls, settings, language):
        return [ModelSpec(name=f"{language}-small", files={"a/m": None})]
    def transcribe(self, audio, request):
        (folder,) = request.models.values()
        text = " ".join([folder.name, (folder / "a/m").read_text(), *sorted(self.context.models)])
        word = Word(text=text, start=0.0, end=1.0)
        return Transcript(language=request.language, words=(word,))
    def align(self, audio, chunk, text, language):
        text = str(self.context.models[f"{language}-small"].name)
        return [Word(text=text, start=0.0, end=1.0)]
'''
WHOLE = TimeSpan(0.0, 1.0)
CHUNK = Chunk(WHOLE, (WHOLE,))
AUDIO = Audio(Path("/dev/null"))


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineClient]:
    """An engine in a process, whose models lie in a folder of the user's."""
    (tmp_path / "polyglot_engine.py").write_text(POLYGLOT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("polyglot_engine", None)
    import polyglot_engine  # type: ignore[import-not-found]

    for name in ("all/m", "de-small/a/m", "fr-small/a/m"):
        file = tmp_path / "user" / "polyglot" / name
        file.parent.mkdir(parents=True)
        file.write_text(f"({name})")
    configured: ConfiguredComponent[Any] = ConfiguredComponent(
        name="mine",
        plugin="polyglot",
        component_class=polyglot_engine.Polyglot,
        settings=Settings(),
    )
    store = ModelStore(tmp_path / "models", local=tmp_path / "user", offline=True)
    client = EngineClient(configured, store, 1, 600.0)
    yield client
    client.close()


def installed(tmp_path: Path) -> set[str]:
    folder = tmp_path / "models" / "polyglot"
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def test_only_the_models_of_spoken_languages_are_fetched(
    client: EngineClient, tmp_path: Path
) -> None:
    def transcribe(language: str) -> str:
        request = TranscriptionRequest(chunk=CHUNK, language=Language(language))
        return client.transcribe(AUDIO, request).text

    assert transcribe("de") == "de-small (de-small/a/m) all de-small"
    assert installed(tmp_path) == {"all", "de-small"}
    assert transcribe("fr") == "fr-small (fr-small/a/m) all de-small fr-small"
    (word,) = client.align(AUDIO, CHUNK, "x", Language("fr"))
    assert word.text == "fr-small"
