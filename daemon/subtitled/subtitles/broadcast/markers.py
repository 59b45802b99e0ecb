"""Markers for editing programs: chapters, sentences and findings at the frames of a timeline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from subtitled.media.timecode import StartTimecode
from subtitled.plugin import InputRejectedError

MAX_MARKERS = 100_000
"""Most markers of an export. No editing program shows so many."""
MAX_NAME_CHARACTERS = 60
"""Longest name of a marker. A longer text is cut after a word, and is whole in the note."""
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class MarkerKind(StrEnum):
    """What a marker is about."""

    CHAPTER = "chapter"
    SENTENCE = "sentence"
    FINDING = "finding"
    """Something to look at: a broken cue rule, a doubtful cue, a verdict or a note of a review."""


_RANKS = {MarkerKind.CHAPTER: 0, MarkerKind.FINDING: 1, MarkerKind.SENTENCE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A part of a programme that an editing program marks."""

    start: float
    end: float
    kind: MarkerKind
    text: str
    note: str = ""
    """What else there is to say, such as the speaker of a sentence."""


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The programme that is marked.

    Attributes:
        title: Its name.
        start: The timecode at 0 seconds.
        duration: Seconds of the media; 0 if unknown.
        media: The media file; None if there is none.
        has_video: Whether that has a picture.
        audio_channels: Channels of its first track with sound; 0 if it has none.
    """

    title: str
    start: StartTimecode
    duration: float = 0.0
    media: Path | None = None
    has_video: bool = False
    audio_channels: int = 0


@dataclass(frozen=True, kw_only=True)
class PlacedMarker:
    """What is marked at one frame, with texts of one line.

    Attributes:
        frame: The first frame, counted from midnight.
        frames: How many it lasts, at least one.
        kind: What it is about.
        text: Its text.
        note: Its note.
        others: What else begins at this frame, each as one text.
    """

    frame: int
    frames: int
    kind: MarkerKind
    text: str
    note: str
    others: tuple[str, ...] = ()

    @cached_property
    def name(self) -> str:
        """The text, cut after a word if it is long."""
        if len(self.text) <= MAX_NAME_CHARACTERS:
            return self.text
        cut = self.text[:MAX_NAME_CHARACTERS]
        return f"{cut[: cut.rfind(' ')] if ' ' in cut[20:] else cut[:-1]}…"

    @cached_property
    def comment(self) -> str:
        """What the name does not say: the kind, the note, a long text, and the others."""
        whole = self.text if self.name != self.text else ""
        return "; ".join((": ".join(filter(None, (self.kind, self.note, whole))), *self.others))

    @cached_property
    def description(self) -> str:
        """The kind, the note, the text, and the others."""
        return "; ".join((_describe(self), *self.others))


def place_markers(markers: Sequence[Marker], start: StartTimecode) -> list[PlacedMarker]:
    """Return markers at the nearest frames, in order, one a frame: programs keep no second one.

    The kind of several at one frame is that of the chapter, else of the finding. One without a text
    has its kind for one.

    Args:
        markers: Markers in any order.
        start: The timecode at 0 seconds.

    Raises:
        InputRejectedError: There are none, or too many.
    """
    if not 0 < len(markers) <= MAX_MARKERS:
        raise InputRejectedError(
            f"there are {len(markers)} markers to write" if markers else "there is nothing to mark",
            "Choose with --mark what is marked: chapter, sentence or finding",
        )
    by_frame: dict[int, list[PlacedMarker]] = {}
    for marker in sorted(markers, key=lambda marker: (_RANKS[marker.kind], marker.start)):
        first = start.frame_at(marker.start)
        placed = PlacedMarker(
            frame=first,
            frames=max(1, start.frame_at(marker.end) - first),
            kind=marker.kind,
            text=_to_line(marker.text) or marker.kind,
            note=_to_line(marker.note),
        )
        by_frame.setdefault(first, []).append(placed)
    return [
        replace(first, others=tuple(map(_describe, others)))
        for _, (first, *others) in sorted(by_frame.items())
    ]


def _describe(marker: PlacedMarker) -> str:
    return ": ".join(filter(None, (marker.kind, marker.note, marker.text)))


def to_xml_text(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("", text)


def _to_line(text: str) -> str:
    return " ".join(to_xml_text(text).split())
