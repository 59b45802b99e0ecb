"""Downloads of models from the Hugging Face hub, which continue after an interruption."""

from __future__ import annotations

import functools
import re
import threading
from pathlib import Path

from subtitled.plugin import ModelSpec, SetupError, SubtitledError, TransientError

from .http_download import CONNECT_TIMEOUT_SECONDS, ProgressCallback, download

PROBE_TIMEOUT_SECONDS = 6.0
"""Seconds, including name lookups and proxies, after which the hub counts as unreachable."""
_SHA256_LENGTH = 64
_MAX_ETAG_LENGTH = 100


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
        SetupError: The hub announces another digest than the expected one, or wants the user to
            agree to something first.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    if constants.HF_HUB_OFFLINE:
        raise TransientError("HF_HUB_OFFLINE is set")
    _probe_hub(constants.ENDPOINT)
    target_folder.mkdir(parents=True, exist_ok=True)
    headers = build_hf_headers()
    announced: dict[str, str] = {}
    downloaded = 0
    for path, file in spec.list_files().items():
        source = file.source or path
        url = hf_hub_url(spec.repository, source, revision=spec.revision)
        try:
            metadata = get_hf_file_metadata(url)
        except Exception as error:
            # The exceptions of the client depend on the HTTP library it uses.
            if file.is_optional and isinstance(error, EntryNotFoundError):
                continue
            raise _explain_refusal(spec, source, error, constants.ENDPOINT) from error
        etag = metadata.etag or "unknown"
        if len(etag) == _SHA256_LENGTH:
            announced[path] = etag
            if file.sha256 not in (None, etag):
                raise SetupError(
                    f"the file {path} of the model {spec.name} was refused: expected SHA-256 "
                    f"{file.sha256}, the hub has {etag}",
                    "Do not use this hub, or bring subtitled up to date",
                )
        # Since 2.3 the client of the hub discards what it has when it is interrupted.
        mark = re.sub(r"[^\w-]", "_", etag)[:_MAX_ETAG_LENGTH]
        part = target_folder / f"{path}.{mark}.part"
        download(
            hf_hub_url(spec.repository, source, revision=metadata.commit_hash or spec.revision),
            part,
            size=metadata.size,
            headers=headers,
            on_progress=functools.partial(_report_total, on_progress, downloaded),
        )
        if not part.exists():  # An empty file has no bytes to write.
            part.touch()
        downloaded += part.stat().st_size
        part.replace(target_folder / path)
    return announced


def _report_total(on_progress: ProgressCallback, before: int, here: int) -> None:
    on_progress(before + here)


def _explain_refusal(spec: ModelSpec, file: str, error: Exception, endpoint: str) -> SubtitledError:
    """Return what the hub's refusal of a file means, and what the user can do."""
    from huggingface_hub import errors

    repository = spec.repository
    if isinstance(error, errors.GatedRepoError):
        return SetupError(
            f"the hub gives {repository} only to people who agreed to its terms",
            f"Agree to them at {endpoint}/{repository}, and set $HF_TOKEN to a token of the same "
            "account",
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return TransientError(
            f"the hub has no {repository}, or it is private",
            "If it is private, set $HF_TOKEN to a token that may read it",
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return TransientError(f"the hub has no revision {spec.revision} of {repository}")
    if isinstance(error, errors.EntryNotFoundError):
        return TransientError(f"{repository} on the hub has no file {file}")
    reason = (str(error).splitlines() or [""])[0]
    return TransientError(f"{file}: {type(error).__name__}: {reason}")


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
