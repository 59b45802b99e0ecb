"""The settings of hooks: the sections ``[plugins.NAME]``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.config.load import Configuration, ConfigurationError, load_config
from subtitled.config.plugin_calls import call_event_hooks
from subtitled.config.reference import dump_settings
from subtitled.plugin import JobFinished

JOURNAL = """
from pathlib import Path
from pydantic import Field
from subtitled.plugin import Settings, hookimpl
SUBTITLED_API = "1"
class JournalSettings(Settings):
    file: Path = Field(description="The file to write to.")
    prefix: str = Field("", description="The first word.")
@hookimpl
def register_settings(register): register(JournalSettings)
@hookimpl
def job_finished(event, settings, context):
    settings.file.write_text(f"{context.name}: {settings.prefix}{event.outcome}")
"""
ENGINE = """
from subtitled.plugin import Engine, EngineCapabilities
class Mine(Engine):
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities()
    def transcribe(self, audio, request): ...
@hookimpl
def register_engines(register): register(Mine)
"""
Install = Callable[..., None]


def _load(tmp_path: Path, text: str) -> Configuration:
    file = tmp_path / "c.toml"
    file.write_text(text, "utf-8")
    return load_config(file)


def _finish(loaded: Configuration) -> None:
    call_event_hooks(loaded.hooks, "job_finished", JobFinished(Path("a"), (), "done"), 5.0)


def test_hooks_get_the_settings_of_their_section_and_a_context(
    install: Install, tmp_path: Path
) -> None:
    install("journal", JOURNAL)
    text = f'[plugins.journal]\nfile = "{tmp_path}/j.txt"\nprefix = "I "\n'
    loaded = _load(tmp_path, text)
    assert not loaded.unavailable
    _finish(loaded)
    assert (tmp_path / "j.txt").read_text() == "journal: I done"
    assert dump_settings(loaded)["plugins"]["journal"]["prefix"] == "I "


def test_a_mistake_in_the_section_is_told_with_its_line(install: Install, tmp_path: Path) -> None:
    install("journal", JOURNAL)
    text = '[plugins.journal]\nfile = "/j.txt"\nprefixx = "I "\n'
    with pytest.raises(ConfigurationError, match="c.toml:3: plugins.journal.prefixx") as caught:
        _load(tmp_path, text)
    assert "Did you mean 'prefix'?" in str(caught.value)


def test_hooks_beside_an_engine_get_defaults_or_say_what_they_need(
    install: Install, tmp_path: Path
) -> None:
    install("journal", JOURNAL + ENGINE)
    loaded = _load(tmp_path, "[engines.journal]\n")
    assert "journal" in loaded.engines, "the engine works without the hooks"
    (unavailable,) = loaded.unavailable
    assert unavailable.section == "plugins.journal"
    assert "file: this key is needed" in unavailable.message
    assert "Add a section [plugins.journal]" in unavailable.hint
    _finish(loaded)
    default = JOURNAL.replace("Path = Field(", f"Path = Field(Path('{tmp_path}/d.txt'), ")
    install("other", default + ENGINE)
    _finish(_load(tmp_path, "[engines.other]\n"))
    assert (tmp_path / "d.txt").read_text() == "other: done"


def test_a_plugin_that_is_enabled_without_a_section_says_what_it_needs(
    install: Install, tmp_path: Path
) -> None:
    install("journal", JOURNAL)
    (unavailable,) = _load(tmp_path, '[plugins]\nenabled = ["journal"]\n').unavailable
    assert unavailable.section == "plugins.journal"


def test_a_section_for_hooks_without_settings_takes_no_keys(
    install: Install, tmp_path: Path
) -> None:
    install("bare", "from subtitled.plugin import hookimpl\nSUBTITLED_API = '1'\n")
    assert not _load(tmp_path, "[plugins.bare]\n").unavailable
    with pytest.raises(ConfigurationError, match=r"plugins\.bare\.x: there is no such key"):
        _load(tmp_path, "[plugins.bare]\nx = 1\n")


@pytest.mark.parametrize(
    ("register", "message"),
    [
        ("register(42)", "registers an object of int, which is no Settings"),
        ("register(JournalSettings); register(JournalSettings)", "two classes of settings"),
        ("raise KeyError('x')", "KeyError"),
    ],
)
def test_wrong_settings_of_hooks_name_the_plugin(
    install: Install, tmp_path: Path, register: str, message: str
) -> None:
    install("journal", JOURNAL.replace("register(JournalSettings)", register))
    (unavailable,) = _load(tmp_path, "[plugins.journal]\n").unavailable
    assert message in unavailable.message and "plugin_journal" in unavailable.message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('enabld = ["x"]', "enabld is no key, and no table of a plugin: did you mean enabled?"),
        ("journal = true", "write [plugins.journal]"),
    ],
)
def test_a_key_that_is_no_table_is_told(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, f"[plugins]\n{line}\n")
    assert message in str(caught.value)
