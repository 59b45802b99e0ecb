"""Asking a service over HTTP, and saying what went wrong in the words of the contract."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from subtitled.plugin import Misconfigured, Rejected, Temporary

if TYPE_CHECKING:
    import httpx

REASON = 200
"""Characters of an error message that are passed on."""


def ask(
    who: str,
    method: str,
    url: str,
    *,
    timeout: float,
    verify: bool = True,
    headers: Mapping[str, str] | None = None,
    section: str = "",
    example: str = "http://localhost:5000",
    client: httpx.Client | None = None,
    **said: Any,
) -> httpx.Response:
    """The answer, if it is not one that may pass; else :class:`~subtitled.plugin.Temporary`.

    ``who`` names the service in messages, ``section`` its section of the configuration; ``said``
    is what httpx takes: ``json``, ``data``, ``content``, ``params``. A ``client`` has its own time
    limit and verification. Redirects are not followed: what is asked with POST would arrive as GET,
    or a key elsewhere.
    """
    import httpx

    key = f"{section}." if section else ""
    try:
        if client is not None:
            answer = client.request(method, url, headers=dict(headers or {}), **said)
        else:
            answer = httpx.request(
                method, url, headers=dict(headers or {}), timeout=timeout, verify=verify, **said
            )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise Misconfigured(
            f"the url of {who} is no address", f"Write one such as {example}"
        ) from None
    except httpx.HTTPError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise Misconfigured(
                f"the certificate of {who} is not valid",
                f"Give it one, or set {key}verify_tls = false",
            ) from None
        raise Temporary(
            f"{who} does not answer: {type(error).__name__}",
            "Check that it runs and that the url is right",
        ) from None
    status = answer.status_code
    if status in (408, 409, 425, 429) or status >= 500:
        raise Temporary(f"{who} answers {status}", "Look at its log", wait_of(answer))
    if answer.has_redirect_location:
        # Not the whole of it: what follows the host may be a secret.
        to = host_of(str(answer.next_request.url)) if answer.next_request else "nowhere"
        raise Misconfigured(
            f"{who} answers {status}, which sends callers elsewhere, to {to}",
            f"Set {key}url to that place",
        )
    return answer


def refused(who: str, answer: httpx.Response, reason: str = "") -> Misconfigured | Rejected:
    """Any other answer that is no success: of a key, of an address, or of this one text."""
    status = answer.status_code
    said = f": {reason[:REASON]}" if reason else ""
    if status in (401, 403):
        return Misconfigured(f"{who} refuses the key ({status})", "Set a key that it takes")
    if status == 402:
        return Misconfigured(f"{who} wants to be paid (402){said}", "Top up the account")
    if status in (404, 405):
        return Misconfigured(f"{who} answers {status}{said}", "Check the url and the model")
    return Rejected(f"{who} answers {status}{said}", "Another one may take it")


def wait_of(answer: httpx.Response) -> float | None:
    """Seconds that ``Retry-After`` asks for, given as a number or as a date."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.replace(".", "", 1).isdecimal():
        return float(said)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def host_of(url: str) -> str:
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
