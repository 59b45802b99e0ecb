"""Whisper on this machine, through faster-whisper: an engine, and a translator into English."""

from __future__ import annotations

from subtitled.plugin import Component, hookimpl

from .engine import WhisperEngine

SUBTITLED_API = "2.0"


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [WhisperEngine]
