"""Qwen in Alibaba Cloud's Model Studio (DashScope): speech recognition and translation."""

from __future__ import annotations

from subtitled.plugin import Engine, Register, Translator, hookimpl

from .engine import QwenEngine
from .translator import QwenTranslator

SUBTITLED_API = "1"


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    register(QwenEngine)


@hookimpl
def register_translators(register: Register[Translator]) -> None:
    register(QwenTranslator)
