"""Multipart forms with a large file, streamed to the scratch folder. Nothing is spooled to /tmp."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from subtitled.daemon.audio_requests.scratch_folder import Upload

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

STALL_SECONDS = 30.0
"""Seconds that a caller may pause while it sends."""
GRACE_SECONDS = 60.0
MIN_BYTES_PER_SECOND = 4096.0
"""How fast a body has to arrive at least, on average, after the grace."""
WRITE_BYTES = 1024 * 1024
"""Bytes that are written to the disk at once."""
MAX_PARTS = 64
MAX_FIELD_BYTES = 64 * 1024
"""Most bytes of all fields that are no file. They are in memory."""


class BadFormError(Exception):
    """Raised for a body that is refused."""

    def __init__(self, status: int, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        """The field that is at fault."""


@dataclass(frozen=True, slots=True)
class ReceivedForm:
    """A form whose file lies in the scratch folder."""

    digest: str
    """The digest of the file, which is held."""
    size: int
    fields: dict[str, list[str]]
    """The other fields, each with all its values."""

    def last(self, name: str, default: str = "") -> str:
        """Return the last value of a field."""
        return self.fields[name][-1] if self.fields.get(name) else default


async def receive_form(
    request: Request, file_field: str, open_upload: Callable[[int], Upload]
) -> ReceivedForm:
    """Receive a form with one file.

    Args:
        request: The request, of whose body nothing was read.
        file_field: The name of the field with the file.
        open_upload: Begins the scratch file, given the bytes that are announced.

    Raises:
        BadFormError: The body is no such form, is cut off, or arrives too slowly.
        ClientDisconnect: The caller is gone.
        DiskFullError: There is no room for it.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BadFormError(415, f"send multipart/form-data with the file as {file_field}")
    length = request.headers.get("content-length", "0")
    upload = await run_in_threadpool(open_upload, int(length) if length.isdecimal() else 0)
    try:
        reader = _FormReader(file_field=file_field)
        parser = MultipartParser(boundary, reader.callbacks())
        await _feed(request, parser, reader, upload)
        if not reader.is_complete:
            raise BadFormError(400, "the form is cut off")
        if not reader.has_file:
            raise BadFormError(400, f"the field {file_field} with the audio is missing", file_field)
        await run_in_threadpool(upload.write, reader.take())
        if not upload.size:
            raise BadFormError(400, f"the file in {file_field} is empty", file_field)
        digest = await run_in_threadpool(upload.finish)
    except FormParserError as error:
        upload.discard()
        raise BadFormError(400, f"the form cannot be read: {error}") from None
    except BaseException:
        upload.discard()
        raise
    return ReceivedForm(digest, upload.size, dict(reader.fields))


async def _feed(
    request: Request, parser: MultipartParser, reader: _FormReader, upload: Upload
) -> None:
    began, received = time.monotonic(), 0
    body = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                part = await anext(body)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise BadFormError(408, f"nothing arrived for {STALL_SECONDS:.0f} s") from None
        received += len(part)
        seconds = time.monotonic() - began - GRACE_SECONDS
        if seconds > 0 and received < seconds * MIN_BYTES_PER_SECOND:
            raise BadFormError(408, "the body arrives too slowly")
        if part:
            parser.write(part)
        if len(reader.pending) >= WRITE_BYTES:
            await run_in_threadpool(upload.write, reader.take())


@dataclass(slots=True, kw_only=True)
class _FormReader:
    """What the parser finds."""

    file_field: str
    fields: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    pending: bytearray = field(default_factory=bytearray)
    """Bytes of the file that are not written yet."""
    has_file: bool = False
    is_complete: bool = False
    _parts: int = 0
    _field_bytes: int = 0
    _header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    _name: str | None = None
    """The field that is being read; None for a part without a name, or with a file of no use."""
    _value: bytearray = field(default_factory=bytearray)

    def callbacks(self) -> MultipartCallbacks:
        """Return the functions that the parser calls."""
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_content,
            "on_part_data": self._add,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def take(self) -> bytes:
        """Return the bytes of the file that were not taken before."""
        taken, self.pending = bytes(self.pending), bytearray()
        return taken

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadFormError(400, f"the form has more than {MAX_PARTS} fields")
        self._name = None
        self._value.clear()

    def _end_header(self) -> None:
        name, value = (bytes(part) for part in self._header)
        self._header = (bytearray(), bytearray())
        if name.lower() != b"content-disposition":
            return
        _, options = parse_options_header(value)
        given = options.get(b"name", b"").decode("utf-8", "replace")
        if given == self.file_field or b"filename" not in options:
            self._name = given or None

    def _begin_content(self) -> None:
        if self._name == self.file_field:
            if self.has_file:
                raise BadFormError(400, f"the form has {self.file_field} twice", self.file_field)
            self.has_file = True

    def _add(self, data: bytes, start: int, end: int) -> None:
        if self._name == self.file_field:
            self.pending += data[start:end]
        elif self._name is not None:
            self._value += data[start:end]
            self._field_bytes += end - start
            if self._field_bytes > MAX_FIELD_BYTES:
                raise BadFormError(400, f"the field {self._name} is too long", self._name)

    def _end_part(self) -> None:
        if self._name is not None and self._name != self.file_field:
            self.fields[self._name].append(self._value.decode("utf-8", "replace"))

    def _end(self) -> None:
        self.is_complete = True
