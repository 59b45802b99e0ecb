"""Looking for a task whose submission got no answer, so that it is not paid for twice.

The service knows no number of ours for a request. What it has is the list of the account's tasks of
the last 24 hours (``GET /fetch_tasks``, in the SDK and documented), and in each result the address
of the sound, which holds a name of chance. So a task of ours is known once it has ended; as long as
others run in the same model it may be one of them, and that is waited for. Nobody's there, a while
after the submission: then it did not arrive.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from subtitled.plugin import InputRejectedError, SetupError, TransientError

from .rate_limit import RateLimiter
from .service import Service
from .settings import QwenSettings
from .transfer import fetch_json

ARRIVAL_SECONDS = 120.0
"""Seconds after which a submission that is in no list did not arrive."""
MAX_CLOCK_SKEW = 600.0
"""Seconds by which clocks may differ."""
MAX_PAGES = 20
LOOKUP_TIMEOUT = 180.0
"""Seconds that are spent on it at a time."""


class TaskLookup:
    """One look for a lost task."""

    def __init__(
        self,
        service: Service,
        settings: QwenSettings,
        rate_limiter: RateLimiter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = service
        self._settings = settings
        self._rate_limiter = rate_limiter
        self._sleep = sleep
        self._other_tasks: set[str] = set()

    def find(self, name: str, submitted: float) -> str | None:
        """The task whose sound has that name; None if it surely never arrived.

        ``submitted`` in seconds since 1970. Raises :class:`~subtitled.plugin.Temporary` while
        nobody can tell.
        """
        deadline = time.monotonic() + LOOKUP_TIMEOUT
        pause = 1.0
        while True:
            running = False
            for row in self._iter_tasks(submitted - MAX_CLOCK_SKEW):
                task_id, status = str(row.get("task_id")), row.get("status")
                if task_id in self._other_tasks:
                    continue
                if self._is_task_for(task_id, name):
                    return task_id
                if status in ("PENDING", "RUNNING", "SUSPENDED"):
                    running = True
                else:
                    self._other_tasks.add(task_id)
            if not running and time.time() - submitted >= ARRIVAL_SECONDS:
                return None
            if time.monotonic() + pause > deadline:
                raise TransientError(
                    f"whether a task arrived at {self._settings.host} cannot be told yet",
                    "It is looked for again, so that nothing is paid twice",
                    retry_after=120.0,
                )
            self._sleep(pause)
            pause = min(pause * 1.5, 15.0)

    def _iter_tasks(self, since: float) -> Iterator[dict[str, Any]]:
        """The account's tasks in this model since then."""
        for page in range(1, MAX_PAGES + 1):
            try:
                output = self._rate_limiter.call_with_retries(
                    lambda page=page: self._service.fetch_tasks(self._settings.model_name, page)  # type: ignore[misc]
                ).output
            except (SetupError, InputRejectedError) as error:
                raise TransientError(
                    f"{self._settings.host} does not list its tasks: {error.message}",
                    "Whether one arrived cannot be told, so it is begun anew after a day, when "
                    "what it gave would be gone; until then have another engine do it",
                    retry_after=3600.0,
                ) from None
            rows = output.get("data")
            for row in rows if isinstance(rows, list) else ():
                created_ms = row.get("gmt_create") if isinstance(row, dict) else None
                if isinstance(row, dict) and not (
                    isinstance(created_ms, int | float) and created_ms / 1000 < since
                ):
                    yield row
            total = output.get("total_page")
            if not isinstance(total, int) or page >= total:
                return

    def _is_task_for(self, task_id: str, name: str) -> bool:
        """Whether a task is of the sound with that name: it or its result says so."""
        output = self._rate_limiter.call_with_retries(
            lambda: self._service.fetch_task(task_id)
        ).output
        if name in str({key: value for key, value in output.items() if key != "task_id"}):
            return True
        parts = output.get("results")
        part = parts[0] if isinstance(parts, list) and parts else output.get("result")
        url = part.get("transcription_url") if isinstance(part, dict) else None
        if output.get("task_status") != "SUCCEEDED" or not isinstance(url, str):
            return False
        document = self._rate_limiter.call_with_retries(
            lambda: fetch_json(url, self._settings.host)
        )
        return isinstance(document, dict) and name in str(document.get("file_url"))
