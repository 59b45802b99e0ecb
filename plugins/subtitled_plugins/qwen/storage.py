"""Where the sound of a task lies while it is recognised: small, mono, under a name of chance."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from subtitled.plugin import ENDINGS, Audio, Interval, Misconfigured, Temporary, encode

from .bucket import presigned
from .service import Service
from .settings import QwenSettings


@dataclass(frozen=True, slots=True)
class Stored:
    """Sound that was uploaded; ``name`` is in its address and nowhere else in the world."""

    name: str
    url: str = ""
    """In the service's own storage."""


def store(service: Service, settings: QwenSettings, audio: Audio, interval: Interval) -> Stored:
    """Encode an interval and upload it. Raises a :class:`~subtitled.plugin.Problem`."""
    name = f"{secrets.token_hex(16)}.{ENDINGS[settings.audio]}"
    with tempfile.TemporaryDirectory(prefix="subtitled-") as folder:
        path = Path(folder) / name
        encode(audio, interval, settings.audio, path)
        if settings.bucket is None:
            return Stored(name, service.store(settings.name, str(path)))
        _ask("PUT", presigned(settings.bucket, "PUT", name), path)
        return Stored(name)


def address(settings: QwenSettings, stored: Stored) -> str:
    """Where the service finds the sound. That of a bucket opens it to whoever reads it, so it is
    made anew each time and kept nowhere."""
    if settings.bucket is None:
        return stored.url
    return presigned(settings.bucket, "GET", stored.name)


def discard(settings: QwenSettings, name: str) -> None:
    """Take an object out of the user's own bucket; the service's own storage empties itself."""
    if settings.bucket is not None:
        _ask("DELETE", presigned(settings.bucket, "DELETE", name))


def _ask(method: str, url: str, path: Path | None = None) -> None:
    import httpx

    host = httpx.URL(url).host
    cure = "Check its url and keys under [engines.NAME.bucket]"
    try:
        with path.open("rb") if path else nullcontext() as body:
            length = str(path.stat().st_size if path else 0)
            headers = {"Content-Length": length}
            answer = httpx.request(method, url, content=body, headers=headers, timeout=600.0)
    except httpx.HTTPError as error:
        raise Temporary(
            f"the bucket at {host} is not reached: {type(error).__name__}", cure
        ) from None
    if answer.status_code == 404 and method == "DELETE":
        return
    if not answer.is_success:
        passes = answer.status_code >= 500 or answer.status_code == 429
        kind = Temporary if passes else Misconfigured
        raise kind(f"the bucket at {host} answers {answer.status_code}", cure)
