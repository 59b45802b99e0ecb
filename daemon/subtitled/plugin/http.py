"""HTTP requests whose failures become the right error, and a base class of media servers.

httpx is imported at the first request, so that importing this module is cheap.
"""

from __future__ import annotations

import email.utils
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field
from typing_extensions import TypeVar

from .component import ComponentContext, Settings
from .errors import InputRejectedError, SetupError, TransientError
from .limits import MAX_ANSWER_BYTES, clean_text, parse_json, read_path
from .media_server import MediaServer
from .paths import PathMap, PathPairs

if TYPE_CHECKING:
    import httpx


BODY_TIME_FACTOR = 2.0
"""Multiple of the timeout that a whole response may take once it has begun."""
MAX_RETRY_SECONDS = 24 * 3600.0
"""Longest wait that is taken from a header."""
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
            or 5xx. ``retry_after`` is that of the response.
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
        ) from None
    status = response.status_code
    if status in (408, 409, 425, 429) or status >= 500:
        raise TransientError(
            f"{name} answers {status}", "Look at its log", parse_retry_after(response)
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


class NotFoundError(SetupError):
    """The server answers 404: it does not have what was asked for."""


class HttpServerSettings(Settings):
    """Settings of a media server with an HTTP interface."""

    url: str = Field(pattern=r"^https?://", description="The address of the server.")
    """The address of the server."""
    path_map: PathPairs = Field(
        (),
        description="Pairs of [our folder, its folder], if the server sees the media elsewhere.",
    )
    """Pairs of (folder of this machine, folder of the server)."""
    verify_tls: bool = Field(True, description="Require a valid certificate.")
    """Whether to verify the TLS certificate."""
    timeout: float = Field(15.0, gt=0, description="Seconds to wait for an answer.")
    """Seconds to wait for a response."""


H = TypeVar("H", bound=HttpServerSettings, default=HttpServerSettings)
"""The settings class of a media server: ``class Plex(HttpMediaServer[PlexSettings])``."""


class HttpMediaServer(MediaServer[H]):
    """A media server with an HTTP interface that answers JSON. It maps paths by ``path_map``."""

    kind: str
    """The product's name, for messages. Must be set."""
    example: str
    """A typical address of the server, for hints. Must be set."""

    def __init__(self, settings: H, context: ComponentContext) -> None:
        """Create the component. May be implemented.

        Args:
            settings: The validated settings.
            context: What the core gives to the component.
        """
        super().__init__(settings, context)
        self._paths = PathMap(settings.path_map)
        self._client: httpx.Client | None = None
        self._has_odd_paths = False

    def to_local(self, path: str) -> Path:
        """Map a path of the server by ``path_map``. May be implemented.

        Args:
            path: A path as the server names it.

        Returns:
            The path of this machine.
        """
        return self._paths.to_local(path)

    def to_server(self, path: Path) -> str:
        """Map a path of this machine by ``path_map``. May be implemented.

        Args:
            path: A path of this machine.

        Returns:
            The path as the server names it.
        """
        return self._paths.to_server(path)

    def to_local_paths(self, values: Iterable[object]) -> list[Path]:
        """Map the paths of a response to paths of this machine.

        Args:
            values: Paths as the server names them. What is no path is left out, and logged once.

        Returns:
            Paths of this machine, each once.
        """
        paths = []
        for value in dict.fromkeys(value for value in values if isinstance(value, str) and value):
            path = read_path(value)
            if path is not None:
                paths.append(self.to_local(path))
            elif not self._has_odd_paths:
                self._has_odd_paths = True
                self.context.log.warning(
                    "%s at %s names a file by what is no path, which is left out: %.200s",
                    self.kind,
                    get_host(self.url),
                    clean_text(value),
                )
        return paths

    @property
    def url(self) -> str:
        """The configured address without a slash at the end."""
        return self.settings.url.rstrip("/")

    def request_json(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Any:
        """Send a request to the server and parse the response as JSON.

        Args:
            method: The HTTP method.
            path: The path below :attr:`url`, with a slash in front.
            headers: Request headers, such as the key.
            query: Query parameters.
            body: The body, sent as JSON.

        Returns:
            The parsed response, or None if it is empty.

        Raises:
            TransientError: The server does not answer now.
            NotFoundError: The server answers 404.
            SetupError: The server refuses the key, or the response is not what this product sends.
        """
        import httpx

        name = f"{self.kind} at {self.url}"
        if self._client is None:
            # The client is kept, and reads no certificates for plain HTTP, because reading them
            # takes 0.1 s. Connections are not kept: calls are minutes apart.
            self._client = httpx.Client(
                timeout=self.settings.timeout,
                verify=self.settings.verify_tls and self.url.startswith("https"),
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        service = HttpService(
            name=name,
            timeout=self.settings.timeout,
            section=f"servers.{self.context.name}",
            example=self.example,
            client=self._client,
        )
        response = send_request(
            service,
            method,
            self.url + path,
            headers={"Accept": "application/json", **headers},
            params=query,
            json=body,
        )
        status = response.status_code
        if status in (401, 403):
            raise SetupError(f"{name} refuses the key ({status})", self.key_hint())
        if not response.is_success:
            kind = NotFoundError if status == 404 else SetupError
            raise kind(
                f"{self.url}{path} answers {status}", f"Check that the url is {self.kind}'s own"
            )
        try:
            return parse_answer(response)
        except ValueError:
            raise self.unexpected_answer(path) from None

    def key_hint(self) -> str:
        """Explain how to get a valid key, as the hint of an error. Must be implemented.

        Returns:
            One sentence without a full stop.
        """
        raise NotImplementedError

    def unexpected_answer(self, path: str) -> SetupError:
        """Create the error for a response that this product would not send.

        Args:
            path: The path below :attr:`url`.

        Returns:
            The error. The caller raises it.
        """
        return SetupError(f"{self.url}{path} does not answer as {self.kind} does", "Check the url")
