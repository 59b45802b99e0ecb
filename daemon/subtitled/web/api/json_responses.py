"""Answers as JSON, with what callers need to keep them: a strong ETag."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..etags import matches_etag

MEDIA_TYPE = "application/json"
_GZIP_LEVEL = 9
"""The highest: a list of 1 500 cues takes 13 ms of the processor."""
_ACCEPTS_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?=,|$)")


def encode_json(value: Any) -> bytes:
    """Write a value as JSON. Bytes of a path that are no UTF-8 become question marks."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def answer_json(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer that is not kept."""
    return Response(encode_json(value), status, dict(headers or {}), MEDIA_TYPE)


def answer_with_etag(
    request: Request, content: bytes, media_type: str = MEDIA_TYPE, **headers: str
) -> Response:
    """Return a resource with its ETag, or 304 if the caller has it already."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    more = {"ETag": etag, "Cache-Control": "private, no-cache"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    if matches_etag(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=more)
    return Response(content, 200, more, media_type)


def answer_compressed(request: Request, content: bytes) -> Response:
    """Return a large resource with its ETag, compressed if the caller reads that, or 304.

    The ETag is weak, because it is the same for both forms.
    """
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if matches_etag(request.headers.get("if-none-match", ""), etag.removeprefix("W/")):
        return Response(status_code=304, headers=headers)
    if _ACCEPTS_GZIP.search(request.headers.get("accept-encoding", "").lower()):
        content = gzip.compress(content, _GZIP_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, 200, headers, MEDIA_TYPE)


def link_header(request: Request, next_cursor: str | None) -> dict[str, str]:
    """Return the header Link of a page, which leads to the next one."""
    if next_cursor is None:
        return {}
    path = request.url.path
    query = request.url.include_query_params(after=next_cursor).query
    return {"Link": f'<{path}?{query}>; rel="next"'}
