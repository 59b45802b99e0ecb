"""Fake engines that run in their own processes, and services with them."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import load_config
from subtitled.config.plugins import ConfiguredComponent
from subtitled.jobcontext.services import Services, build_services, open_database
from subtitled.plugin import Engine, Settings
from support.harness import FakeEngine

SOURCE = '''
import time
from pathlib import Path
from subtitled.plugin import *

class ScriptedEngineSettings(Settings):
    log: Path
    at_once: int = 1
    longest: float | None = None
    whole: bool = False
    takes: float = 0.0
    word_times: bool = True
    refuses: float = -1.0   # the chunk that holds this second
    wrong_key: bool = False
    fault: bool = False
    busy: float = -1.0
    loops: bool = False
    word: str = "w"
    endless: bool = False   # until it is cancelled
    remote: bool = False

class ScriptedEngine(Engine):
    """Hears each piece of speech as a word that says where it begins; writes down every call."""
    Settings = ScriptedEngineSettings

    @classmethod
    def capabilities(cls, settings):
        return EngineCapabilities(
            supports_language_detection=True, max_concurrency=settings.at_once,
            max_chunk_seconds=settings.longest, whole_file=settings.whole,
            word_timestamps=settings.word_times,
            destination="example.com" if settings.remote else LOCAL,
        )

    def note(self, what):
        with self.settings.log.open("a") as file:
            file.write(f"{self.context.name} {what} {time.monotonic():.3f}\\n")

    def detect_language(self, audio, windows):
        return [LanguageGuess(window, {Language("en"): 0.9}) for window in windows]

    def transcribe(self, audio, request):
        at = request.chunk.span
        said = f"{at.start:.3f}-{at.end:.3f}"
        self.note("begin " + said)
        if request.checkpoint is not None:
            request.checkpoint.save(task=said)
        if self.settings.wrong_key:
            raise SetupError("the key is wrong", "Write the right one")
        if self.settings.fault:
            return {}[said]
        if at.start <= self.settings.refuses < at.end:
            raise InputRejectedError("it will not hear this")
        if at.start <= self.settings.busy < at.end:
            raise TransientError("it is busy")
        while self.settings.endless and not request.cancelled:
            request.progress(at.duration / 4)
            time.sleep(0.01)
        time.sleep(self.settings.takes)
        text = f" {self.settings.word}{{:.0f}} is what somebody says here"
        words = [
            Word(text=text.format(part.start), start=part.start, end=part.end, confidence=0.9)
            for part in request.chunk.speech
        ]
        if self.settings.loops:
            words = [
                Word(text=" again", start=moment, end=moment, confidence=0.3)
                for moment in (at.start + n * 0.01 for n in range(40))
            ]
        self.note("end " + said)
        return Transcript(
            language=request.language, words=tuple(words), engine=self.context.name
        )
'''


@contextmanager
def scripted_services(
    folder: Path, monkeypatch: pytest.MonkeyPatch, **engines: dict[str, Any]
) -> Iterator[Services]:
    """Build services with fake engines of these settings. Speech is detected by loudness."""
    (folder / "scripted_engine.py").write_text(SOURCE)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    monkeypatch.syspath_prepend(str(folder))
    sys.modules.pop("scripted_engine", None)
    component: type[Engine] = importlib.import_module("scripted_engine").ScriptedEngine
    configured: dict[str, ConfiguredComponent[Engine]] = {}
    for name, output in engines.items():
        settings: Settings = component.Settings.model_validate({"log": folder / "log", **output})
        configured[name] = ConfiguredComponent(
            name=name, plugin="scripted", component_class=component, settings=settings
        )
    loaded = load_config(None)
    daemon = loaded.settings.daemon.model_copy(update={"chunk_duration": 10.0})
    configuration = dataclasses.replace(
        loaded,
        engines=configured,
        settings=loaded.settings.model_copy(update={"daemon": daemon}),
    )
    services = build_services(configuration, open_database(configuration))
    monkeypatch.setattr(services.engines, "find_speech", partial(FakeEngine.find_speech, None))
    try:
        yield services
    finally:
        services.engines.close()


def calls(folder: Path, engine: str, what: str = "begin") -> list[tuple[float, float, float]]:
    """Return every call of an engine: start and end of the chunk, and when."""
    found = []
    log = folder / "log"
    for line in log.read_text().splitlines() if log.exists() else ():
        name, kind, span, moment = line.split()
        if (name, kind) == (engine, what):
            begin, _, end = span.partition("-")
            found.append((float(begin), float(end), float(moment)))
    return found
