"""Headers that each answer has, whatever route gave it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

_PERMISSIONS = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)
NONCE_STATE = "csp_nonce"
"""The name under which a route keeps the nonce of its styles in the state of the request."""


def content_security_policy(nonce: str | None = None) -> str:
    """Return the policy by which browsers load nothing but our own files.

    Args:
        nonce: Allows the style elements with this nonce.
    """
    style = "'self'" + (f" 'nonce-{nonce}'" if nonce else "")
    return (
        f"default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:; "
        "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def add_security_headers(headers: MutableHeaders, nonce: str | None = None) -> None:
    """Add the headers to an answer. A route may only choose how long it may be kept."""
    headers["Content-Security-Policy"] = content_security_policy(nonce)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = _PERMISSIONS
    headers.setdefault("Cache-Control", "no-store")
