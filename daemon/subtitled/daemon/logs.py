"""Log lines for people, for the journal and for programs."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from typing import TextIO

from subtitled.jobs.log_context import current_job
from subtitled.plugin.paths import display_path
from subtitled.plugin.redaction import hide_secrets

from .recent_log import RECENT_LOG
from .repeats import RepeatFilter

_PRIORITY = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def escape_control_characters(text: str) -> str:
    """Escape control characters: in a file name they would end the line or control the terminal."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def display_line(path: os.PathLike[str] | str) -> str:
    """Return a path as one line of text that every terminal can print, whatever its bytes."""
    return escape_control_characters(display_path(path))


class _TextFormatter(logging.Formatter):
    """Plain lines. A line that belongs to a job ends with the job's id."""

    def format(self, record: logging.LogRecord) -> str:
        return hide_secrets(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - of the base class
        job = current_job.get()
        return escape_control_characters(super().formatMessage(record)) + (
            f" [{job}]" if job else ""
        )


class _JsonFormatter(logging.Formatter):
    """Formats a record as one line with a JSON object.

    Its keys are ``time``, ``level``, ``logger``, ``message``, and ``job`` and ``exception`` if
    there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        payload = {
            "time": _format_iso(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if job := current_job.get():
            payload["job"] = job
        if record.exc_info:
            payload["exception"] = self.formatException(record.exc_info)
        hidden = {name: hide_secrets(text) for name, text in payload.items()}
        return json.dumps(hidden, ensure_ascii=True)


class _JournalFormatter(logging.Formatter):
    """Puts the prefix ``<N>`` before the lines of another formatter.

    journald reads it as the priority of the line, see sd-daemon(3).
    """

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{_PRIORITY.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in self._inner.format(record).splitlines())


def _is_relevant(record: logging.LogRecord) -> bool:
    """Filter out what DBOS logs about a cancelled job, which it reports as a failure."""
    raised = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    message = record.getMessage()
    return raised != "DBOSAwaitedWorkflowCancelledError" and not (
        message.startswith("Workflow ") and message.endswith(" recorded outcome")
    )


class _LogHandler(logging.StreamHandler[TextIO]):
    """Writes lines, and keeps the last ones in memory. Both leave out the same repeats."""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        RECENT_LOG.add(record)


def log_to_stderr(level: str, shape: str = "auto") -> None:
    """Log to stderr. Other libraries log warnings and errors only.

    Args:
        level: Level of our own lines.
        shape: ``auto``, ``text`` or ``json``.
    """
    handler = _LogHandler(sys.stderr)
    handler.setFormatter(_formatter(shape, goes_to_journal(sys.stderr)))
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("subtitled").setLevel(level.upper())
    logging.getLogger("dbos").addFilter(_is_relevant)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def goes_to_journal(stream: TextIO) -> bool:
    """Check whether systemd connected a stream to the journal.

    ``$JOURNAL_STREAM`` names the stream, see systemd.exec(5). It may have been redirected since.
    """
    try:
        stat = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"


def _formatter(shape: str, journal: bool) -> logging.Formatter:
    if shape == "json":
        return _JournalFormatter(_JsonFormatter()) if journal else _JsonFormatter()
    if journal and shape == "auto":
        return _JournalFormatter(_TextFormatter("%(message)s"))
    return _TextFormatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")


def _format_iso(at: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    return f"{whole}.{int(at % 1 * 1000):03d}Z"
