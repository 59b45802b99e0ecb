"""What the command of an engine's process begins with, so that others come first."""

from __future__ import annotations

import functools
import logging
import os
import shutil
import subprocess

_log = logging.getLogger(__name__)


def prefix(niceness: int, idle_io: bool) -> list[str]:
    """``nice`` and ``ionice``, where they are wanted, installed and allowed.

    A niceness at or below the daemon's own needs nothing; the unit of systemd may set it.
    """
    words: list[str] = []
    more = niceness - os.getpriority(os.PRIO_PROCESS, 0)
    if more > 0:
        words += _usable("nice", "-n", str(more))
    if idle_io:
        words += _usable("ionice", "-c", "3")
    return words


@functools.cache
def _usable(*words: str) -> tuple[str, ...]:
    """The words, if a process survives them: a sandbox may end whoever asks."""
    program = shutil.which(words[0])
    if program is None:
        _log.info("%s is not installed: engines run without it", words[0])
        return ()
    command = (program, *words[1:])
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        _log.info("%s may not be used here: engines run without it", words[0])
        return ()
    return command
