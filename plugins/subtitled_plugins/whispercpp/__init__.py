"""Whisper through whisper.cpp: small machines, and graphics processors by Vulkan."""

from __future__ import annotations

from subtitled.plugin import Engine, Register, hookimpl

from .engine import WhisperCppEngine

SUBTITLED_API = "1"


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    register(WhisperCppEngine)
