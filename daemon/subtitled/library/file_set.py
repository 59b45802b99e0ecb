"""The files of a media file: everything beside it that has its name."""

from __future__ import annotations

import os
from pathlib import Path

from subtitled.media.card_clips import find_sounds

from .media_filter import MediaFilter

RESULT_ENDING = ".result.json"
"""What the name of a result file ends with."""


def result_file_of(media: Path) -> Path:
    """Return where the result of a media file is written."""
    return media.with_name(media.stem + RESULT_ENDING)


def list_set(media: Path, media_filter: MediaFilter) -> list[Path]:
    """Return the files of a media file: itself, its sound, and what has its name.

    ``Film.en.srt``, ``Film.nfo`` and ``Film.ready.json`` belong to ``Film.mxf``. ``Film.2.mxf`` and
    ``Film.2.srt`` do not: they are another film and its subtitle. Nor does anything if another
    media file has the same name but another extension, since nobody knows whose it is.

    Args:
        media: The media file.
        media_filter: Says what is a media file.

    Raises:
        OSError: The folder cannot be read.
    """
    names = [entry.name for entry in media.parent.iterdir()]
    others = {
        Path(name).stem
        for name in names
        if name != media.name and media_filter.has_media_ending(os.fsencode(name))
    }
    sounds = [path for path in find_sounds(media) if path.parent == media.parent]
    others -= {path.stem for path in sounds}
    mine = []
    for name in sorted(names):
        if not name.startswith(f"{media.stem}.") or name == media.name:
            continue
        if any(name.startswith(f"{stem}.") for stem in others if len(stem) >= len(media.stem)):
            continue
        if (media.parent / name).is_file():
            mine.append(media.parent / name)
    return [media, *sounds, *mine]
