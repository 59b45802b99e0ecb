"""Models from the model hub. What an interruption left is gone on with, byte for byte."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.plugin import Misconfigured, ModelSpec, Temporary

if TYPE_CHECKING:
    import httpx

CONNECT_LIMIT = 3.0
"""Seconds to wait for a connection to the hub."""
PROBE_LIMIT = 6.0
"""Seconds, names and proxies included, after which the hub counts as away."""
TRIES = 4
"""How often in a row a download may break off without one byte more."""
_SHA256_LENGTH = 64

Told = Callable[[int], object]


def fetch(spec: ModelSpec, into: Path, told: Told) -> dict[str, str]:
    """Download the files into a folder; the SHA-256 that the hub announces, where it does.

    Raises :class:`Temporary` when the hub does not answer or does not have it.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    if constants.HF_HUB_OFFLINE:
        raise Temporary("HF_HUB_OFFLINE is set")
    _look(constants.ENDPOINT)
    into.mkdir(parents=True, exist_ok=True)
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    announced: dict[str, str] = {}
    done = 0
    for file, digest in spec.files.items():
        url = hf_hub_url(spec.repository, file, revision=spec.revision)
        try:
            there = get_hf_file_metadata(url)
        except Exception as error:
            # Its client's errors come from whichever HTTP library it uses this year.
            said = (str(error).splitlines() or [""])[0]
            raise Temporary(f"{file}: {type(error).__name__}: {said}") from error
        etag = there.etag or "unknown"
        if len(etag) == _SHA256_LENGTH:
            announced[file] = etag
            if digest not in (None, etag):
                raise Misconfigured(
                    f"the file {file} of the model {spec.name} was refused: expected SHA-256 "
                    f"{digest}, the hub has {etag}",
                    "Do not use this hub, or bring subtitled up to date",
                )
        # The client of the hub, since 2.3, throws away what it had when it is interrupted.
        part = into / f"{file}.{etag.replace('/', '_')}.part"
        url = hf_hub_url(spec.repository, file, revision=there.commit_hash or spec.revision)
        _download(url, headers, part, there.size, functools.partial(_plus, told, done))
        done += part.stat().st_size
        part.replace(into / file)
    return announced


def _plus(told: Told, before: int, here: int) -> None:
    told(before + here)


def _download(url: str, headers: dict[str, str], part: Path, size: int | None, told: Told) -> None:
    """Fill ``part`` up to ``size`` bytes, over as many connections as it takes."""
    import httpx

    tries, before = 0, -1
    while True:
        have = part.stat().st_size if part.exists() else 0
        if size is not None and have > size:
            part.unlink()
            continue
        if have and have == size:
            return
        tries = tries + 1 if have <= before else 0
        if tries >= TRIES:
            raise Temporary(
                f"the hub broke off at {have} bytes of {size}", "What is here is kept; try again"
            )
        before = have
        asked = headers | ({"Range": f"bytes={have}-"} if have else {})
        limits = httpx.Timeout(30.0, connect=CONNECT_LIMIT)
        try:
            with httpx.stream(
                "GET", url, headers=asked, follow_redirects=True, timeout=limits
            ) as answer:
                _write(answer, part, have, told)
        except httpx.HTTPStatusError as error:
            raise Temporary(f"the hub answers {error.response.status_code} to {url}") from error
        except httpx.TransportError:
            continue
        if size is None:
            return


def _write(answer: httpx.Response, part: Path, have: int, told: Told) -> None:
    answer.raise_for_status()
    goes_on = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(
        f"bytes {have}-"
    )
    with part.open("ab" if goes_on else "wb") as file:
        for block in answer.iter_bytes():
            file.write(block)
            file.flush()  # what arrived before a kill is kept
            told(file.tell())


def _look(endpoint: str) -> None:
    """One quick look, so that a machine without a way to the hub does not hang on it."""
    import httpx

    said: list[str] = []

    def ask() -> None:
        try:
            httpx.head(endpoint, timeout=httpx.Timeout(PROBE_LIMIT, connect=CONNECT_LIMIT))
            said.append("")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            said.append(f" ({type(error).__name__})")

    # In a thread: looking up a name cannot be given a time limit.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PROBE_LIMIT)
    if said != [""]:
        raise Temporary(f"{endpoint} does not answer{said[0] if said else ''}")
