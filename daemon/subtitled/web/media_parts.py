"""Parts of media files as answers, for the API and for pages."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.reviews.media import MediaPart
from subtitled.media.clips import SoundFormat

from .etags import matches_etag

_WAV_TYPES = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.IGNORECASE)


def choose_sound_format(request: Request) -> SoundFormat:
    """Return the format that the header Accept of a request names first; AAC if it names none."""
    for part in request.headers.get("accept", "").lower().split(","):
        name, _, parameters = part.partition(";")
        if "q=0" in parameters.replace(" ", "").split(";"):
            continue
        if name.strip() in _WAV_TYPES:
            return SoundFormat.WAV
        if name.strip() in ("audio/mp4", "audio/aac", "audio/*", "*/*"):
            return SoundFormat.MP4
    return SoundFormat.MP4


def answer_part(request: Request, part: MediaPart) -> Response:
    """Return a part with its ETag, or the range of it that is wanted, or 304 if it is known.

    A range that there is not, or several at once, are answered with the whole part.
    """
    headers = {
        "ETag": part.etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept",
        "Accept-Ranges": "bytes",
    }
    if matches_etag(request.headers.get("if-none-match", ""), part.etag):
        return Response(status_code=304, headers=headers)
    content = part.path.read_bytes()
    wanted = find_range(request.headers.get("range", ""), len(content))
    if wanted is None or request.headers.get("if-range", part.etag) != part.etag:
        return Response(content, 200, headers, part.media_type)
    headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{len(content)}"
    return Response(content[wanted.start : wanted.stop], 206, headers, part.media_type)


def find_range(header: str, size: int) -> range | None:
    """Return which bytes the header Range names; None for all.

    Args:
        header: The header, such as ``bytes=100-199``, ``bytes=100-`` or ``bytes=-100``.
        size: How many bytes there are.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        found = range(max(0, size - int(match[2])), size)
    else:
        found = range(int(match[1]), min(size, int(match[2]) + 1 if match[2] else size))
    return found or None
