"""What an engine prints and logs, carried to the daemon with its level.

The process writes each log record as one line of JSON to its stderr, after a character that nothing
else begins with. Everything else on stderr is a plain line.
"""

from __future__ import annotations

import faulthandler
import io
import json
import logging
import os
import sys
from typing import Any, Final

from subtitled.plugin import SetupError
from subtitled.plugin.limits import clean_text, parse_json

MARK: Final = "\x1e"
"""Begins the line of a log record."""
PLUGIN_LOGGER: Final = "subtitled.plugin"
"""The parent of the loggers of all components."""
MAX_RECORD_CHARACTERS: Final = 4000
"""Longest message of a record. A longer one is cut."""


class RecordHandler(logging.Handler):
    """Writes each record as one marked line to a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record. One that cannot be formatted is left out."""
        try:
            message = self.format(record)[:MAX_RECORD_CHARACTERS]
            values = [record.levelno, record.name, message]
            line = f"{MARK}{json.dumps(values, ensure_ascii=False)}\n"
            os.write(self._descriptor, line.encode(errors="replace"))
        except Exception:  # noqa: BLE001 - __str__ of what is logged is code of the plugin
            self.handleError(record)


class _PrintedLines(io.TextIOBase):
    """A stdout whose lines are log records of the level INFO."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in filter(str.strip, lines):
            self._log.info("%s", line)
        return len(text)

    def flush(self) -> None:
        if self._begun.strip():
            self.write("\n")


def redirect_output(name: str, module: str, level: int) -> None:
    """Send prints and log records of this process to the daemon, and say where it crashes.

    Args:
        name: The configured name of the engine.
        module: The module of the engine.
        level: The lowest level of records of the plugin. Other packages log warnings and errors.
    """
    faulthandler.enable(all_threads=False)
    root = logging.getLogger()
    root.handlers[:] = [RecordHandler(2)]
    root.setLevel(logging.WARNING)
    for logger in ("subtitled", module.partition(".")[0]):
        logging.getLogger(logger).setLevel(level)
    sys.stdout = _PrintedLines(logging.getLogger(f"{PLUGIN_LOGGER}.{name}"))
    sys.breakpointhook = _refuse_breakpoint


def _refuse_breakpoint(*_: Any, **__: Any) -> None:
    raise SetupError(
        "breakpoint() needs a terminal, and an engine has a process of its own",
        "Run: subtitled generate --here FILE",
    )


def parse_record(line: str) -> tuple[int, str, str] | None:
    """Parse the line of a log record.

    Args:
        line: A line of the stderr of an engine process.

    Returns:
        Level, logger and message. None for any other line.
    """
    if not line.startswith(MARK):
        return None
    try:
        level, name, message = parse_json(line[len(MARK) :].encode(), 16 * MAX_RECORD_CHARACTERS)
    except (ValueError, TypeError):
        return None
    if type(level) is not int or not isinstance(name, str) or not isinstance(message, str):
        return None
    bounded = min(max(level, logging.DEBUG), logging.CRITICAL)
    return bounded, clean_text(name, 100), message[:MAX_RECORD_CHARACTERS]
