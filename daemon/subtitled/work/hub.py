"""Models from the model hub, by its own client, which goes on with what an interruption left."""

from __future__ import annotations

import os
import socket
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from subtitled.plugin import ModelSpec, Temporary

CONNECT_LIMIT = 3.0
"""Seconds to wait for the hub to be there at all; the next source is tried after that."""


def fetch(spec: ModelSpec, into: Path, told: Callable[[int], object]) -> dict[str, str]:
    """Download the files into a folder; the SHA-256 that the hub announces, where it does.

    Raises :class:`Temporary` when the hub does not answer or does not have it.
    """
    from huggingface_hub import constants, hf_hub_download, hf_hub_url
    from huggingface_hub.file_download import get_hf_file_metadata

    if constants.HF_HUB_OFFLINE:
        raise Temporary("HF_HUB_OFFLINE is set")
    _is_there(constants.ENDPOINT)
    announced: dict[str, str] = {}
    done = 0
    try:
        for file in spec.files:
            url = hf_hub_url(spec.repository, file, revision=spec.revision)
            etag = get_hf_file_metadata(url).etag or ""
            if len(etag) == 64:
                announced[file] = etag
            hf_hub_download(spec.repository, file, revision=spec.revision, local_dir=into)
            done += (into / file).stat().st_size
            told(done)
    except OSError:
        raise
    except Exception as error:
        raise Temporary(f"{type(error).__name__}: {error}".splitlines()[0]) from error
    return announced


def _is_there(endpoint: str) -> None:
    """One quick look, so that a machine without a way to the hub does not hang on it."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY")):
        return  # a proxy knows the way
    parts = urllib.parse.urlsplit(endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), CONNECT_LIMIT).close()
    except OSError as error:
        raise Temporary(f"{parts.hostname} does not answer ({error})") from error
