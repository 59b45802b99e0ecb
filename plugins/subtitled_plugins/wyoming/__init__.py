"""Speech recognisers that speak Wyoming, the protocol of Home Assistant's voice services."""

from __future__ import annotations

from subtitled.plugin import Engine, Register, hookimpl

from .engine import WyomingEngine

SUBTITLED_API = "1"


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    register(WyomingEngine)
