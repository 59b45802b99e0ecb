"""Uploading the audio of a task, and downloading its result."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from subtitled.plugin import Audio, SetupError, TimeSpan, TransientError
from subtitled.plugin.audio_encoding import EXTENSIONS, encode_audio
from subtitled.plugin.limits import parse_json

from .bucket import build_presigned_url
from .service import Service
from .settings import QwenSettings

MAX_RESULT_BYTES = 256 * 2**20
"""Size limit. 12 hours of speech with word times are about 60 MB."""


def fetch_json(url: str, service_host: str) -> Any:
    """Download a JSON file, without the key.

    Args:
        url: The address that the service returned.
        service_host: The host of the service, from which plain HTTP is accepted.

    Returns:
        The parsed JSON.

    Raises:
        TransientError: The file cannot be downloaded, or is not JSON.
    """
    import httpx

    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and host.endswith(".aliyuncs.com"):
        # The address is plain HTTP, and its signature is valid for both.
        url = parts._replace(scheme="https").geturl()
    elif parts.scheme != "https" and host != service_host:
        raise TransientError(
            f"the result of the transcription is at {parts.scheme}://{host}, in the clear",
            "It is not downloaded without encryption. Tell the service",
        )
    body = bytearray()
    try:
        with httpx.stream("GET", url, timeout=60.0, follow_redirects=False) as response:
            if response.status_code != 200:
                raise TransientError(
                    f"the result of the transcription is not available: {response.status_code}",
                    "It is retried later",
                )
            for part in response.iter_bytes():
                body += part
                if len(body) > MAX_RESULT_BYTES:
                    raise TransientError(
                        f"the result of the transcription is larger than {MAX_RESULT_BYTES} bytes",
                        "Tell the authors of subtitled",
                    )
        return parse_json(body, MAX_RESULT_BYTES)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TransientError(
            f"the result of the transcription is not reached: {type(error).__name__}",
            "It is retried later",
        ) from None
    except ValueError:
        raise TransientError(
            "the result of the transcription is no JSON", "It is retried later"
        ) from None


@dataclass(frozen=True, slots=True)
class UploadedAudio:
    """Uploaded audio. ``name`` is random and part of its address."""

    name: str
    url: str = ""
    """The address in the service's own storage. Empty for a bucket."""


def upload_audio(
    service: Service, settings: QwenSettings, audio: Audio, span: TimeSpan
) -> UploadedAudio:
    """Encode a time span and upload it. Raise a :class:`SubtitledError` if that fails."""
    name = f"{secrets.token_hex(16)}.{EXTENSIONS[settings.audio_codec]}"
    with tempfile.TemporaryDirectory(prefix="subtitled-") as folder:
        path = Path(folder) / name
        encode_audio(audio, span, settings.audio_codec, path)
        if settings.bucket is None:
            return UploadedAudio(name, service.upload_file(settings.model_name, str(path)))
        _request("PUT", build_presigned_url(settings.bucket, "PUT", name), path)
        return UploadedAudio(name)


def build_download_url(settings: QwenSettings, upload: UploadedAudio) -> str:
    """Build the address at which the service downloads the audio.

    The address of a bucket grants access, so it is built when needed and never stored.
    """
    if settings.bucket is None:
        return upload.url
    return build_presigned_url(settings.bucket, "GET", upload.name)


def delete_upload(settings: QwenSettings, name: str) -> None:
    """Delete an object from the user's own bucket. The service's storage deletes its own."""
    if settings.bucket is not None:
        _request("DELETE", build_presigned_url(settings.bucket, "DELETE", name))


def _request(method: str, url: str, path: Path | None = None) -> None:
    import httpx

    host = httpx.URL(url).host
    hint = "Check its url and keys under [engines.NAME.bucket]"
    try:
        with path.open("rb") if path else nullcontext() as body:
            length = str(path.stat().st_size if path else 0)
            headers = {"Content-Length": length}
            response = httpx.request(method, url, content=body, headers=headers, timeout=600.0)
    except httpx.HTTPError as error:
        raise TransientError(
            f"the bucket at {host} is not reached: {type(error).__name__}", hint
        ) from None
    if response.status_code == 404 and method == "DELETE":
        return
    if not response.is_success:
        is_transient = response.status_code >= 500 or response.status_code == 429
        error_type = TransientError if is_transient else SetupError
        raise error_type(f"the bucket at {host} answers {response.status_code}", hint)
