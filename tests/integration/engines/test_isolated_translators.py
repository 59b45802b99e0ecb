"""Translators with a process of their own, and the models of a pair of languages."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.engines import translators as engine_translators
from subtitled.engines.pool import EnginePool
from subtitled.engines.protocol import EngineCrashedError
from subtitled.media.errors import ShutdownRequested
from subtitled.plugin import (
    Batch,
    Language,
    Line,
    SetupError,
    TransientError,
    Translation,
)
from subtitled.plugin_kit.checking import ask
from subtitled.plugin_kit.questions import list_questions
from subtitled.plugin_kit.subject import Subject
from subtitled.translation.calls import call_translate
from support.broken_plugins.mistake import install_plugin

SOURCE = """
import os, signal, sys, threading, time
from pathlib import Path
from subtitled.plugin import *

SUBTITLED_API = "1"

class OddSettings(Settings):
    folder: Path
    log: Path

class Odd(Translator[OddSettings]):
    isolated = True

    @classmethod
    def capabilities(cls, settings):
        return TranslatorCapabilities()

    @classmethod
    def models(cls, settings):
        return [ModelSpec.in_folder(settings.folder / "base", ["base.bin"], name="base")]

    @classmethod
    def models_for_pair(cls, settings, source, target):
        name = f"{source}-{target}"
        return [ModelSpec.in_folder(settings.folder / name, ["model.bin"], name=name)]

    def load(self):
        self.base = (self.context.models["base"] / "base.bin").read_text()
        with self.settings.log.open("a") as log:
            log.write(f"{os.getpid()} {self.context.threads}\\n")

    def translate(self, batch):
        text = batch.lines[0].text
        if text == "segfault, my dear":
            print(text, file=sys.stderr); sys.stderr.flush()
            os.write(2, text.encode() + b"\\n"); os.kill(os.getpid(), signal.SIGSEGV)
        if text == "hang, my dear": time.sleep(600)
        if text == "raise, my dear": raise ValueError(f"cannot say {text!r}")
        if text == "lie, my dear": return {text: text}
        if text == "lie deeply, my dear": return Translation((Line(0, 7),))
        if text == "leave, my dear": sys.exit(text)
        if text == "print": print("somebody asks")
        if text.startswith("Call me Ishmael"): os.kill(os.getpid(), signal.SIGSEGV)
        main = threading.current_thread() is threading.main_thread()
        model = (batch.models[f"{batch.source}-{batch.target}"] / "model.bin").read_text()
        return Translation([Line(line.id, f"{self.base} {model} {main}") for line in batch.lines])

    def generate(self, instruction, text):
        return Generation(f"{instruction} {self.base}")

class Near(Odd):
    isolated = False

@hookimpl
def register_translators(register):
    register(Odd)
    register(Near, name="near")
"""
Make = Callable[..., EnginePool]


def batch_of(text: str, target: str = "fr") -> Batch:
    return Batch(lines=(Line(3, text),), source=Language("en"), target=Language(target))


@pytest.fixture
def open_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    install_plugin(tmp_path, "odd", SOURCE, "odd_translator")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    pools: list[EnginePool] = []
    for folder, file in (("base", "base.bin"), ("en-fr", "model.bin"), ("en-es", "model.bin")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text(folder)

    def open_one(plugin: str = "odd", **daemon: object) -> EnginePool:
        config = tmp_path / "config.toml"
        keys = "".join(f"{key} = {value}\n" for key, value in daemon.items())
        config.write_text(
            f'[daemon]\n{keys}[translators.mine]\nplugin = "{plugin}"\nfolder = "{tmp_path}"\n'
            f'log = "{tmp_path / "log"}"\n'
        )
        configuration = load_config(config)
        assert not configuration.unavailable
        pools.append(EnginePool(configuration, tmp_path / "models", threads=2))
        return pools[-1]

    yield open_one
    for pool in pools:
        pool.close()


def test_an_isolated_translator_has_one_process_its_models_and_the_threads_of_engines(
    open_pool: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "subtitled")
    pool = open_pool()
    assert pool.process_ids() == [], "no process before it is needed"
    first, second = pool.open_translator("mine"), pool.open_translator("mine")
    french = first.translate(batch_of("print"))
    assert french == Translation((Line(3, "base en-fr True"),))
    assert second.translate(batch_of("Yes.", "es")).lines[0].text == "base en-es True"
    assert second.generate("Summarise.", "x").text == "Summarise. base"
    ((process, threads),) = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert [int(process)] == pool.process_ids()
    assert (int(process) != os.getpid(), threads) == (True, "2")
    said = ("subtitled.plugin.mine", logging.INFO, "translator mine: somebody asks")
    deadline = time.monotonic() + 60
    while said not in caplog.record_tuples and time.monotonic() < deadline:
        time.sleep(0.02)
    assert said in caplog.record_tuples


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("segfault, my dear", r"SIGSEGV\) \(odd_translator.py:\d+, in transl"),
        ("hang, my dear", "did not answer within 1 s"),
    ],
)
def test_a_translator_that_takes_its_process_down_is_named_and_started_again(
    open_pool: Make, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.setattr("subtitled.translation.calls.time.sleep", lambda seconds: None)
    translator = open_pool().open_translator("mine")
    if text.startswith("hang"):
        monkeypatch.setattr(engine_translators, "CALL_TIMEOUT_SECONDS", 1.0)
    with pytest.raises(EngineCrashedError, match=told) as caught:
        call_translate("mine", translator, batch_of(text))
    assert "translator mine" in str(caught.value)
    assert "my dear" not in str(caught.value), "no message repeats the text of a subtitle"
    monkeypatch.setattr(engine_translators, "CALL_TIMEOUT_SECONDS", 60.0)
    assert translator.translate(batch_of("Yes.")).lines[0].id == 3


def test_a_translator_that_raises_or_returns_nonsense_is_named_with_its_line(
    open_pool: Make,
) -> None:
    translator = open_pool().open_translator("mine")
    for text, told in (
        ("raise, my dear", r"ValueError \(odd_translator.py:\d+, in Odd.translate\)"),
        ("lie, my dear", "returned dict, not a Translation"),
        ("lie deeply, my dear", r"returned int as lines\[0\].text, not text"),
        ("leave, my dear", r"SystemExit \(odd_translator.py"),
    ):
        with pytest.raises(SetupError, match=told) as caught:
            call_translate("mine", translator, batch_of(text))
        assert "translator mine" in str(caught.value)
        assert "my dear" not in str(caught.value), "no message repeats the text of a subtitle"
        assert translator.translate(batch_of("Yes.")).lines[0].id == 3


def test_the_kit_asks_an_isolated_translator_in_its_process_as_the_core_does(
    open_pool: Make, tmp_path: Path
) -> None:
    pool = open_pool()
    configured = load_config(tmp_path / "config.toml").translators["mine"]
    subject = Subject(configured=configured, folder=tmp_path, models=tmp_path / "models")
    questions = {question.name: question for question in list_questions("translators")}
    try:
        listed = ask(questions["lists models of a pair"], subject, "models")
        crashed = ask(questions["translates lines"], subject, "lines")
    finally:
        subject.close()
    assert listed.ok
    assert not crashed.ok
    assert "translator mine crashed (SIGSEGV) (odd_translator.py:" in crashed.detail
    assert "Ishmael" not in crashed.detail
    assert pool.process_ids() == []


def test_a_translator_whose_model_is_missing_is_told_so_and_starts_no_process(
    open_pool: Make, tmp_path: Path
) -> None:
    pool = open_pool()
    with pytest.raises((SetupError, TransientError), match="en-de"):
        pool.open_translator("mine").translate(batch_of("Yes.", "de"))
    assert pool.process_ids() == []


def test_a_translator_in_the_daemon_has_models_too(open_pool: Make, tmp_path: Path) -> None:
    pool = open_pool("odd:near")
    translator = pool.open_translator("mine")
    assert translator.translate(batch_of("Yes.")).lines[0].text == "base en-fr False"
    assert translator.translate(batch_of("No.", "es")).lines[0].text == "base en-es False"
    assert (tmp_path / "log").read_text() == f"{os.getpid()} 2\n", "loaded once"
    assert pool.open_translator("mine") is not translator
    assert pool.process_ids() == []


def test_closing_the_pool_ends_a_translator_for_good(open_pool: Make) -> None:
    pool = open_pool()
    translator = pool.open_translator("mine")
    translator.translate(batch_of("Yes."))
    pool.close()
    assert pool.process_ids() == []
    with pytest.raises(ShutdownRequested):
        translator.translate(batch_of("Yes."))
