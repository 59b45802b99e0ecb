"""Neural translation on this machine: OPUS-MT, Argos and Marian models, run by CTranslate2."""

from __future__ import annotations

from subtitled.plugin import Register, Translator, hookimpl

from .translator import NmtTranslator

SUBTITLED_API = "1"


@hookimpl
def register_translators(register: Register[Translator]) -> None:
    """Register the translator."""
    register(NmtTranslator)
