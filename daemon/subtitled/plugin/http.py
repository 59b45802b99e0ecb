"""Asking a service over HTTP, and saying what went wrong in the words of the contract.

What the bundled media servers have in common: their paths, and one way of asking them.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field

from . import (
    ComponentContext,
    InputRejectedError,
    MediaServer,
    PathMap,
    PathPairs,
    Settings,
    SetupError,
    TransientError,
)

if TYPE_CHECKING:
    import httpx


MAX_REASON_CHARACTERS = 200
"""Characters of an error message that are passed on."""


def send_request(
    service: str,
    method: str,
    url: str,
    *,
    timeout: float,
    verify: bool = True,
    headers: Mapping[str, str] | None = None,
    section: str = "",
    example: str = "http://localhost:5000",
    client: httpx.Client | None = None,
    **options: Any,
) -> httpx.Response:
    """The answer, if it is not one that may pass; else :class:`~subtitled.plugin.TransientError`.

    ``who`` names the service in messages, ``section`` its section of the configuration; ``said``
    is what httpx takes: ``json``, ``data``, ``content``, ``params``. A ``client`` has its own time
    limit and verification. Redirects are not followed: what is asked with POST would arrive as GET,
    or a key elsewhere.
    """
    import httpx

    key = f"{section}." if section else ""
    try:
        if client is not None:
            response = client.request(method, url, headers=dict(headers or {}), **options)
        else:
            response = httpx.request(
                method, url, headers=dict(headers or {}), timeout=timeout, verify=verify, **options
            )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise SetupError(
            f"the url of {service} is no address", f"Write one such as {example}"
        ) from None
    except httpx.HTTPError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise SetupError(
                f"the certificate of {service} is not valid",
                f"Give it one, or set {key}verify_tls = false",
            ) from None
        raise TransientError(
            f"{service} does not answer: {type(error).__name__}",
            "Check that it runs and that the url is right",
        ) from None
    status = response.status_code
    if status in (408, 409, 425, 429) or status >= 500:
        raise TransientError(
            f"{service} answers {status}", "Look at its log", parse_retry_after(response)
        )
    if response.has_redirect_location:
        # Not the whole of it: what follows the host may be a secret.
        new_host = get_host(str(response.next_request.url)) if response.next_request else "nowhere"
        raise SetupError(
            f"{service} answers {status}, which sends callers elsewhere, to {new_host}",
            f"Set {key}url to that place",
        )
    return response


def refusal_error(
    service: str, response: httpx.Response, reason: str = ""
) -> SetupError | InputRejectedError:
    """Any other answer that is no success: of a key, of an address, or of this one text."""
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
    """Seconds that ``Retry-After`` asks for, given as a number or as a date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def get_host(url: str) -> str:
    """The host of an address, with its port where that is not the usual one."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or '?'}{port}"


def is_loopback(url: str) -> bool:
    """Whether an address is this very machine."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")


class NotFoundError(SetupError):
    """The server answers 404."""


class HttpServerSettings(Settings):
    """What each of them needs."""

    url: str = Field(pattern=r"^https?://", description="Where it answers.")
    path_map: PathPairs = Field(
        (), description="Pairs of [our folder, its folder], where it sees the media elsewhere."
    )
    verify_tls: bool = Field(True, description="Insist on a valid certificate.")
    timeout: float = Field(15.0, gt=0, description="Seconds to wait for its answer.")


class HttpMediaServer(MediaServer):
    """One that is asked over HTTP. ``kind`` is its name, ``example`` an address such as it has."""

    kind: str
    example: str
    settings: HttpServerSettings

    def __init__(self, settings: HttpServerSettings, context: ComponentContext) -> None:
        super().__init__(settings, context)
        self._paths = PathMap(settings.path_map)
        self._client: httpx.Client | None = None

    def to_local(self, path: str) -> Path:
        return self._paths.to_local(path)

    def to_server(self, path: Path) -> str:
        return self._paths.to_server(path)

    @property
    def url(self) -> str:
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
        """What it answers, read as JSON; None where it says nothing.

        Raises :class:`Temporary` when it is away and :class:`SetupError` when it refuses.
        """
        import httpx

        service, section = f"{self.kind} at {self.url}", f"servers.{self.context.name}"
        if self._client is None:
            # Kept, and without certificates where none is asked for: reading them all takes a
            # tenth of a second. Connections are not kept: minutes lie between two calls.
            self._client = httpx.Client(
                timeout=self.settings.timeout,
                verify=self.settings.verify_tls and self.url.startswith("https"),
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        response = send_request(
            service,
            method,
            self.url + path,
            timeout=self.settings.timeout,
            headers={"Accept": "application/json", **headers},
            section=section,
            example=self.example,
            client=self._client,
            params=query,
            json=body,
        )
        status = response.status_code
        if status in (401, 403):
            raise SetupError(f"{service} refuses the key ({status})", self.key_hint())
        if not response.is_success:
            kind = NotFoundError if status == 404 else SetupError
            raise kind(
                f"{self.url}{path} answers {status}", f"Check that the url is {self.kind}'s own"
            )
        try:
            return response.json() if response.content.strip() else None
        except ValueError:
            raise self.unexpected_answer(path) from None

    def key_hint(self) -> str:
        """How to get a key that is right."""
        raise NotImplementedError

    def unexpected_answer(self, path: str) -> SetupError:
        """What answers there is no such server."""
        return SetupError(f"{self.url}{path} does not answer as {self.kind} does", "Check the url")
