"""Qwen in Alibaba Cloud's Model Studio (DashScope): speech recognition and translation."""

from __future__ import annotations

from subtitled.plugin import Component, hookimpl

from .engine import QwenEngine
from .translator import QwenTranslator

SUBTITLED_API = "2.0"


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [QwenEngine, QwenTranslator]
