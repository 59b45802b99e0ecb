"""What reading a subtitle file gives: its cues, and what was left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from subtitled.plugin import Cue

MAX_SAMPLE_CHARS = 60
"""Longest sample of a dropped part."""


@dataclass(frozen=True, slots=True)
class DroppedPart:
    """Parts of a file that were left out for one reason."""

    reason: str
    """Why, in words for users."""
    count: int = 1
    """How many parts."""
    line: int | None = None
    """The number of the first line, from 1. None if the format has no lines."""
    sample: str = ""
    """The beginning of the first part."""

    def __str__(self) -> str:
        where = "" if self.line is None else f", first in line {self.line}"
        sample = f": {self.sample}" if self.sample else ""
        return f"{self.count} left out{where} ({self.reason}){sample}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """The content of a subtitle file."""

    cues: tuple[Cue, ...]
    """The cues in the order of the file. Tags of their texts are those of :mod:`..markup`."""
    format: str
    """The format that was recognised by content, such as ``srt``; not the file's extension."""
    dropped: tuple[DroppedPart, ...] = ()
    """What was left out, one entry for each reason."""
    is_rolling: bool = False
    """Whether the captions scrolled, each phrase in several cues. They were joined."""
    is_karaoke: bool = False
    """Whether the syllables of a line had their own times or cues. They were joined."""
    languages: tuple[str, ...] = ()
    """The languages that the file states, as it writes them; the first is that of the cues."""


@dataclass(slots=True)
class DropLog:
    """Collects what a reader leaves out, by reason."""

    _parts: dict[str, DroppedPart] = field(default_factory=dict)

    def add(self, reason: str, line: int | None = None, sample: str = "") -> None:
        """Note one part that is left out."""
        first = self._parts.get(reason)
        if first is None:
            shown = " ".join(sample[: 4 * MAX_SAMPLE_CHARS].split())[:MAX_SAMPLE_CHARS]
            self._parts[reason] = DroppedPart(reason, 1, line, shown)
        else:
            self._parts[reason] = DroppedPart(reason, first.count + 1, first.line, first.sample)

    def extend(self, parts: Iterable[DroppedPart]) -> None:
        """Note parts that another reader left out."""
        for part in parts:
            self._parts[part.reason] = part

    def __iter__(self) -> Iterator[DroppedPart]:
        return iter(self._parts.values())
