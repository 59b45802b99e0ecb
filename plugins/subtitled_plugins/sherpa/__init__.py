"""Models of sherpa-onnx on this machine: Parakeet, SenseVoice, Canary, Moonshine and others."""

from __future__ import annotations

from subtitled.plugin import Engine, Register, hookimpl

from .engine import SherpaEngine

SUBTITLED_API = "1"


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    register(SherpaEngine)
