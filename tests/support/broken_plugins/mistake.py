"""Fifty plugins that authors get wrong, and what each is told: the call, the line, the cure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MARK = "# HERE"
"""Ends the line of the author's code that must be named."""

ENGINE = """
from subtitled.plugin import *
SUBTITLED_API = "1"
class Mine(Engine):
    @classmethod
    def capabilities(cls, settings):
        return EngineCapabilities(supports_language_detection=True)
    def detect_language(self, audio, windows):
        return [LanguageGuess(window, {Language("en"): 0.9}) for window in windows]
    def transcribe(self, audio, request):
        return hear(request)
def hear(request):
    start = request.chunk.span.start
    words = (Word(text=" Moby", start=start, end=start + 0.0625),)
    return Transcript(language=request.language, words=words)
@hookimpl
def register_engines(register):
    register(Mine)
"""
"""An engine without a mistake."""

TRANSLATOR = """
from subtitled.plugin import *
SUBTITLED_API = "1"
class Mine(Translator):
    @classmethod
    def capabilities(cls, settings):
        return TranslatorCapabilities()
    def translate(self, batch):
        return Translation(tuple(Line(line.id, line.text.upper()) for line in batch.lines))
@hookimpl
def register_translators(register):
    register(Mine)
"""
SERVER = """
from subtitled.plugin import *
SUBTITLED_API = "1"
class Mine(MediaServer):
    def refresh(self, changes, strategy):
        pass
@hookimpl
def register_media_servers(register):
    register(Mine)
"""
NOTIFIER = """
from subtitled.plugin import *
SUBTITLED_API = "1"
class Mine(Notifier):
    def notify(self, notifications):
        pass
@hookimpl
def register_notifiers(register):
    register(Mine)
"""
ENDPOINT = """
from subtitled.plugin import *
SUBTITLED_API = "1"
class Mine(Endpoint):
    @classmethod
    def capabilities(cls, settings):
        return EndpointCapabilities()
    def application(self):
        return answer
async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
@hookimpl
def register_endpoints(register):
    register(Mine)
"""
SOURCES = {
    "engines": ENGINE,
    "translators": TRANSLATOR,
    "servers": SERVER,
    "notifiers": NOTIFIER,
    "endpoints": ENDPOINT,
}
"""Section of the configuration -> a plugin of that kind without a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A plugin with one mistake."""

    name: str
    """The plugin's name, and that of its section."""
    source: str
    message: str
    """A part of what must be said."""
    cure: str
    """A part of the hint."""
    kind: str = "engines"
    attribute: str = ""
    """What the entry point names behind the module."""
    missing_module: bool = False
    """Whether the module is not there at all."""
    called: str = ""
    """The method that shows the mistake. Empty if loading the configuration shows it."""

    @property
    def module(self) -> str:
        """The module of the plugin."""
        return f"broken_{self.name}"

    @property
    def place(self) -> str:
        """The file and line that must be named. Empty if no line is at fault."""
        for number, line in enumerate(self.source.splitlines(), 1):
            if line.endswith(MARK):
                return f"{self.module}.py:{number}"
        return ""

    def install(self, folder: Path) -> None:
        """Write the module and the metadata of its distribution into a folder of ``sys.path``."""
        install_plugin(folder, self.name, self.source, self.module, self.attribute)
        if self.missing_module:
            (folder / f"{self.module}.py").unlink()


def install_plugin(
    folder: Path, name: str, source: str, module: str = "", attribute: str = ""
) -> None:
    """Install a module as the plugin of a distribution of its own, as pip would.

    Args:
        folder: A folder of ``sys.path``.
        name: The plugin's name.
        source: The module.
        module: The module's name. Empty for the plugin's name.
        attribute: What the entry point names behind the module.
    """
    module = module or name
    (folder / f"{module}.py").write_text(source, "utf-8")
    info = folder / f"dist_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dist-{name}\nVersion: 1.0\n")
    suffix = f":{attribute}" if attribute else ""
    (info / "entry_points.txt").write_text(f"[subtitled]\n{name} = {module}{suffix}\n")


def change(source: str, old: str, new: str) -> str:
    """Replace a part of a source, which has to be there."""
    assert old in source, old
    return source.replace(old, new)


def engine_mistake(
    name: str, old: str, new: str, message: str, cure: str, called: str = ""
) -> Mistake:
    """Return the good engine with one change."""
    return Mistake(
        name=name, source=change(ENGINE, old, new), message=message, cure=cure, called=called
    )


def other_mistake(
    kind: str, name: str, old: str, new: str, message: str, cure: str, called: str = ""
) -> Mistake:
    """Return the good component of a kind with one change."""
    return Mistake(
        name=name,
        source=change(SOURCES[kind], old, new),
        message=message,
        cure=cure,
        kind=kind,
        called=called,
    )


STATES = "        return EngineCapabilities(supports_language_detection=True)"
DEF_STATES = "    def capabilities(cls, settings):\n" + STATES
HEARS = "        return hear(request)"
DEF_HEARS = "    def transcribe(self, audio, request):\n" + HEARS
GUESSES = '        return [LanguageGuess(window, {Language("en"): 0.9}) for window in windows]'
WORDS = '    words = (Word(text=" Moby", start=start, end=start + 0.0625),)'
REGISTERS = "@hookimpl\ndef register_engines(register):\n    register(Mine)"
CLASS = "class Mine(Engine):"
