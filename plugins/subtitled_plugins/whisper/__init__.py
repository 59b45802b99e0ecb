"""Whisper on this machine through faster-whisper. It transcribes, and translates into English."""

from __future__ import annotations

from subtitled.plugin import Engine, Register, hookimpl

from .engine import WhisperEngine

SUBTITLED_API = "1"


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    register(WhisperEngine)
