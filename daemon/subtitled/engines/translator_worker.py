"""What the process of a translator answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from subtitled.plugin import Translator

from . import protocol
from .component_loading import LoadedComponent


def translator_handlers(spec: dict[str, Any]) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Create and load the translator that a spec names, and return its handlers by method.

    Raises:
        SubtitledError: The translator raised it, or anything else, or is not where the spec says.
    """
    translator = LoadedComponent(spec, Translator, "translators")

    def translate(message: dict[str, Any]) -> Any:
        batch = protocol.BATCH.validate_python(message["batch"])
        models = {name: Path(folder) for name, folder in message["models"].items()}
        translation = translator.call("translate", replace(batch, models=models))
        return protocol.TRANSLATION.dump_python(translation, mode="json", warnings="error")

    def generate(message: dict[str, Any]) -> Any:
        generation = translator.call("generate", message["instruction"], message["text"])
        return protocol.GENERATION.dump_python(generation, mode="json", warnings="error")

    return {"translate": translate, "generate": generate}
