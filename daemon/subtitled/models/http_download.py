"""Downloads over HTTP, which continue after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from subtitled.plugin import TransientError

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT_SECONDS = 3.0
"""Seconds to wait for a connection."""
READ_TIMEOUT_SECONDS = 30.0
"""Seconds to wait for the next bytes."""
MAX_ATTEMPTS = 4
"""Interruptions in a row, without a new byte, after which a download fails."""
_RANGE_NOT_SATISFIABLE = 416

ProgressCallback = Callable[[int], object]
"""A function that is told how many bytes were downloaded."""


def download(
    url: str,
    part: Path,
    *,
    size: int | None,
    on_progress: ProgressCallback,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Download a file, over as many connections as it takes.

    Args:
        url: Its address.
        part: Where to put it. What is there already is continued.
        size: Its size in bytes, if known.
        on_progress: Is told the number of bytes in ``part``.
        headers: Headers of each request.

    Raises:
        TransientError: The server does not answer, refuses, or breaks off again and again.
        OSError: The file cannot be written.
    """
    import httpx

    host = urlsplit(url).hostname or url
    common = {"Accept-Encoding": "identity", **(headers or {})}
    timeouts = httpx.Timeout(READ_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
    part.parent.mkdir(parents=True, exist_ok=True)
    tries, size_before, reason = 0, -1, ""
    while True:
        is_begun = part.exists()
        size_now = part.stat().st_size if is_begun else 0
        if size is not None and size_now > size:
            part.unlink()
            continue
        if is_begun and size_now == size:
            return
        tries = tries + 1 if size_now <= size_before else 0
        if tries >= MAX_ATTEMPTS:
            of_size = "" if size is None else f" of {size}"
            raise TransientError(
                f"{host} broke off at {size_now} bytes{of_size}{reason}",
                "What was downloaded is kept; try again",
            )
        size_before = size_now
        request_headers = common | ({"Range": f"bytes={size_now}-"} if size_now else {})
        try:
            with httpx.stream(
                "GET", url, headers=request_headers, follow_redirects=True, timeout=timeouts
            ) as response:
                _write(response, part, size_now, on_progress)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == _RANGE_NOT_SATISFIABLE and size_now:
                part.unlink()  # What is there is not the beginning of what the server has.
                continue
            raise TransientError(f"{host} answers {error.response.status_code} to {url}") from error
        except httpx.RequestError as error:
            reason = f" ({type(error).__name__}: {error})"
            continue
        if size is None:
            return


def _write(
    response: httpx.Response, part: Path, written_bytes: int, on_progress: ProgressCallback
) -> None:
    response.raise_for_status()
    is_continued = response.status_code == 206 and response.headers.get(
        "Content-Range", ""
    ).startswith(f"bytes {written_bytes}-")
    with part.open("ab" if is_continued else "wb") as file:
        for block in response.iter_bytes():
            file.write(block)
            file.flush()  # Keep what arrived before a kill.
            on_progress(file.tell())
