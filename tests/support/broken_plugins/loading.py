"""Mistakes that are known when the configuration is loaded."""

from __future__ import annotations

from .endpoints import STATING
from .mistake import (
    CLASS,
    DEF_HEARS,
    DEF_STATES,
    ENGINE,
    HEARS,
    REGISTERS,
    STATES,
    Mistake,
    engine_mistake,
    other_mistake,
)

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
    engine_mistake("no_version", 'SUBTITLED_API = "1"', "", "API version", 'SUBTITLED_API = "1"'),
    engine_mistake("old_version", '"1"', '"0.9"', "plugin API 0.9", "Update the plugin"),
    engine_mistake("new_version", '"1"', '"1.99"', "plugin API 1.99", "Update subtitled"),
    engine_mistake("float_version", '"1"', "1.0", "API version", 'SUBTITLED_API = "1"'),
    engine_mistake(
        "no_hookimpl",
        REGISTERS,
        "def register_engines(register):  # HERE\n    register(Mine)",
        "without @hookimpl",
        "@hookimpl",
    ),
    engine_mistake(
        "registers_nothing",
        REGISTERS,
        "@hookimpl\ndef register_engines(register):  # HERE\n    pass",
        "registers no Engine",
        "register(",
    ),
    engine_mistake(
        "returns_class",
        REGISTERS,
        "@hookimpl\ndef register_engines(register):  # HERE\n    return [Mine]",
        "registers no Engine",
        "register(",
    ),
    engine_mistake(
        "misspelt_hook",
        REGISTERS,
        "@hookimpl\ndef register_engine(register):  # HERE\n    register(Mine)",
        "register_engine",
        "register_engines",
    ),
    engine_mistake(
        "hook_parameter",
        REGISTERS,
        "@hookimpl\ndef register_engines(registry):  # HERE\n    registry(Mine)",
        "registry",
        "register_engines(register)",
    ),
    engine_mistake(
        "registers_instance",
        "    register(Mine)",
        "    register(Mine(Settings(), None))  # HERE",
        "no Engine",
        "subclass",
    ),
    engine_mistake(
        "registers_twice",
        "    register(Mine)",
        "    register(Mine)\n    register(Mine)  # HERE",
        "two engines",
        "name=",
    ),
    engine_mistake(
        "hook_raises",
        "    register(Mine)",
        "    register(Mines)  # HERE",
        "NameError",
        "Correct that line",
    ),
    engine_mistake(
        "wrong_hook",
        REGISTERS,
        "@hookimpl\ndef register_notifiers(register):\n    register(Mine)  # HERE",
        "no Notifier",
        "register_engines",
    ),
    engine_mistake(
        "abstract",
        CLASS,
        "class Mine(Engine):  # HERE\n    pass\nclass Other:",
        "lacks capabilities",
        "transcribe(self, audio, request)",
    ),
    engine_mistake(
        "settings_class",
        CLASS,
        "from pydantic import BaseModel\nclass Odd(BaseModel): pass\n"
        "class Mine(Engine):  # HERE\n    Settings = Odd",
        "Settings",
        "subtitled.plugin.Settings",
    ),
    engine_mistake(
        "settings_validator",
        CLASS,
        "from pydantic import model_validator\nclass Odd(Settings):\n"
        '    @model_validator(mode="before")\n    @classmethod\n'
        '    def look(cls, value): return {}["x"]  # HERE\n'
        "class Mine(Engine):\n    Settings = Odd",
        "KeyError",
        "Correct that line",
    ),
    engine_mistake(
        "states_error",
        STATES,
        '        return {}["whale"]  # HERE',
        "KeyError: 'whale'",
        "Correct that line",
    ),
    engine_mistake(
        "states_dict",
        DEF_STATES,
        '    def capabilities(cls, settings):  # HERE\n        return {"languages": None}',
        "capabilities() returned dict",
        "EngineCapabilities",
    ),
    engine_mistake(
        "states_none",
        DEF_STATES,
        "    def capabilities(cls, settings):  # HERE\n        pass",
        "capabilities() returned None",
        "EngineCapabilities",
    ),
    engine_mistake(
        "states_english",
        STATES,
        '        return EngineCapabilities(languages={Language("english")})  # HERE',
        "'english' is not a language tag",
        "Language.parse",
    ),
    engine_mistake(
        "states_text",
        DEF_STATES,
        "    def capabilities(cls, settings):  # HERE\n"
        '        return EngineCapabilities(languages={"english"})',
        "languages",
        "Language",
    ),
    engine_mistake(
        "states_many",
        DEF_STATES,
        "    def capabilities(cls, settings):  # HERE\n"
        "        return EngineCapabilities(max_concurrency=-1)",
        "max_concurrency = -1",
        "1 to 256",
    ),
    engine_mistake(
        "states_unbound",
        "    @classmethod\n" + DEF_STATES,
        "    def capabilities(self, settings):  # HERE\n" + STATES,
        "capabilities",
        "@classmethod",
    ),
    engine_mistake(
        "init_parameters",
        CLASS,
        "class Mine(Engine):\n    def __init__(self, settings): pass  # HERE",
        "__init__(self, settings)",
        "__init__(self, settings, context)",
    ),
    engine_mistake(
        "transcribe_parameters",
        DEF_HEARS,
        "    def transcribe(self, audio):  # HERE\n        return None",
        "transcribe(self, audio)",
        "transcribe(self, audio, request)",
    ),
    engine_mistake(
        "transcribe_async",
        DEF_HEARS,
        "    async def transcribe(self, audio, request):  # HERE\n" + HEARS,
        "async",
        "without async",
    ),
    engine_mistake(
        "transcribe_yields",
        DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n        yield hear(request)",
        "yield",
        "Return",
    ),
    other_mistake(
        "servers",
        "refresh_parameters",
        "    def refresh(self, changes, strategy):",
        "    def refresh(self, changes):  # HERE",
        "refresh(self, changes)",
        "refresh(self, changes, strategy)",
    ),
    other_mistake(
        "servers",
        "strategies_text",
        "class Mine(MediaServer):",
        'class Mine(MediaServer):  # HERE\n    refresh_strategies = "told about it"',
        "refresh_strategies",
        '("told about the file",)',
    ),
    other_mistake(
        "notifiers",
        "schedule_seconds",
        "        pass",
        "        pass\n    @classmethod\n"
        "    def delivery_schedule(cls, settings):  # HERE\n        return 60",
        "delivery_schedule() returned int",
        "DeliverySchedule",
    ),
    other_mistake(
        "notifiers",
        "review_names",
        "        pass",
        "        pass\n    @classmethod\n"
        '    def review_events(cls, settings):  # HERE\n        return ["approved"]',
        "review_events() returned str",
        "SubtitleApproved",
    ),
    engine_mistake(
        "result_fields",
        CLASS,
        "class Odd(Settings):\n    def result_fields(self):\n"
        '        return {"model": self.modle}  # HERE\nclass Mine(Engine):\n    Settings = Odd',
        "AttributeError",
        "Correct that line",
    ),
    *STATING,
)
"""Mistakes that are known when the configuration is loaded."""
