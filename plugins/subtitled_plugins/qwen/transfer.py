"""Fetching the result file of a task: a signed address that anybody may read for a day."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from subtitled.plugin import Temporary

LARGEST = 256 * 2**20
"""Bytes; 12 hours of talk with the times of each word are about 60 MB."""


def fetch_json(url: str, asked: str) -> Any:
    """What lies at an address that ``asked`` gave out, read without our key.

    Raises :class:`~subtitled.plugin.Temporary`.
    """
    import httpx

    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and host.endswith(".aliyuncs.com"):
        # It is given out in the clear; the signature holds for both.
        url = parts._replace(scheme="https").geturl()
    elif parts.scheme != "https" and host != asked:
        raise Temporary(
            f"the result of the transcription is at {parts.scheme}://{host}, in the clear",
            "It is not fetched from there; tell the service",
        )
    body = bytearray()
    try:
        with httpx.stream("GET", url, timeout=60.0, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise Temporary(
                    f"the result of the transcription is not to be had: {answer.status_code}",
                    "It is asked for again",
                )
            for part in answer.iter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise Temporary(
                        f"the result of the transcription is larger than {LARGEST} bytes",
                        "Tell the authors of subtitled",
                    )
        return json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Temporary(
            f"the result of the transcription is not reached: {type(error).__name__}",
            "It is fetched again",
        ) from None
    except ValueError:
        raise Temporary(
            "the result of the transcription is no JSON", "It is fetched again"
        ) from None
