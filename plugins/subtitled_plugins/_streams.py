"""Whether what a server lists is what we wrote: by path where it says one, language and flags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from subtitled.plugin import Change, Kind, Language, Listing, Sidecar, same_path


@dataclass(frozen=True, slots=True)
class Stream:
    """One external subtitle as a server lists it."""

    language: str
    """In whatever code the server uses; empty where it knows none."""
    forced: bool = False
    sdh: bool = False
    path: str = ""
    """As the server sees it; empty where it does not say."""


def compared(
    change: Change,
    streams: Sequence[Stream],
    theirs: Callable[[Sidecar], str],
    reads: Iterable[str],
) -> Listing:
    """Whether a change is shown by these streams.

    ``theirs`` is a sidecar's path as the server sees it, ``reads`` are the endings of the formats
    that the server lists at all.
    """
    known = frozenset(reads)
    written = [one for one in change.written if one.path.suffix[1:].lower() in known]
    removed = [one for one in change.removed if one.path.suffix[1:].lower() in known]
    if not written and not removed:
        return Listing(None, "it lists no subtitles of this format")
    wrong, left = list[str](), list(streams)
    for one in written:
        found = next((s for s in left if _is(s, one, theirs(one))), None)
        if found is None:
            wrong.append(f"{one.path.name} is not listed")
            continue
        left.remove(found)
        if as_listed := _differs(found, one):
            wrong.append(f"{one.path.name} is listed as {as_listed}")
    for one in removed:
        if any(_is(s, one, theirs(one)) for s in left):
            wrong.append(f"{one.path.name} is still listed")
    return Listing(not wrong, "; ".join(wrong))


def _is(stream: Stream, one: Sidecar, path: str) -> bool:
    if stream.path:
        return same_path(stream.path, path)
    return not _differs(stream, one)


def _differs(stream: Stream, one: Sidecar) -> str:
    """As what a stream is listed, where that is not what the sidecar is; else nothing."""
    right = (
        spoken(stream.language) == one.language.primary
        and stream.forced == (one.kind is Kind.FORCED)
        and stream.sdh == (one.kind is Kind.SDH)
    )
    if right:
        return ""
    flags = " forced" * stream.forced + " for the hard of hearing" * stream.sdh
    return (stream.language or "no language") + flags


def spoken(code: str) -> Language | None:
    """The primary language of whatever code or name a server uses; None where it is none."""
    try:
        return Language.parse(code).primary if code else None
    except ValueError:
        return None
