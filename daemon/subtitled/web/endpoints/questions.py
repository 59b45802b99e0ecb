"""What both kinds of programs ask, read from the fields that they send."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from subtitled.config.load import Configuration
from subtitled.daemon.audio_requests.questions import AudioQuestion, AudioTask
from subtitled.daemon.audio_requests.service import AudioRequests, Ticket, stopping_error
from subtitled.library.paths import library_containing
from subtitled.plugin import Language, TransientError

from ..auth.identity import Identity
from ..connections import LONG_STATE
from ..paths import to_local_path
from .uploads import BadFormError, ReceivedForm, receive_form

if TYPE_CHECKING:
    from pathlib import Path

MAX_OPEN = 64
"""Requests that are received or waited for at the same time. More are told to come back."""
BUSY_RETRY_SECONDS = 60.0
MAX_LOOK_UPS = 8
"""Questions for which a library is read at the same time."""
_MAX_HOTWORDS = 100
_MAX_HOTWORD_LENGTH = 200
_UNKNOWN_LANGUAGES = ("", "auto", "und", "none", "null", "unknown")

QuestionBuilder = Callable[[ReceivedForm], AudioQuestion]


class Desk:
    """Receives audio and asks the daemon about it, for the routes."""

    def __init__(self, requests: AudioRequests, configuration: Configuration) -> None:
        self.configuration = configuration
        self.settings = configuration.settings.web.asr
        self._requests = requests
        self._open = 0
        self._threads: CapacityLimiter | None = None

    async def ask(
        self, request: Request, file_field: str, build: QuestionBuilder, *, is_pcm: bool = False
    ) -> Ticket:
        """Receive a form, and ask what ``build`` makes of it.

        Raises:
            BadFormError: The form is refused.
            ClientDisconnect: The caller is gone.
            TransientError: There is no room for more, or the daemon stops.
        """
        if self._open >= MAX_OPEN:
            raise TransientError(
                f"{MAX_OPEN} requests are open already", "Ask again later", BUSY_RETRY_SECONDS
            )
        setattr(request.state, LONG_STATE, True)
        self._open += 1
        try:
            form = await receive_form(
                request,
                file_field,
                lambda size: self._requests.receive(is_pcm=is_pcm, expected_bytes=size),
            )
            try:
                ticket = await self._in_own_thread(lambda: self._requests.ask(build(form)))
            finally:
                self._requests.folder.release(form.digest)
        except asyncio.CancelledError:
            self._open -= 1
            if not self._requests.is_stopping:
                raise
            # The server ends what is still received when the daemon stops.
            raise stopping_error() from None
        except BaseException:
            self._open -= 1
            raise

        def leave() -> None:
            self._open -= 1
            ticket.leave()

        return Ticket(ticket.future, leave)

    async def _in_own_thread(self, function: Callable[[], Ticket]) -> Ticket:
        """Call what may read a share that hangs. The threads of all other routes stay free."""
        if self._threads is None:
            self._threads = CapacityLimiter(MAX_LOOK_UPS)
        return await to_thread.run_sync(function, limiter=self._threads)

    def find_media(self, path: str, identity: Identity | None) -> Path | None:
        """Return the file of a library that a caller names, if its key may see that library."""
        media = to_local_path(path, self.settings.path_map) if path else None
        name = library_containing(media, self.configuration.settings.libraries) if media else None
        if name is None or identity is None:
            return None
        visible = identity.libraries
        return media if visible is None or name in visible else None


def read_language(text: str, param: str = "language") -> Language | None:
    """Return the language that a caller says is spoken; None if it is to be detected.

    Raises:
        BadFormError: There is no such language.
    """
    if text.strip().lower() in _UNKNOWN_LANGUAGES:
        return None
    try:
        language = Language.parse(text)
    except ValueError:
        raise BadFormError(
            400, f"{text!r:.40} is no language; write en or English", param
        ) from None
    return language if language.is_known else None


def read_task(text: str) -> AudioTask:
    """Return what is wanted.

    Raises:
        BadFormError: It is neither of both.
    """
    if text not in (AudioTask.TRANSCRIBE, AudioTask.TRANSLATE):
        raise BadFormError(400, "task is transcribe or translate", "task")
    return AudioTask(text)


def read_hotwords(*texts: str) -> tuple[str, ...]:
    """Return the terms in prompts, which are separated by punctuation."""
    parts = (part for text in texts for part in re.split(r"[,;:\n\r.!?、，。；！？]+", text))
    terms = dict.fromkeys(term for part in parts if (term := " ".join(part.split())))
    fitting = [term for term in terms if len(term) <= _MAX_HOTWORD_LENGTH]
    return tuple(fitting[:_MAX_HOTWORDS])


def read_flag(query: Mapping[str, str], name: str, default: bool) -> bool:
    """Return a value such as ``true``, ``False`` or ``1``.

    Raises:
        BadFormError: It is none of these.
    """
    value = query.get(name, "").strip().lower()
    if value in ("true", "1", "yes", "on"):
        return True
    if value in ("false", "0", "no", "off"):
        return False
    if value:
        raise BadFormError(400, f"{name} is true or false", name)
    return default
