"""ETags, by which callers ask only for what changed."""

from __future__ import annotations


def matches_etag(header: str, etag: str) -> bool:
    """Return whether the header If-None-Match names an ETag."""
    given = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in given or etag in given
