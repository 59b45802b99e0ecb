"""Server-sent events: the history as it grows, and that anything has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated

from fastapi import FastAPI, Header, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from subtitled.daemon.answers.plain import to_plain
from subtitled.db.history import HistoryEntry

from ..auth.authenticator import Credentials
from ..connections import STREAM_SECONDS, STREAM_STATE
from ..wall import Call
from .callers import Caller, caller_of
from .json_responses import encode_json
from .parameters import MAX_NUMBER, Input
from .problems import ApiError
from .services import ApiServices

COMMENT_SECONDS = 15.0
"""Seconds of silence after which a comment shows that the stream is alive."""
RETRY_MILLISECONDS = 3000
"""When a browser opens the stream again."""
CHECK_SECONDS = 1.0
"""How often it is checked, at most, that the caller may still read the stream."""


class Topic(StrEnum):
    """What a stream tells."""

    HISTORY = "history"
    """Each new entry of the history."""
    CHANGED = "changed"
    """That something in the database has changed, at most once a second."""


class EventQuery(Input):
    """What a stream tells, and from where on."""

    topic: list[Topic] = Field(
        [], max_length=len(Topic), description="What is told; by default the history."
    )
    after: int | None = Field(
        None,
        ge=0,
        le=MAX_NUMBER,
        description="The number of the last entry that is known, if the header is not sent.",
    )


def add_event_routes(api: FastAPI, services: ApiServices) -> None:
    """Add the route."""

    @api.get(
        "/events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
        tags=["events"],
        summary="Follow the history",
    )
    async def follow_events(
        request: Request,
        query: Annotated[EventQuery, Query()],
        last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    ) -> Response:
        """Stream events until the caller leaves.

        The `id` of an event is the number of the entry. With `Last-Event-ID` the stream goes on
        after that entry; an event `resync` says that this cannot be done without a gap.
        """
        start: int | None = query.after
        if last_event_id:
            is_number = last_event_id.isascii() and last_event_id.isdigit()
            start = int(last_event_id) if is_number and len(last_event_id) < 19 else -1
        return _EventStream(request, services, set(query.topic or [Topic.HISTORY]), start)


class _EventStream(StreamingResponse):
    """One stream. It counts as one of the streams of its caller while it is sent."""

    def __init__(
        self, request: Request, services: ApiServices, topics: set[Topic], start: int | None
    ) -> None:
        self._request = request
        self._services = services
        self._topics = topics
        self._start = start
        self._caller = caller_of(request)
        self._checked_at = time.monotonic()
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(self._iterate(), 200, headers, "text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hub = self._services.events
        if not hub.enter(self._caller.key):
            problem = ApiError(
                503,
                "too-many-streams",
                "too many event streams are open",
                "Close some, such as those of hidden tabs, or use one stream for all",
                retry_after=30,
            )
            await problem.to_response()(scope, receive, send)
            return
        scope.setdefault("state", {})[STREAM_STATE] = True
        try:
            await super().__call__(scope, receive, send)
        finally:
            hub.leave(self._caller.key)

    async def _iterate(self) -> AsyncIterator[bytes]:
        hub, ends_at = self._services.events, time.monotonic() + STREAM_SECONDS
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        await hub.wait_until_ready()
        position, version = hub.position, hub.version
        if self._start is not None:
            if await hub.can_resume(self._start):
                position = self._start
            else:
                yield f"id: {position}\nevent: resync\ndata: {{}}\n\n".encode()
        while time.monotonic() < ends_at:
            changed = hub.changed
            entries = await hub.entries_after(position)
            if hub.is_stopping or not await self._is_still_allowed():
                return
            for entry in entries:
                position = entry.id
                if Topic.HISTORY in self._topics and self._caller.sees_entry(entry):
                    yield format_entry(entry)
            if Topic.CHANGED in self._topics and hub.version != version:
                version = hub.version
                yield b"event: changed\ndata: {}\n\n"
            if entries:
                continue
            try:
                await asyncio.wait_for(changed.wait(), COMMENT_SECONDS)
            except TimeoutError:
                yield b": nothing new\n\n"

    async def _is_still_allowed(self) -> bool:
        """Return whether the session or key of the caller still is what it was."""
        if time.monotonic() - self._checked_at < CHECK_SECONDS:
            return True
        self._checked_at = time.monotonic()
        call: Call = self._request.state.call
        shown = Credentials(
            call.headers, QueryParams(self._request.scope["query_string"]), call.peer, False
        )
        now = await run_in_threadpool(self._services.authenticator.identify, shown)
        return now is not None and Caller(now) == self._caller


def format_entry(entry: HistoryEntry) -> bytes:
    """Write an entry of the history as an event."""
    data = encode_json(to_plain(entry)).decode()
    return f"id: {entry.id}\nevent: history\ndata: {data}\n\n".encode()
