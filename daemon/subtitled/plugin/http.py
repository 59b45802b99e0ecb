"""HTTP requests whose failures become the right error.

httpx is imported at the first request, so that importing this module is cheap.
"""

from __future__ import annotations

import email.utils
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .errors import InputRejectedError, SetupError, TransientError
from .limits import MAX_ANSWER_BYTES, parse_json

if TYPE_CHECKING:
    import httpx


BODY_TIME_FACTOR = 2.0
"""Multiple of the timeout that a whole response may take once it has begun."""
MAX_RETRY_SECONDS = 24 * 3600.0
"""Longest wait that is taken from a header."""
_REFUSED_FOR_NOW = frozenset({425, 429, 503})
"""Statuses that say that a request was not worked on."""
MAX_REASON_CHARACTERS = 200
"""How many characters of a service's error message are passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpService:
    """A service that requests are sent to, as messages name it, and how it is reached."""

    name: str
    """Its name in messages, such as ``Plex at http://nas:32400``."""
    timeout: float
    """Seconds to wait for a response. Ignored with ``client``."""
    verify: bool = True
    """Whether to verify the TLS certificate. Ignored with ``client``."""
    section: str = ""
    """The section of the configuration, such as ``servers.plex``, for hints."""
    example: str = "http://localhost:5000"
    """A valid url, for hints."""
    client: httpx.Client | None = None
    """An ``httpx.Client`` to use, with its own timeout and verification."""


def send_request(
    service: HttpService,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> httpx.Response:
    """Send a request and return the response, unless it is a temporary failure or a redirect.

    Redirects are not followed: a POST would arrive as GET, and a key at another host. The response
    has at most :data:`~subtitled.plugin.limits.MAX_ANSWER_BYTES`, also when it is unpacked.

    Args:
        service: The service.
        method: The HTTP method.
        url: The whole URL.
        headers: Request headers.
        **options: Passed to httpx: ``json``, ``data``, ``content``, ``files``, ``params``.

    Returns:
        The response. Its status may be any other, 4xx included: see :func:`refusal_error`.

    Raises:
        TransientError: No connection, a timeout, an endless response, or status 408, 409, 425, 429
            or 5xx. ``retry_after`` is that of the response. ``nothing_done`` is true if there was
            no connection, and for status 425, 429 and 503.
        SetupError: The url or the certificate is invalid, or the service redirects.
    """
    import httpx

    name, key = service.name, f"{service.section}." if service.section else ""
    options["headers"] = {"Accept-Encoding": "gzip"} | dict(headers or {})
    stream = httpx.stream if service.client is None else service.client.stream
    if service.client is None:
        options |= {"timeout": service.timeout, "verify": service.verify}
    try:
        with stream(method, url, **options) as streamed:
            response = _read_response(service, streamed)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise SetupError(
            f"the url of {name} is no address", f"Write one such as {service.example}"
        ) from None
    except httpx.HTTPError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise SetupError(
                f"the certificate of {name} is not valid",
                f"Give it one, or set {key}verify_tls = false",
            ) from None
        raise TransientError(
            f"{name} does not answer: {type(error).__name__}",
            "Check that it runs and that the url is right",
            nothing_done=isinstance(
                error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout
            ),
        ) from None
    status = response.status_code
    if status in (408, 409, 425, 429) or status >= 500:
        raise TransientError(
            f"{name} answers {status}",
            "Look at its log",
            parse_retry_after(response),
            nothing_done=status in _REFUSED_FOR_NOW,
        )
    if response.has_redirect_location:
        # Only the host: the rest may contain a secret.
        new_host = get_host(str(response.next_request.url)) if response.next_request else "nowhere"
        raise SetupError(
            f"{name} answers {status}, which sends callers elsewhere, to {new_host}",
            f"Set {key}url to that place",
        )
    return response


def _read_response(service: HttpService, streamed: httpx.Response) -> httpx.Response:
    """Read a response within limits of size and time."""
    import httpx

    deadline = time.monotonic() + BODY_TIME_FACTOR * service.timeout
    body = bytearray()
    # The decoder of httpx would unpack a part as a whole, however large it becomes.
    is_read = streamed.is_stream_consumed  # by a transport that does not stream
    packed = streamed.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed and not is_read else None
    for part in streamed.iter_bytes() if is_read else streamed.iter_raw():
        try:
            body += unpacker.decompress(part, MAX_ANSWER_BYTES + 1) if unpacker else part
        except zlib.error:
            raise TransientError(
                f"{service.name} sends an answer that cannot be unpacked", "Look at its log"
            ) from None
        if len(body) > MAX_ANSWER_BYTES or time.monotonic() > deadline:
            raise TransientError(
                f"{service.name} does not come to the end of its answer "
                f"({len(body) / 1e6:.1f} MB so far)",
                "Check that the url is right, and look at its log",
            )
    headers = [
        (name, value)
        for name, value in streamed.headers.multi_items()
        if name.lower() not in ("content-encoding", "content-length", "transfer-encoding")
    ]
    response = httpx.Response(
        streamed.status_code, headers=headers, content=bytes(body), request=streamed.request
    )
    response.next_request = streamed.next_request
    return response


def parse_answer(response: httpx.Response) -> Any:
    """Parse the JSON of a response within limits of size and depth.

    Args:
        response: A response of :func:`send_request`.

    Returns:
        The parsed JSON, or None if the response is empty.

    Raises:
        ValueError: It is no JSON, or nested too deeply.
    """
    return parse_json(response.content) if response.content.strip() else None


def refusal_error(
    service: str, response: httpx.Response, reason: str = ""
) -> SetupError | InputRejectedError:
    """Create the error for a response that refuses a request for good.

    Args:
        service: The name of the service in messages.
        response: A response of :func:`send_request` that is no success.
        reason: The service's own reason. It must not contain a secret or a subtitle's text.

    Returns:
        :class:`~subtitled.plugin.SetupError` for status 401, 402, 403, 404 and 405, else
        :class:`~subtitled.plugin.InputRejectedError`. The caller raises it.
    """
    status = response.status_code
    suffix = f": {reason[:MAX_REASON_CHARACTERS]}" if reason else ""
    if status in (401, 403):
        return SetupError(f"{service} refuses the key ({status})", "Set a key that it takes")
    if status == 402:
        return SetupError(f"{service} wants to be paid (402){suffix}", "Top up the account")
    if status in (404, 405):
        return SetupError(f"{service} answers {status}{suffix}", "Check the url and the model")
    return InputRejectedError(f"{service} answers {status}{suffix}", "Another one may take it")


def parse_retry_after(response: httpx.Response) -> float | None:
    """Read the header ``Retry-After``, a number of seconds or a date.

    Args:
        response: Any response.

    Returns:
        Seconds to wait, or None without a valid header.
    """
    value = response.headers.get("Retry-After", "").strip()
    if value.replace(".", "", 1).isdecimal():
        return min(MAX_RETRY_SECONDS, float(value))
    try:
        wait = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(MAX_RETRY_SECONDS, max(0.0, wait))


def get_host(url: str) -> str:
    """Extract the host of a URL, which is safe to show.

    Args:
        url: A URL.

    Returns:
        The host, with ``:port`` if the URL has one. ``?`` if there is no host.
    """
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or '?'}{port}"


def is_loopback(url: str) -> bool:
    """Check whether a URL names this machine.

    Args:
        url: A URL.

    Returns:
        True for ``localhost``, ``::1`` and ``127.*``.
    """
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")
