"""Finding a task whose submission got no response, so that it is not paid for twice.

The service accepts no idempotency key. It lists the account's tasks of the last 24 hours
(``GET /fetch_tasks``, documented and in the SDK), and each result has the address of the audio,
which contains a random name. A task can therefore be recognised once it has ended. While other
tasks of the same model are running, the search waits for them. If no task is found some time after
the submission, the submission did not arrive.
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
"""Seconds after which a submission that is not listed did not arrive."""
MAX_CLOCK_SKEW = 600.0
"""Seconds by which the clocks may differ."""
MAX_PAGES = 20
LOOKUP_TIMEOUT = 180.0
"""Seconds that one search may take."""


class TaskLookup:
    """A search for a task."""

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
        """Find a task by the name of its audio.

        Args:
            name: The random name of the uploaded audio.
            submitted: When the task was submitted, in seconds since 1970.

        Returns:
            The id of the task, or None if the submission did not arrive.

        Raises:
            TransientError: It cannot be decided yet.
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
                    "It is searched again later, so that nothing is paid twice",
                    retry_after=120.0,
                )
            self._sleep(pause)
            pause = min(pause * 1.5, 15.0)

    def _iter_tasks(self, since: float) -> Iterator[dict[str, Any]]:
        """Iterate over the account's tasks of this model since a time."""
        for page in range(1, MAX_PAGES + 1):
            try:
                output = self._rate_limiter.call_with_retries(
                    lambda page=page: self._service.fetch_tasks(self._settings.model_name, page)  # type: ignore[misc]
                ).output
            except (SetupError, InputRejectedError) as error:
                raise TransientError(
                    f"{self._settings.host} does not list its tasks: {error.message}",
                    "Whether one arrived is unknown. It is submitted again after a day, when its "
                    "result would be gone. Until then use another engine",
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
        """Check whether a task or its result contains the name of the audio."""
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
