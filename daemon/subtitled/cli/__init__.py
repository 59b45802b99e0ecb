"""The command line.

A command starts faster if the modules of the others are not imported.
"""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence
from typing import Final

from subtitled.plugin import SetupError, SubtitledError

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "config": ("config",),
    "doctor": ("doctor",),
    "egress": ("egress",),
    "engine": ("engine",),
    "evaluate": ("evaluate",),
    "explain": ("explain",),
    "generate": ("generate",),
    "glossary": ("glossary",),
    "init": ("init",),
    "models": ("models",),
    "plan": ("plan",),
    "plugins": ("plugins",),
    "queue": ("queue",),
    "review": ("review", "review_approve", "review_report"),
    "run": ("run",),
    "scan": ("scan",),
    "state": ("state",),
    "status": ("status",),
    "summarise": ("summarise",),
    "terms": ("terms",),
    "undo": ("undo",),
    "web": ("web", "web_keys"),
    "worker": ("worker",),
}
"""Command -> the modules of this package that add it to the app when they are imported."""


def main() -> None:
    """Run the command that was typed. Exit status 0: done, 1: something failed, 2: wrong use."""
    from .app import app
    from .output import FAILED, USAGE_ERROR, errors

    for module in find_modules(sys.argv[1:]):
        importlib.import_module(f".{module}", __name__)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # A terminal without the letters of a name is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except SubtitledError as error:
        errors.print(f"error: {error}", markup=False, style="red")
        sys.exit(USAGE_ERROR if isinstance(error, SetupError) else FAILED)


def find_modules(arguments: Sequence[str]) -> list[str]:
    """List the modules that the typed command needs.

    Args:
        arguments: The words after ``subtitled``.

    Returns:
        The modules of one built-in command; none for ``--version``. All of them for anything else,
        such as ``--help``, a mistake in writing, or a command of a plugin.
    """
    words = iter(arguments)
    for word in words:
        if word == "--version":
            return []
        if word == "--config":
            next(words, None)
        elif word != "--traceback" and not word.startswith("--config="):
            if word in MODULES:
                return list(MODULES[word])
            break
    return [module for modules in MODULES.values() for module in modules]
