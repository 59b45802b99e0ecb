"""What the tags and dispositions of a stream say, as ffprobe lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subtitled.plugin import UNDETERMINED, Language
from subtitled.plugin.limits import clean_text, read_integer, read_object

from .marks import Mark, find_all_marks, strip_technical_name

Stream = Mapping[str, Any]

_TITLE_TAGS = ("title", "name", "handler_name")
"""Tags with the title of a track, best first. MP4 and QuickTime files have the last two."""
_DISPOSITIONS = {
    "comment": Mark.COMMENTARY,
    "visual_impaired": Mark.AUDIO_DESCRIPTION,
    "descriptions": Mark.AUDIO_DESCRIPTION,
    "clean_effects": Mark.NO_SPEECH,
    "dub": Mark.DUB,
    "original": Mark.ORIGINAL,
    "forced": Mark.FORCED,
    "hearing_impaired": Mark.SDH,
    "captions": Mark.SDH,
    "lyrics": Mark.LYRICS,
    "karaoke": Mark.KARAOKE,
}


def read_cue_count(stream: Stream) -> int | None:
    """Return the number of cues by the index of MP4 or the statistics of Matroska."""
    tags = read_object(stream.get("tags"))
    counts = (
        stream.get("nb_frames"),
        tags.get("NUMBER_OF_FRAMES"),
        tags.get("NUMBER_OF_FRAMES-eng"),
    )
    numbers = (read_integer(count, 1, 10_000_000) for count in counts)
    return next((number for number in numbers if number is not None), None)


def read_marks(stream: Stream) -> frozenset[Mark]:
    """Return what the dispositions, titles and comments of a track say of it."""
    marked = {mark for name, mark in _DISPOSITIONS.items() if has_disposition(stream, name)}
    comments = (read_tag(stream, name) for name in ("comment", "description"))
    return find_all_marks([*_find_titles(stream), *comments]) | marked


def _find_titles(stream: Stream) -> list[str]:
    titles = (strip_technical_name(read_tag(stream, name)) for name in _TITLE_TAGS)
    return [title for title in titles if title]


def find_title(stream: Stream) -> str:
    """Return the title of a track, or an empty text."""
    return read_tag(stream, "title") or next(iter(_find_titles(stream)), "")


def has_disposition(stream: Stream, name: str) -> bool:
    """Tell whether a stream is marked with one of ffmpeg's dispositions."""
    return bool(read_object(stream.get("disposition")).get(name))


def read_tag(stream: Stream, name: str) -> str:
    """Return a tag of a stream or a container, whatever its case, or an empty text."""
    tags = {key.lower(): value for key, value in read_object(stream.get("tags")).items()}
    return clean_text(tags.get(name))


def read_language(stream: Stream) -> Language:
    """Return the language of a track's tag, or ``und`` if it is missing or invalid."""
    try:
        return Language(read_tag(stream, "language") or "und")
    except ValueError:
        return UNDETERMINED
