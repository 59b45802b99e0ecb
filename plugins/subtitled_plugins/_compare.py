"""Comparing the subtitles that a media server lists with the sidecars on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from subtitled.plugin import (
    IndexStatus,
    Language,
    Sidecar,
    SidecarChange,
    SubtitleKind,
    is_same_path,
)


@dataclass(frozen=True, slots=True)
class ListedStream:
    """An external subtitle as a server lists it."""

    language: str
    """The code or name that the server uses. Empty if it knows none."""
    is_forced: bool = False
    is_sdh: bool = False
    path: str = ""
    """The path as the server names it. Empty if the server does not list paths."""


def compare_streams(
    change: SidecarChange,
    streams: Sequence[ListedStream],
    to_server: Callable[[Sidecar], str],
    extensions: Iterable[str],
) -> IndexStatus:
    """Check whether a server lists a change: by path if it lists paths, by language and flags.

    Args:
        change: The added and removed sidecars.
        streams: The external subtitles that the server lists for the media file.
        to_server: Maps a sidecar to its path as the server names it.
        extensions: File extensions of the formats that the server lists, without dots.

    Returns:
        Whether the change is listed, and every difference.
    """
    readable = frozenset(extensions)
    added = [sidecar for sidecar in change.added if sidecar.path.suffix[1:].lower() in readable]
    removed = [sidecar for sidecar in change.removed if sidecar.path.suffix[1:].lower() in readable]
    if not added and not removed:
        return IndexStatus(None, "it lists no subtitles of this format")
    differences, remaining = list[str](), list(streams)
    for sidecar in added:
        match = next((s for s in remaining if _matches(s, sidecar, to_server(sidecar))), None)
        if match is None:
            differences.append(f"{sidecar.path.name} is not listed")
            continue
        remaining.remove(match)
        if difference := _describe_difference(match, sidecar):
            differences.append(f"{sidecar.path.name} is listed as {difference}")
    for sidecar in removed:
        if any(_matches(s, sidecar, to_server(sidecar)) for s in remaining):
            differences.append(f"{sidecar.path.name} is still listed")
    return IndexStatus(not differences, "; ".join(differences))


def _matches(stream: ListedStream, sidecar: Sidecar, path: str) -> bool:
    if stream.path:
        return is_same_path(stream.path, path)
    return not _describe_difference(stream, sidecar)


def _describe_difference(stream: ListedStream, sidecar: Sidecar) -> str:
    """Describe a stream that differs from the sidecar. Return an empty string if it does not."""
    is_equal = (
        parse_primary_language(stream.language) == sidecar.language.primary
        and stream.is_forced == (sidecar.kind is SubtitleKind.FORCED)
        and stream.is_sdh == (sidecar.kind is SubtitleKind.SDH)
    )
    if is_equal:
        return ""
    flags = " forced" * stream.is_forced + " for the hard of hearing" * stream.is_sdh
    return (stream.language or "no language") + flags


def parse_primary_language(code: str) -> Language | None:
    """Parse a code or name that a server uses. Return its primary language, or None."""
    try:
        return Language.parse(code).primary if code else None
    except ValueError:
        return None
