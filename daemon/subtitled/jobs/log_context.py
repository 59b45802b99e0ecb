"""The id of the job that a thread runs, which log lines carry."""

from __future__ import annotations

from contextvars import ContextVar

current_job: ContextVar[str] = ContextVar("job", default="")
