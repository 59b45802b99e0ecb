"""The answer to a caller who waits, for seconds or for hours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from subtitled.daemon.audio_requests.questions import AudioAnswer
from subtitled.daemon.audio_requests.service import Ticket
from subtitled.plugin import SubtitledError

_log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 30.0
"""Seconds after which the answer begins without its text, and then between two heartbeats."""
SEND_SECONDS = 60.0
"""Seconds that a caller may take to read what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """How an answer is written."""

    render: Callable[[AudioAnswer], bytes]
    refuse: Callable[[Exception], Response]
    """Returns the answer to a failure."""
    media_type: str
    head: bytes = b""
    """How every answer of the form begins, with which an answer can begin before it is known."""
    keep_alive: bytes = b"\n"
    """What may stand between the head and the rest as often as one likes."""
    late_failure: Callable[[Exception], bytes | None] = lambda error: None
    """Returns what follows if it fails after the answer began; None to break the connection off."""


class WaitingResponse(Response):
    """Waits for an answer, and sends it. If the caller leaves before that, its ticket is given up.

    The status is that of the answer if it is there within :data:`KEEP_ALIVE_SECONDS`. Otherwise the
    headers are sent then, and a heartbeat again and again.
    """

    def __init__(self, ticket: Ticket, form: AnswerForm) -> None:
        super().__init__(media_type=form.media_type)
        self._ticket = ticket
        self._form = form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        gone = asyncio.create_task(_wait_until_gone(receive))
        answer = asyncio.wrap_future(self._ticket.future)
        try:
            if await self._is_answered(answer, gone):
                await self._answer_at_once(answer, scope, receive, send)
            elif not gone.done():
                await self._answer_late(answer, gone, send)
        except TimeoutError:
            _log.info("a caller did not read its answer")
        finally:
            gone.cancel()
            self._ticket.leave()

    async def _is_answered(
        self, answer: asyncio.Future[AudioAnswer], gone: asyncio.Task[None]
    ) -> bool:
        events: set[asyncio.Future[Any]] = {answer, gone}
        await asyncio.wait(events, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return answer.done()

    async def _answer_at_once(
        self,
        answer: asyncio.Future[AudioAnswer],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        try:
            body = await asyncio.to_thread(self._form.render, answer.result())
        except SubtitledError as error:
            response = self._form.refuse(error)
        else:
            response = Response(body, media_type=self._form.media_type)
        async with asyncio.timeout(SEND_SECONDS):
            await response(scope, receive, send)

    async def _answer_late(
        self, answer: asyncio.Future[AudioAnswer], gone: asyncio.Task[None], send: Send
    ) -> None:
        form = self._form
        headers = [header for header in self.raw_headers if header[0] != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        part: bytes | None = form.head + form.keep_alive
        while not answer.done():
            if gone.done():
                return
            await _send_part(send, part or b"", more=True)
            part = form.keep_alive
            await self._is_answered(answer, gone)
        try:
            part = await asyncio.to_thread(form.render, answer.result())
        except SubtitledError as error:
            part = form.late_failure(error)
        if part is None:
            return  # What was sent is no whole answer, and the server closes the connection.
        await _send_part(send, part.removeprefix(form.head), more=False)


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_part(send: Send, part: bytes, *, more: bool) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": part, "more_body": more})
