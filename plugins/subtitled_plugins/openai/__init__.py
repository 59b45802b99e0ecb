"""Services with OpenAI's HTTP interface: Ollama, vLLM, LM Studio, DeepSeek, speaches, OpenAI."""

from __future__ import annotations

from subtitled.plugin import Engine, Register, Translator, hookimpl

from .engine import TranscriptionEngine
from .translator import ChatTranslator

SUBTITLED_API = "1"


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    register(TranscriptionEngine)


@hookimpl
def register_translators(register: Register[Translator]) -> None:
    register(ChatTranslator)
