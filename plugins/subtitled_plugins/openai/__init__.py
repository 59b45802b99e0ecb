"""Any service that speaks OpenAI's wire format: Ollama, vLLM, LM Studio, DeepSeek, Qwen ..."""

from __future__ import annotations

from subtitled.plugin import Component, hookimpl

from .engine import TranscriptionEngine
from .translator import ChatTranslator

SUBTITLED_API = "2.0"


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [TranscriptionEngine, ChatTranslator]
