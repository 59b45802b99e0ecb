"""A fake server that accepts only requests of its description, and records all requests.

The files in ``descriptions/`` list the operations that the plugins use, with method, path,
parameters and body, from the published descriptions of the services. Any other request is refused
as the service refuses it, and recorded in ``violations``. A test asserts that these are empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .serving import serving

_DESCRIPTIONS = Path(__file__).parent / "descriptions"


@dataclass(frozen=True)
class RecordedRequest:
    """A valid request to a fake."""

    operation: str
    """The name of the operation in the description, such as ``RefreshItem``."""
    path: dict[str, str]
    """The parameters in the path."""
    query: dict[str, str]
    """The parameters in the query."""
    body: Any
    """The JSON of the body, or None."""


class DescribedServer:
    """The base class of fakes of media servers. Subclasses implement :meth:`answer`."""

    description: str
    """The file in ``descriptions/``, without its ending."""
    key: str
    """The key that a request must have."""

    def __init__(self) -> None:
        payload = json.loads((_DESCRIPTIONS / f"{self.description}.json").read_text())
        self._operations = payload["operations"]
        self._key = payload["key"]
        self.port = 0
        """Its port, once it runs."""
        self.asked: list[RecordedRequest] = []
        """The valid requests, in order."""
        self.violations: list[str] = []
        """What was wrong with the other requests."""
        self.fault: int | None = None
        """The status of every response."""
        self.location = ""
        """The header ``Location`` of every response."""
        self.page: bytes | None = None
        """The body of every response, as of a proxy in front of the server."""

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def operations(self) -> list[str]:
        """List the operations of all requests, in order."""
        return [one.operation for one in self.asked]

    def answer(self, asked: RecordedRequest) -> Any:
        """Answer a valid request.

        Args:
            asked: The request.

        Returns:
            JSON, None for an empty body, or a status.
        """
        raise NotImplementedError

    def carries_key(self, headers: Any) -> bool:
        """Check that a request has the right key in the described header."""
        output = headers.get(self._key["header"], "")
        return re.fullmatch(self._key["pattern"], output) is not None and self.key in output

    def take(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any]:
        """Handle a request.

        Args:
            method: Such as ``GET``.
            target: The path and the query.
            headers: The headers of the request.
            body: The body of the request.

        Returns:
            A status, and JSON, the bytes of a file, or None.
        """
        if self.fault is not None or self.page is not None:
            return self.fault or 200, None
        url = urlsplit(target)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        if not self.carries_key(headers):
            return 401, None
        for operation in self._operations:
            path = _match(operation["path"], url.path)
            if path is None or operation["method"] != method:
                continue
            wrong = list(_wrong(operation, path, query, headers, body))
            if wrong:
                self.violations += [f"{method} {target}: {what}" for what in wrong]
                return 400, None
            asked = RecordedRequest(
                operation["id"], path, query, json.loads(body) if body else None
            )
            self.asked.append(asked)
            output = self.answer(asked)
            if isinstance(output, int):
                return output, None
            return operation["status"], output
        self.violations.append(f"{method} {target} is not described")
        return 404, None


def _match(template: str, path: str) -> dict[str, str] | None:
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    found = re.fullmatch(pattern, path)
    return found.groupdict() if found else None


def _wrong(
    operation: dict[str, Any],
    path: dict[str, str],
    query: dict[str, str],
    headers: Any,
    body: bytes,
) -> Iterator[str]:
    for name, value in path.items():
        yield from _invalid(name, operation["parameters"][name], value)
    for name, value in query.items():
        if name not in operation.get("query", {}):
            yield f"there is no parameter {name}"
        else:
            yield from _invalid(name, operation["query"][name], value)
    schema = operation.get("body")
    if schema is None:
        if body:
            yield "it takes no body"
        return
    if headers.get_content_type() != "application/json":
        yield "the body is not said to be JSON"
        return
    yield from _invalid("body", schema, json.loads(body))


def _invalid(name: str, schema: dict[str, Any], value: Any) -> Iterator[str]:
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(schema).iter_errors(value):
        yield f"{name}: {error.message}"


@contextmanager
def listening(server: Any, port: int = 0) -> Iterator[None]:
    """Run a fake while the context is open. Its ``port`` and ``url`` are set.

    Args:
        server: A :class:`DescribedServer`, or an object with the same ``take()`` and attributes.
        port: The port. 0 takes a free one.
    """

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, output = server.take(self.command, self.path, self.headers, body)
            data = b"" if output is None else output
            data = data if isinstance(data, bytes) else json.dumps(data).encode()
            data = server.page if server.page is not None else data
            self.send_response(status)
            if server.location:
                self.send_header("Location", server.location)
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if status != 204:
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815 - http.server calls them so

    with serving(Handler, port) as server.port:
        yield
