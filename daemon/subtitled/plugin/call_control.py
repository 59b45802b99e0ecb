"""What a running call of an engine tells the core, and what the core tells it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

REPORT_SECONDS = 0.5
"""Seconds between two reports that are passed on. Those between them are dropped."""


def _ignore(seconds: float) -> None:
    return


def _never() -> bool:
    return False


class CallControl:
    """The link of one call to the core: progress one way, cancellation the other.

    Any thread may use it. One that the core did not make, as in a test, does nothing.
    """

    def __init__(
        self,
        report: Callable[[float], None] = _ignore,
        is_cancelled: Callable[[], bool] = _never,
    ) -> None:
        """Create a link.

        Args:
            report: Is told the seconds that are done, at most twice a second.
            is_cancelled: Whether the call is cancelled.
        """
        self._report = report
        self._is_cancelled = is_cancelled
        self._lock = threading.Lock()
        self._reported_at = -math.inf

    def report(self, seconds: object) -> None:
        """Pass on how many seconds are done.

        Args:
            seconds: Seconds of the chunk. What is no finite number is ignored.
        """
        if not isinstance(seconds, int | float) and not hasattr(seconds, "__float__"):
            return
        try:
            number = float(seconds)
        except (TypeError, ValueError, OverflowError):
            return
        now = time.monotonic()
        with self._lock:
            if not math.isfinite(number) or now - self._reported_at < REPORT_SECONDS:
                return
            self._reported_at = now
        self._report(number)

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for the result any more."""
        return self._is_cancelled()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Leave it out of what is sent to another process, which makes its own."""
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: None),
        )
