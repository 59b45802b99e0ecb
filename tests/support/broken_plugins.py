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
SOURCES = {
    "engines": ENGINE,
    "translators": TRANSLATOR,
    "servers": SERVER,
    "notifiers": NOTIFIER,
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


def _change(source: str, old: str, new: str) -> str:
    assert old in source, old
    return source.replace(old, new)


def _engine(name: str, old: str, new: str, message: str, cure: str, called: str = "") -> Mistake:
    return Mistake(
        name=name, source=_change(ENGINE, old, new), message=message, cure=cure, called=called
    )


def _other(
    kind: str, name: str, old: str, new: str, message: str, cure: str, called: str = ""
) -> Mistake:
    return Mistake(
        name=name,
        source=_change(SOURCES[kind], old, new),
        message=message,
        cure=cure,
        kind=kind,
        called=called,
    )


_STATES = "        return EngineCapabilities(supports_language_detection=True)"
_DEF_STATES = "    def capabilities(cls, settings):\n" + _STATES
_HEARS = "        return hear(request)"
_DEF_HEARS = "    def transcribe(self, audio, request):\n" + _HEARS
_GUESSES = '        return [LanguageGuess(window, {Language("en"): 0.9}) for window in windows]'
_WORDS = '    words = (Word(text=" Moby", start=start, end=start + 0.0625),)'
_REGISTERS = "@hookimpl\ndef register_engines(register):\n    register(Mine)"
_CLASS = "class Mine(Engine):"

LOADING: tuple[Mistake, ...] = (
    Mistake(
        name="entry_typo",
        source=ENGINE,
        missing_module=True,
        message="'broken_entry_typo'",
        cure="entry-points",
    ),
    Mistake(
        name="entry_class",
        source=ENGINE,
        attribute="Mine",
        message="broken_entry_class:Mine",
        cure='entry_class = "broken_entry_class"',
    ),
    Mistake(
        name="no_dependency",
        source="import no_such_package  # HERE\n" + ENGINE,
        message="No module named 'no_such_package'",
        cure="Install",
    ),
    Mistake(
        name="syntax",
        source="\nclass Mine(Engine:  # HERE\n",
        message="SyntaxError",
        cure="Correct that line",
    ),
    Mistake(
        name="import_key",
        source="NAMES = {}\nNAMES['whale']  # HERE\n" + ENGINE,
        message="KeyError: 'whale'",
        cure="Correct that line",
    ),
    Mistake(
        name="import_exit",
        source="import sys\nsys.exit(3)  # HERE\n" + ENGINE,
        message="SystemExit",
        cure="Correct that line",
    ),
    _engine("no_version", 'SUBTITLED_API = "1"', "", "API version", 'SUBTITLED_API = "1"'),
    _engine("old_version", '"1"', '"0.9"', "plugin API 0.9", "Update the plugin"),
    _engine("new_version", '"1"', '"1.99"', "plugin API 1.99", "Update subtitled"),
    _engine("float_version", '"1"', "1.0", "API version", 'SUBTITLED_API = "1"'),
    _engine(
        "no_hookimpl",
        _REGISTERS,
        "def register_engines(register):  # HERE\n    register(Mine)",
        "without @hookimpl",
        "@hookimpl",
    ),
    _engine(
        "registers_nothing",
        _REGISTERS,
        "@hookimpl\ndef register_engines(register):  # HERE\n    pass",
        "registers no Engine",
        "register(",
    ),
    _engine(
        "returns_class",
        _REGISTERS,
        "@hookimpl\ndef register_engines(register):  # HERE\n    return [Mine]",
        "registers no Engine",
        "register(",
    ),
    _engine(
        "misspelt_hook",
        _REGISTERS,
        "@hookimpl\ndef register_engine(register):  # HERE\n    register(Mine)",
        "register_engine",
        "register_engines",
    ),
    _engine(
        "hook_parameter",
        _REGISTERS,
        "@hookimpl\ndef register_engines(registry):  # HERE\n    registry(Mine)",
        "registry",
        "register_engines(register)",
    ),
    _engine(
        "registers_instance",
        "    register(Mine)",
        "    register(Mine(Settings(), None))  # HERE",
        "no Engine",
        "subclass",
    ),
    _engine(
        "registers_twice",
        "    register(Mine)",
        "    register(Mine)\n    register(Mine)  # HERE",
        "two engines",
        "name=",
    ),
    _engine(
        "hook_raises",
        "    register(Mine)",
        "    register(Mines)  # HERE",
        "NameError",
        "Correct that line",
    ),
    _engine(
        "wrong_hook",
        _REGISTERS,
        "@hookimpl\ndef register_notifiers(register):\n    register(Mine)  # HERE",
        "no Notifier",
        "register_engines",
    ),
    _engine(
        "abstract",
        _CLASS,
        "class Mine(Engine):  # HERE\n    pass\nclass Other:",
        "lacks capabilities",
        "transcribe(self, audio, request)",
    ),
    _engine(
        "settings_class",
        _CLASS,
        "from pydantic import BaseModel\nclass Odd(BaseModel): pass\n"
        "class Mine(Engine):  # HERE\n    Settings = Odd",
        "Settings",
        "subtitled.plugin.Settings",
    ),
    _engine(
        "settings_validator",
        _CLASS,
        "from pydantic import model_validator\nclass Odd(Settings):\n"
        '    @model_validator(mode="before")\n    @classmethod\n'
        '    def look(cls, value): return {}["x"]  # HERE\n'
        "class Mine(Engine):\n    Settings = Odd",
        "KeyError",
        "Correct that line",
    ),
    _engine(
        "states_error",
        _STATES,
        '        return {}["whale"]  # HERE',
        "KeyError: 'whale'",
        "Correct that line",
    ),
    _engine(
        "states_dict",
        _DEF_STATES,
        '    def capabilities(cls, settings):  # HERE\n        return {"languages": None}',
        "capabilities() returned dict",
        "EngineCapabilities",
    ),
    _engine(
        "states_none",
        _DEF_STATES,
        "    def capabilities(cls, settings):  # HERE\n        pass",
        "capabilities() returned None",
        "EngineCapabilities",
    ),
    _engine(
        "states_english",
        _STATES,
        '        return EngineCapabilities(languages={Language("english")})  # HERE',
        "'english' is not a language tag",
        "Language.parse",
    ),
    _engine(
        "states_text",
        _DEF_STATES,
        "    def capabilities(cls, settings):  # HERE\n"
        '        return EngineCapabilities(languages={"english"})',
        "languages",
        "Language",
    ),
    _engine(
        "states_many",
        _DEF_STATES,
        "    def capabilities(cls, settings):  # HERE\n"
        "        return EngineCapabilities(max_concurrency=-1)",
        "max_concurrency = -1",
        "1 to 256",
    ),
    _engine(
        "states_unbound",
        "    @classmethod\n" + _DEF_STATES,
        "    def capabilities(self, settings):  # HERE\n" + _STATES,
        "capabilities",
        "@classmethod",
    ),
    _engine(
        "init_parameters",
        _CLASS,
        "class Mine(Engine):\n    def __init__(self, settings): pass  # HERE",
        "__init__(self, settings)",
        "__init__(self, settings, context)",
    ),
    _engine(
        "transcribe_parameters",
        _DEF_HEARS,
        "    def transcribe(self, audio):  # HERE\n        return None",
        "transcribe(self, audio)",
        "transcribe(self, audio, request)",
    ),
    _engine(
        "transcribe_async",
        _DEF_HEARS,
        "    async def transcribe(self, audio, request):  # HERE\n" + _HEARS,
        "async",
        "without async",
    ),
    _engine(
        "transcribe_yields",
        _DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n        yield hear(request)",
        "yield",
        "Return",
    ),
    _other(
        "servers",
        "refresh_parameters",
        "    def refresh(self, changes, strategy):",
        "    def refresh(self, changes):  # HERE",
        "refresh(self, changes)",
        "refresh(self, changes, strategy)",
    ),
    _other(
        "servers",
        "strategies_text",
        "class Mine(MediaServer):",
        'class Mine(MediaServer):  # HERE\n    refresh_strategies = "told about it"',
        "refresh_strategies",
        '("told about the file",)',
    ),
    _other(
        "notifiers",
        "schedule_seconds",
        "        pass",
        "        pass\n    @classmethod\n"
        "    def delivery_schedule(cls, settings):  # HERE\n        return 60",
        "delivery_schedule() returned int",
        "DeliverySchedule",
    ),
    _other(
        "notifiers",
        "review_names",
        "        pass",
        "        pass\n    @classmethod\n"
        '    def review_events(cls, settings):  # HERE\n        return ["approved"]',
        "review_events() returned str",
        "SubtitleApproved",
    ),
    _engine(
        "result_fields",
        _CLASS,
        "class Odd(Settings):\n    def result_fields(self):\n"
        '        return {"model": self.modle}  # HERE\nclass Mine(Engine):\n    Settings = Odd',
        "AttributeError",
        "Correct that line",
    ),
)
"""Mistakes that are known when the configuration is loaded."""

HANGING = Mistake(
    name="import_hangs",
    source="import time\ntime.sleep(60)  # HERE\n" + ENGINE,
    message="did not answer",
    cure="load()",
)
"""The mistake that is known when a time limit has passed."""

CALLING: tuple[Mistake, ...] = (
    _engine(
        "init_raises",
        _CLASS,
        "class Mine(Engine):\n    def __init__(self, settings, context): "
        "self.x = settings.nope  # HERE",
        "AttributeError",
        "Correct that line",
        "__init__",
    ),
    _engine(
        "load_key",
        _CLASS,
        'class Mine(Engine):\n    def load(self): {}["whale"]  # HERE',
        "KeyError: 'whale'",
        "Correct that line",
        "load",
    ),
    _engine(
        "load_dependency",
        _CLASS,
        "class Mine(Engine):\n    def load(self): import no_such_package  # HERE",
        "No module named 'no_such_package'",
        "Install",
        "load",
    ),
    _engine(
        "hears_text",
        _DEF_HEARS,
        '    def transcribe(self, audio, request):  # HERE\n        return "Moby Dick"',
        "transcribe() returned str",
        "Transcript",
        "transcribe",
    ),
    _engine(
        "hears_none",
        _DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n        hear(request)",
        "transcribe() returned None",
        "Transcript",
        "transcribe",
    ),
    _engine(
        "hears_tuples",
        _DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n"
        '        return Transcript(language=request.language, words=(("Moby", 0.0, 1.0),))',
        "words[0]",
        "Word",
        "transcribe",
    ),
    _engine(
        "hears_bytes",
        _DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n"
        '        word = Word(text=b"Moby", start=0.0, end=1.0)\n'
        "        return Transcript(language=request.language, words=(word,))",
        "words[0].text",
        "text",
        "transcribe",
    ),
    _engine(
        "hears_clock",
        _DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n"
        '        word = Word(text=" Moby", start="0:01", end=1.0)\n'
        "        return Transcript(language=request.language, words=(word,))",
        "words[0].start",
        "number",
        "transcribe",
    ),
    _engine(
        "hears_key",
        _WORDS,
        '    words = {"Dick": 1}["Moby"]  # HERE',
        "KeyError",
        "Correct that line",
        "transcribe",
    ),
    _engine(
        "hears_exit",
        _WORDS,
        "    raise SystemExit(2)  # HERE",
        "SystemExit",
        "Correct that line",
        "transcribe",
    ),
    _engine(
        "guesses_text",
        "    def detect_language(self, audio, windows):\n" + _GUESSES,
        '    def detect_language(self, audio, windows):  # HERE\n        return "en"',
        "detect_language() returned str",
        "LanguageGuess",
        "detect_language",
    ),
    _engine(
        "guesses_dicts",
        "    def detect_language(self, audio, windows):\n" + _GUESSES,
        "    def detect_language(self, audio, windows):  # HERE\n"
        '        return [{"en": 0.9} for window in windows]',
        "[0]",
        "LanguageGuess",
        "detect_language",
    ),
    _engine(
        "models_dict",
        _CLASS,
        "class Mine(Engine):\n    @classmethod\n"
        '    def models(cls, settings):  # HERE\n        return {"tiny": "tiny.bin"}',
        "models() returned dict",
        "ModelSpec",
        "models",
    ),
    _engine(
        "catalogue_key",
        _CLASS,
        'class Mine(Engine):\n    @classmethod\n    def catalogue(cls): return {}["whale"]  # HERE',
        "KeyError: 'whale'",
        "Correct that line",
        "catalogue",
    ),
    _other(
        "translators",
        "translates_list",
        "    def translate(self, batch):\n        return Translation(",
        "    def translate(self, batch):  # HERE\n        return list(",
        "translate() returned list",
        "Translation",
        "translate",
    ),
    _other(
        "translators",
        "translates_key",
        "        return Translation(",
        '        return {}["Moby"]  # HERE\n        return Translation(',
        "KeyError",
        "Correct that line",
        "translate",
    ),
    _other(
        "servers",
        "refresh_raises",
        "        pass",
        "        return changes[7]  # HERE",
        "IndexError",
        "Correct that line",
        "refresh",
    ),
    _other(
        "servers",
        "indexed_bool",
        "        pass",
        "        pass\n    def check_indexed(self, change):  # HERE\n        return True",
        "check_indexed() returned bool",
        "IndexStatus",
        "check_indexed",
    ),
    _other(
        "servers",
        "self_check_text",
        "        pass",
        "        pass\n    def self_check(self):  # HERE\n        return 'fine'",
        "self_check() returned str",
        "CheckResult",
        "self_check",
    ),
    _other(
        "notifiers",
        "notify_raises",
        "        pass",
        "        notifications[0].evnt  # HERE",
        "AttributeError",
        "Correct that line",
        "notify",
    ),
)
"""Mistakes that only a call shows."""

OUTSIDE: tuple[Mistake, ...] = tuple(
    _engine(
        name,
        _DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n"
        f'        word = Word(text=" Moby", start={start}, end={end})\n'
        "        return Transcript(language=request.language, words=(word,))",
        message,
        "fault of that plugin",
        "transcribe",
    )
    for name, start, end, message in (
        ("hears_chunk_times", "-5.0", "-4.5", "a word at -5.00"),
        ("hears_not_finite", "float('nan')", "float('nan')", "a word at nan"),
        ("hears_backwards", "request.chunk.span.end", "request.chunk.span.start", "a word at"),
    )
)
"""Words outside of their chunk. The next engine gets this chunk, and this engine the others."""

SEGFAULT = _engine(
    "segfault",
    _WORDS,
    "    import ctypes; ctypes.string_at(0)  # HERE",
    "SIGSEGV",
    "restarted",
    "transcribe",
)
"""The mistake that ends the engine's process."""

FORGIVEN: dict[str, str] = {
    "list_of_words": _change(
        ENGINE, _WORDS, '    words = [Word(text=" Moby", start=start, end=start + 0.0625)]'
    ),
    "numpy_times": _change(
        ENGINE,
        _WORDS,
        "    import numpy as np\n    times = np.array([start, start + 0.0625], dtype=np.float32)\n"
        '    words = np.array([Word(text=" Moby", start=times[0], end=times[1],\n'
        "        confidence=np.array(0.5))])",
    ),
    "text_languages": _change(
        ENGINE, _STATES, '        return EngineCapabilities(languages=["en"], max_chunk_seconds=28)'
    ),
    "class_in_function": _change(
        _change(ENGINE, "class Mine", "def make():\n  class Mine").replace(
            "def hear", "  return Mine\ndef hear"
        ),
        "register(Mine)",
        "register(make())",
    ),
    "prints": 'print("hello from import")\n' + ENGINE,
}
"""What may look like a mistake and is taken for what it means."""
