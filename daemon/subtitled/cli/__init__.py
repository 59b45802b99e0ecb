"""The command line.

A command starts faster if the modules of the others are not imported. So nothing of the package is
imported here, and little by :mod:`subtitled.cli.app`, before it is known what was typed.
"""

from __future__ import annotations

import gc
import importlib
import io
import sys
from collections.abc import Sequence
from typing import Final

from subtitled import __version__

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "audit": ("audit",),
    "benchmark": ("benchmark",),
    "check": ("check",),
    "config": ("config",),
    "doctor": ("doctor",),
    "egress": ("egress",),
    "engine": ("engine",),
    "evaluate": ("evaluate",),
    "explain": ("explain",),
    "export": ("export",),
    "generate": ("generate",),
    "glossary": ("glossary",),
    "init": ("init",),
    "models": ("models",),
    "plan": ("plan",),
    "plugins": ("plugins",),
    "queue": ("queue", "queue_upgrade"),
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
    word = find_command(sys.argv[1:])
    if word == "--version":
        print(f"subtitled {__version__}")
        return
    starts_engine = word == "generate" and not {"--help", "--here"} & set(sys.argv)
    if starts_engine:
        from subtitled.engines.worker_process import ENGINE, VAD, start_spare

        start_spare(ENGINE)  # It loads what it needs while this process does.
    gc.disable()  # what modules define stays: there is nothing to free
    from .app import app

    for module in MODULES.get(word, ()):
        importlib.import_module(f".{module}", __name__)
    if starts_engine:
        start_spare(VAD)  # It is needed later, so that it does not take a core from the first two.
    gc.freeze()
    gc.enable()
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # A terminal without the letters of a name is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except Exception as error:
        from subtitled.plugin import SubtitledError

        from .output import end_with

        if not isinstance(error, SubtitledError):
            raise
        end_with(error)


def find_command(arguments: Sequence[str]) -> str:
    """Find the word that says what is wanted.

    Args:
        arguments: The words after ``subtitled``.

    Returns:
        The first word that is no option of the root, or ``--version``. Empty if there is none.
    """
    words = iter(arguments)
    for word in words:
        if word == "--config":
            next(words, None)
        elif word != "--traceback" and not word.startswith("--config="):
            return word
    return ""
