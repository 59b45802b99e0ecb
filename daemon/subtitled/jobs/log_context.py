"""Which job a thread works on, so that its log lines can be found by the job's id."""

from __future__ import annotations

from contextvars import ContextVar

current_job: ContextVar[str] = ContextVar("job", default="")
