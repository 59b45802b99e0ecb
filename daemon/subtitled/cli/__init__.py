"""The command line."""

from __future__ import annotations

import sys

from subtitled.plugin import Misconfigured, Problem


def main() -> None:
    """Run the command that was typed. Status 0: done, 1: something failed, 2: wrong use."""
    # A module per group of commands; importing it adds them.
    from . import (  # noqa: F401
        configs,
        daemon,
        egress,
        evaluate,
        explain,
        generate,
        init,
        models,
        plan,
        plugins,
        queue,
        state,
        summarise,
        undo,
        vocabulary,
        worker,
    )
    from .app import app
    from .output import FAILED, WRONG, errors

    try:
        app()
    except Problem as problem:
        errors.print(f"error: {problem}", markup=False, style="red")
        sys.exit(WRONG if isinstance(problem, Misconfigured) else FAILED)
