"""The mark of a sidecar that is not whole yet: it is in the file, and says of which content.

Not every file system keeps the attribute of a signature, and a database may be lost. So the last
thing in a partial sidecar is a mark with the SHA-256 of all that stands before it. No player shows
it. A file whose digest does not match was changed by a person, and is theirs.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from subtitled.plugin.limits import is_out_of_resources

PARTIAL_FORMATS = ("srt", "vtt")
"""The formats in which a sidecar may grow, the preferred one first."""
_MARK = "subtitled: the rest is being made "
_SRT_TIMES = "99:59:58,000 --> 99:59:59,000"
_PATTERN = re.compile(re.escape(_MARK.encode()) + rb"([0-9a-f]{64})\n\Z")
_BEGINNINGS = {"srt": f"\n9999\n{_SRT_TIMES}\n{_MARK}", "vtt": f"\nNOTE {_MARK}"}
"""The mark up to the digest, by format: a cue after four days, or a comment."""
_TAIL_BYTES = 256
MAX_PARTIAL_BYTES = 16 * 1024 * 1024
"""The largest partial sidecar. A film of ten hours has less than one megabyte."""


def mark_partial(content: bytes, fmt: str) -> bytes:
    """Return the content of a sidecar with the mark that it is not whole.

    Args:
        content: What is there so far.
        fmt: One of :data:`PARTIAL_FORMATS`.
    """
    digest = hashlib.sha256(content).hexdigest()
    return content + f"{_BEGINNINGS[fmt]}{digest}\n".encode()


def is_partial(content: bytes) -> bool:
    """Return whether a content is one that :func:`mark_partial` returned, unchanged."""
    match = _PATTERN.search(content[-_TAIL_BYTES:])
    if match is None:
        return False
    digest = match[1].decode()
    return any(
        content.endswith(mark) and hashlib.sha256(content[: -len(mark)]).hexdigest() == digest
        for beginning in _BEGINNINGS.values()
        for mark in [f"{beginning}{digest}\n".encode()]
    )


def is_partial_file(path: Path) -> bool:
    """Return whether a file is a partial sidecar of ours. One that cannot be read is none.

    Raises:
        OSError: The process has no more file handles or memory, so nothing is known of the file.
    """
    return compute_partial_digest(path) is not None


def compute_partial_digest(path: Path) -> str | None:
    """Return the SHA-256 of a file if it is a partial sidecar of ours; None if it is not.

    The digest is of the content that was judged, whatever is written to the file meanwhile.

    Raises:
        OSError: The process has no more file handles or memory, so nothing is known of the file.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            if size > MAX_PARTIAL_BYTES or _PATTERN.search(file.read()) is None:
                return None
            file.seek(0)
            content = file.read()
    except OSError as error:
        if is_out_of_resources(error):
            raise
        return None
    return hashlib.sha256(content).hexdigest() if is_partial(content) else None
