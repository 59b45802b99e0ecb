"""What the daemon logged last: in all, by job, and about one file."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..logs import display_line
from ..recent_log import RECENT_LOG, LogLine

LOG_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
"""The levels that a reader may ask for: lines of this severity and worse."""
DEFAULT_LINES = 100


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """Log lines of this process, the newest first. Workers log on their own machines."""

    lines: tuple[LogLine, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the lines as JSON has them."""
        return {
            "lines": [
                {
                    "number": line.number,
                    "at": line.at,
                    "level": line.level,
                    "message": line.message,
                    "job": line.job,
                }
                for line in self.lines
            ]
        }


def read_log(
    *, level: str = "debug", job: str = "", search: str = "", limit: int = DEFAULT_LINES
) -> LogAnswer:
    """Return the last log lines.

    Args:
        level: One of :data:`LOG_LEVELS`; lines of lower levels are left out.
        job: Only lines of this job.
        search: Only lines with this text, in upper or lower case.
        limit: How many lines at most.
    """
    lines = RECENT_LOG.lines_of_job(job) if job else RECENT_LOG.all_lines()
    severity, wanted = LOG_LEVELS[level], search.casefold()
    chosen = [
        line
        for line in lines
        if line.severity >= severity and (not wanted or wanted in line.message.casefold())
    ]
    return LogAnswer(tuple(chosen[:limit]))


def read_log_of_file(path: Path, jobs: Iterable[str], limit: int = DEFAULT_LINES) -> LogAnswer:
    """Return the last log lines of the jobs of a file, and of others that name its path.

    Args:
        path: The file.
        jobs: The ids of its jobs.
        limit: How many lines at most.
    """
    name = display_line(path)
    lines = {line.number: line for job in jobs for line in RECENT_LOG.lines_of_job(job)}
    lines |= {line.number: line for line in RECENT_LOG.all_lines() if name in line.message}
    newest = sorted(lines.values(), key=lambda line: line.number, reverse=True)
    return LogAnswer(tuple(newest[:limit]))
