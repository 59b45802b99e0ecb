"""Downloads of models from the Hugging Face hub, which continue after an interruption."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.plugin import ModelSpec, SetupError, TransientError

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT_SECONDS = 3.0
"""Seconds to wait for a connection to the hub."""
PROBE_TIMEOUT_SECONDS = 6.0
"""Seconds, including name lookups and proxies, after which the hub counts as unreachable."""
MAX_ATTEMPTS = 4
"""Interruptions in a row, without a new byte, after which a download fails."""
_SHA256_LENGTH = 64

ProgressCallback = Callable[[int], object]


def fetch_from_hub(
    spec: ModelSpec, target_folder: Path, on_progress: ProgressCallback
) -> dict[str, str]:
    """Download the files of a model into a folder.

    Args:
        spec: The model.
        target_folder: Where to put the files.
        on_progress: Is told the number of bytes downloaded.

    Returns:
        The SHA-256 digests that the hub announces, by file.

    Raises:
        TransientError: The hub does not answer or does not have the model.
        SetupError: The hub announces another digest than the expected one.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    if constants.HF_HUB_OFFLINE:
        raise TransientError("HF_HUB_OFFLINE is set")
    _probe_hub(constants.ENDPOINT)
    target_folder.mkdir(parents=True, exist_ok=True)
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    announced: dict[str, str] = {}
    downloaded = 0
    for file, digest in spec.files.items():
        url = hf_hub_url(spec.repository, file, revision=spec.revision)
        try:
            metadata = get_hf_file_metadata(url)
        except Exception as error:
            # The exceptions of the client depend on the HTTP library it uses.
            reason = (str(error).splitlines() or [""])[0]
            raise TransientError(f"{file}: {type(error).__name__}: {reason}") from error
        etag = metadata.etag or "unknown"
        if len(etag) == _SHA256_LENGTH:
            announced[file] = etag
            if digest not in (None, etag):
                raise SetupError(
                    f"the file {file} of the model {spec.name} was refused: expected SHA-256 "
                    f"{digest}, the hub has {etag}",
                    "Do not use this hub, or bring subtitled up to date",
                )
        # Since 2.3 the client of the hub discards what it has when it is interrupted.
        part = target_folder / f"{file}.{etag.replace('/', '_')}.part"
        url = hf_hub_url(spec.repository, file, revision=metadata.commit_hash or spec.revision)
        _download(
            url,
            headers,
            part,
            metadata.size,
            functools.partial(_report_total, on_progress, downloaded),
        )
        downloaded += part.stat().st_size
        part.replace(target_folder / file)
    return announced


def _report_total(on_progress: ProgressCallback, before: int, here: int) -> None:
    on_progress(before + here)


def _download(
    url: str, headers: dict[str, str], part: Path, size: int | None, on_progress: ProgressCallback
) -> None:
    """Download until ``part`` has ``size`` bytes, over as many connections as it takes."""
    import httpx

    tries, size_before, reason = 0, -1, ""
    while True:
        size_now = part.stat().st_size if part.exists() else 0
        if size is not None and size_now > size:
            part.unlink()
            continue
        if size_now and size_now == size:
            return
        tries = tries + 1 if size_now <= size_before else 0
        if tries >= MAX_ATTEMPTS:
            raise TransientError(
                f"the hub broke off at {size_now} bytes of {size}{reason}",
                "What was downloaded is kept; try again",
            )
        size_before = size_now
        request_headers = headers | ({"Range": f"bytes={size_now}-"} if size_now else {})
        timeouts = httpx.Timeout(30.0, connect=CONNECT_TIMEOUT_SECONDS)
        try:
            with httpx.stream(
                "GET", url, headers=request_headers, follow_redirects=True, timeout=timeouts
            ) as response:
                _write(response, part, size_now, on_progress)
        except httpx.HTTPStatusError as error:
            raise TransientError(
                f"the hub answers {error.response.status_code} to {url}"
            ) from error
        except httpx.TransportError as error:
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


def _probe_hub(endpoint: str) -> None:
    """Check quickly whether the hub answers, so that a machine without access does not hang."""
    import httpx

    errors: list[str] = []

    def probe() -> None:
        try:
            httpx.head(
                endpoint,
                timeout=httpx.Timeout(PROBE_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            )
            errors.append("")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            errors.append(f" ({type(error).__name__})")

    # In a thread, because name lookups cannot be given a timeout.
    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(PROBE_TIMEOUT_SECONDS)
    if errors != [""]:
        raise TransientError(f"{endpoint} does not answer{errors[0] if errors else ''}")
