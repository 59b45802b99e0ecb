"""Protection against requests that other pages make a browser send (CSRF)."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from ..hosts import split_host
from ..i18n import mark_text as _

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
TOKEN_FIELD = "csrf_token"  # noqa: S105 - the name of a form field
TOKEN_HEADER = "x-csrf-token"  # noqa: S105 - the name of a header
_DEFAULT_PORTS = {"http": 80, "https": 443}


def find_foreign_origin(
    headers: Headers, scheme: str, host: str, *, is_always_sent: bool = True
) -> str | None:
    """Return why a request may come from another page, or None.

    Browsers send ``Origin`` with each unsafe request, and with reads of other pages. They send
    ``Sec-Fetch-Site`` as well, but not to plain http addresses, which a home network has.

    Args:
        headers: The headers of the request.
        scheme: The scheme as the browser sees it.
        host: Host and port as the browser sees them.
        is_always_sent: Whether a request without ``Origin`` may be foreign: one that is unsafe.
    """
    origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    if any(site not in ("same-origin", "none") for site in sites):
        return _("it comes from another page")
    if not origins and not is_always_sent:
        return None
    if len(origins) != 1:
        return _("it does not say which page it comes from")
    if not _is_same_origin(origins[0], scheme, host):
        return _("it comes from another page")
    return None


def is_from_browser(headers: Headers) -> bool:
    """Return whether a page in a browser sent a request, as far as its headers tell."""
    return "origin" in headers or "sec-fetch-site" in headers


def shows_basic(headers: Headers) -> bool:
    """Return whether a request shows the password of basic authentication."""
    return headers.get("authorization", "").lower().startswith("basic")


def is_csrf_token(given: str, expected: str) -> bool:
    """Compare two tokens in constant time."""
    return bool(expected) and hmac.compare_digest(
        given.encode("utf-8", "replace"), expected.encode()
    )


def _is_same_origin(origin: str, scheme: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    default_port = _DEFAULT_PORTS.get(parts.scheme)
    own_name, own_port = split_host(host)
    if default_port is None or own_name is None or parts.path or parts.query or parts.username:
        return False
    if parts.hostname != own_name.strip("[]"):
        return False
    if scheme == "https" and parts.scheme != "https":
        return False
    # A proxy that is not named may have ended TLS, so a missing port is that of either scheme.
    return (port or default_port) == (own_port or default_port)
