"""A connection to a Wyoming server, with limits on what it may send.

The events are those of the package ``wyoming`` (checked against 1.10). Its own reader takes events
of any size, so events are read here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError
from subtitled.plugin.limits import clean_text, parse_json, read_object

if TYPE_CHECKING:
    from wyoming.event import Event
    from wyoming.info import Info

MAX_EVENT_BYTES = 4_000_000
"""Longest event of a server: the information about its models, or a text."""
MAX_TEXT_CHARACTERS = 200_000
"""Longest text of a transcript."""
CONNECT_SECONDS = 10.0
"""Seconds to wait for the connection."""
DESCRIBE_SECONDS = 10.0
"""Seconds to wait for a server to describe itself."""
POLL_SECONDS = 0.5
"""Seconds between two looks at whether the call is cancelled."""


class WyomingService:
    """A server, and how to name it in messages."""

    def __init__(self, name: str, url: str, timeout: float) -> None:
        """Create it without connecting.

        Args:
            name: The name of the section.
            url: ``tcp://HOST:PORT`` or ``unix:///PATH``.
            timeout: Seconds to wait for a transcript.
        """
        self._url = urlsplit(url)
        self._timeout = timeout
        place = self._url.path if self._url.scheme == "unix" else self._url.netloc
        self.name = f"{name} at {place}"

    def describe(self) -> Info:
        """Ask the server for its models.

        Raises:
            SubtitledError: It does not answer, or not as a Wyoming server does.
        """
        from wyoming.info import Describe, Info

        event = self._run([Describe().event()], _one_of(Info.is_type), DESCRIBE_SECONDS, _never)
        try:
            return Info.from_event(event)
        except Exception as error:  # the package trusts what it reads
            raise self._no_wyoming() from error

    def transcribe(self, events: list[Event], is_cancelled: Callable[[], bool]) -> Event:
        """Send a request with its audio, and return the event with the transcript.

        Args:
            events: The request and the audio.
            is_cancelled: Whether nobody waits for the transcript any more.

        Raises:
            SubtitledError: The server does not answer, or refuses the request.
        """
        return self._run(events, _TranscriptCollector(), self._timeout, is_cancelled)

    def _run(
        self,
        events: list[Event],
        take: Callable[[Event], Event | None],
        seconds: float,
        is_cancelled: Callable[[], bool],
    ) -> Event:
        try:
            return asyncio.run(self._exchange(events, take, seconds, is_cancelled))
        except TimeoutError:
            raise TransientError(
                f"{self.name} does not answer within {seconds:.0f} s",
                "Look at its log, or raise timeout in its section",
            ) from None
        except (OSError, EOFError) as error:
            raise TransientError(
                f"{self.name} does not answer: {type(error).__name__}",
                "Check that it runs and that the url is right",
            ) from None
        except ValueError:
            raise self._no_wyoming() from None

    async def _exchange(
        self,
        events: list[Event],
        take: Callable[[Event], Event | None],
        seconds: float,
        is_cancelled: Callable[[], bool],
    ) -> Event:
        reader, writer = await asyncio.wait_for(self._connect(), CONNECT_SECONDS)
        talk = asyncio.create_task(self._talk(reader, writer, events, take))
        deadline = time.monotonic() + seconds
        try:
            while True:
                done, _ = await asyncio.wait({talk}, timeout=POLL_SECONDS)
                if done:
                    return talk.result()
                if is_cancelled():
                    raise TransientError("the call was cancelled")
                if time.monotonic() > deadline:
                    raise TimeoutError
        finally:
            talk.cancel()
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._url.scheme == "unix":
            return await asyncio.open_unix_connection(self._url.path, limit=MAX_EVENT_BYTES)
        return await asyncio.open_connection(
            self._url.hostname, self._url.port, limit=MAX_EVENT_BYTES
        )

    async def _talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        events: list[Event],
        take: Callable[[Event], Event | None],
    ) -> Event:
        from wyoming.event import async_write_event

        async def send() -> None:
            for event in events:
                await async_write_event(event, writer)

        # A server may refuse the request before it has read the audio.
        sending = asyncio.create_task(send())
        try:
            while True:
                event = await read_event(reader)
                if event.type == "error":
                    raise self._refusal(event)
                if (wanted := take(event)) is not None:
                    return wanted
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def _refusal(self, event: Event) -> SubtitledError:
        """Return the error for an event of the type ``error``. Its text may quote what was said."""
        code = clean_text(event.data.get("code"), 60)
        return InputRejectedError(
            f"{self.name} refuses the request{f': {code}' if code else ''}",
            "Look at its log; another model or another engine may take it",
        )

    def _no_wyoming(self) -> SetupError:
        return SetupError(
            f"{self.name} does not answer as a Wyoming server does",
            "Check the url: the port is that of the speech-to-text service, such as 10300",
        )


async def read_event(reader: asyncio.StreamReader) -> Event:
    """Read one event.

    Raises:
        EOFError: The server closed the connection.
        ValueError: It is no event, or larger than is accepted.
    """
    from wyoming.event import Event

    line = await reader.readline()
    if not line:
        raise EOFError
    header = read_object(parse_json(line, MAX_EVENT_BYTES))
    data = read_object(header.get("data"))
    data_bytes = await _read_exactly(reader, header.get("data_length"))
    if data_bytes:
        data |= read_object(parse_json(data_bytes, MAX_EVENT_BYTES))
    payload = await _read_exactly(reader, header.get("payload_length"))
    kind = header.get("type")
    if not isinstance(kind, str):
        raise ValueError("an event has a type")
    return Event(type=kind, data=data, payload=payload or None)


async def _read_exactly(reader: asyncio.StreamReader, length: object) -> bytes:
    if length is None:
        return b""
    if not isinstance(length, int) or not 0 <= length <= MAX_EVENT_BYTES:
        raise ValueError("an event is too large")
    return await reader.readexactly(length)


class _TranscriptCollector:
    """Waits for the transcript. A server that streams sends it in parts, and whole at the end."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._language: object = None
        self._length = 0

    def __call__(self, event: Event) -> Event | None:
        """Return the event with the transcript, or None if it has not come yet."""
        from wyoming.event import Event

        if event.type == "transcript":
            return event
        if event.type == "transcript-start":
            self._language = event.data.get("language")
        elif event.type == "transcript-chunk":
            text = clean_text(event.data.get("text"), MAX_TEXT_CHARACTERS)
            self._length += len(text)
            if self._length > MAX_TEXT_CHARACTERS:
                raise TransientError("the transcript does not come to its end", "Look at its log")
            self._parts.append(text)
        elif event.type == "transcript-stop":
            data = {"text": "".join(self._parts), "language": self._language}
            return Event(type="transcript", data=data)
        return None


def _one_of(is_wanted: Callable[[str], bool]) -> Callable[[Event], Event | None]:
    return lambda event: event if is_wanted(event.type) else None


def _never() -> bool:
    return False
