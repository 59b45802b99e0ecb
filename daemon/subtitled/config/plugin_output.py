"""Prints of plugins go to stderr: stdout belongs to the answer of a command, which may be JSON."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

_thread = threading.local()


class _SharedStdout:
    """A stdout that sends what threads of plugins print to stderr."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        chosen = sys.stderr if getattr(_thread, "is_plugin", False) else self._stream
        return getattr(chosen, name)


@contextlib.contextmanager
def prints_to_stderr() -> Iterator[None]:
    """Send what this thread prints to stderr, also after a time limit has passed."""
    if not isinstance(sys.stdout, _SharedStdout):
        sys.stdout = _SharedStdout(sys.stdout)
    _thread.is_plugin = True
    try:
        yield
    finally:
        _thread.is_plugin = False
