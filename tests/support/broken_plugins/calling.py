"""Mistakes that only a call shows, and what is no mistake."""

from __future__ import annotations

from .mistake import (
    CLASS,
    DEF_HEARS,
    ENGINE,
    GUESSES,
    STATES,
    WORDS,
    Mistake,
    change,
    engine_mistake,
    other_mistake,
)

HANGING = Mistake(
    name="import_hangs",
    source="import time\ntime.sleep(60)  # HERE\n" + ENGINE,
    message="did not answer",
    cure="load()",
)
"""The mistake that is known when a time limit has passed."""

CALLING: tuple[Mistake, ...] = (
    engine_mistake(
        "init_raises",
        CLASS,
        "class Mine(Engine):\n    def __init__(self, settings, context): "
        "self.x = settings.nope  # HERE",
        "AttributeError",
        "Correct that line",
        "__init__",
    ),
    engine_mistake(
        "load_key",
        CLASS,
        'class Mine(Engine):\n    def load(self): {}["whale"]  # HERE',
        "KeyError: 'whale'",
        "Correct that line",
        "load",
    ),
    engine_mistake(
        "load_dependency",
        CLASS,
        "class Mine(Engine):\n    def load(self): import no_such_package  # HERE",
        "No module named 'no_such_package'",
        "Install",
        "load",
    ),
    engine_mistake(
        "hears_text",
        DEF_HEARS,
        '    def transcribe(self, audio, request):  # HERE\n        return "Moby Dick"',
        "transcribe() returned str",
        "Transcript",
        "transcribe",
    ),
    engine_mistake(
        "hears_none",
        DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n        hear(request)",
        "transcribe() returned None",
        "Transcript",
        "transcribe",
    ),
    engine_mistake(
        "hears_tuples",
        DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n"
        '        return Transcript(language=request.language, words=(("Moby", 0.0, 1.0),))',
        "words[0]",
        "Word",
        "transcribe",
    ),
    engine_mistake(
        "hears_bytes",
        DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n"
        '        word = Word(text=b"Moby", start=0.0, end=1.0)\n'
        "        return Transcript(language=request.language, words=(word,))",
        "words[0].text",
        "text",
        "transcribe",
    ),
    engine_mistake(
        "hears_clock",
        DEF_HEARS,
        "    def transcribe(self, audio, request):  # HERE\n"
        '        word = Word(text=" Moby", start="0:01", end=1.0)\n'
        "        return Transcript(language=request.language, words=(word,))",
        "words[0].start",
        "number",
        "transcribe",
    ),
    engine_mistake(
        "hears_key",
        WORDS,
        '    words = {"Dick": 1}["Moby"]  # HERE',
        "KeyError",
        "Correct that line",
        "transcribe",
    ),
    engine_mistake(
        "hears_exit",
        WORDS,
        "    raise SystemExit(2)  # HERE",
        "SystemExit",
        "Correct that line",
        "transcribe",
    ),
    engine_mistake(
        "guesses_text",
        "    def detect_language(self, audio, windows):\n" + GUESSES,
        '    def detect_language(self, audio, windows):  # HERE\n        return "en"',
        "detect_language() returned str",
        "LanguageGuess",
        "detect_language",
    ),
    engine_mistake(
        "guesses_dicts",
        "    def detect_language(self, audio, windows):\n" + GUESSES,
        "    def detect_language(self, audio, windows):  # HERE\n"
        '        return [{"en": 0.9} for window in windows]',
        "[0]",
        "LanguageGuess",
        "detect_language",
    ),
    engine_mistake(
        "models_dict",
        CLASS,
        "class Mine(Engine):\n    @classmethod\n"
        '    def models(cls, settings):  # HERE\n        return {"tiny": "tiny.bin"}',
        "models() returned dict",
        "ModelSpec",
        "models",
    ),
    engine_mistake(
        "catalogue_key",
        CLASS,
        'class Mine(Engine):\n    @classmethod\n    def catalogue(cls): return {}["whale"]  # HERE',
        "KeyError: 'whale'",
        "Correct that line",
        "catalogue",
    ),
    other_mistake(
        "translators",
        "translates_list",
        "    def translate(self, batch):\n        return Translation(",
        "    def translate(self, batch):  # HERE\n        return list(",
        "translate() returned list",
        "Translation",
        "translate",
    ),
    other_mistake(
        "translators",
        "translates_key",
        "        return Translation(",
        '        return {}["Moby"]  # HERE\n        return Translation(',
        "KeyError",
        "Correct that line",
        "translate",
    ),
    other_mistake(
        "servers",
        "refresh_raises",
        "        pass",
        "        return changes[7]  # HERE",
        "IndexError",
        "Correct that line",
        "refresh",
    ),
    other_mistake(
        "servers",
        "indexed_bool",
        "        pass",
        "        pass\n    def check_indexed(self, change):  # HERE\n        return True",
        "check_indexed() returned bool",
        "IndexStatus",
        "check_indexed",
    ),
    other_mistake(
        "servers",
        "self_check_text",
        "        pass",
        "        pass\n    def self_check(self):  # HERE\n        return 'fine'",
        "self_check() returned str",
        "CheckResult",
        "self_check",
    ),
    other_mistake(
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
    engine_mistake(
        name,
        DEF_HEARS,
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

SEGFAULT = engine_mistake(
    "segfault",
    WORDS,
    "    import ctypes; ctypes.string_at(0)  # HERE",
    "SIGSEGV",
    "restarted",
    "transcribe",
)
"""The mistake that ends the engine's process."""

FORGIVEN: dict[str, str] = {
    "list_of_words": change(
        ENGINE, WORDS, '    words = [Word(text=" Moby", start=start, end=start + 0.0625)]'
    ),
    "numpy_times": change(
        ENGINE,
        WORDS,
        "    import numpy as np\n    times = np.array([start, start + 0.0625], dtype=np.float32)\n"
        '    words = np.array([Word(text=" Moby", start=times[0], end=times[1],\n'
        "        confidence=np.array(0.5))])",
    ),
    "text_languages": change(
        ENGINE, STATES, '        return EngineCapabilities(languages=["en"], max_chunk_seconds=28)'
    ),
    "class_in_function": change(
        change(ENGINE, "class Mine", "def make():\n  class Mine").replace(
            "def hear", "  return Mine\ndef hear"
        ),
        "register(Mine)",
        "register(make())",
    ),
    "prints": 'print("hello from import")\n' + ENGINE,
}
"""What may look like a mistake and is taken for what it means."""
