"""The CPU and disk priority of engine processes."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import psutil

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProcessPriority:
    """The niceness of a process, and whether it uses the disk only when no other process does."""

    niceness: int = 0
    idle_io: bool = False

    def apply(self, process: int) -> None:
        """Set both as far as the system allows, before the process starts threads.

        A niceness at or below the daemon's own is unchanged; the systemd unit may have set it.
        """
        try:
            if self.niceness > os.getpriority(os.PRIO_PROCESS, 0):
                psutil.Process(process).nice(self.niceness)
            if self.idle_io:
                psutil.Process(process).ionice(psutil.IOPRIO_CLASS_IDLE)
        except (psutil.Error, OSError) as error:
            _log.info("an engine runs without niceness or idle input and output: %s", error)


DEFAULT_PRIORITY = ProcessPriority()
"""The priority of any other process."""
