"""Clips whose picture and sound lie in files of their own (OP-Atom).

On a P2 card ``CONTENTS/VIDEO/0001AB.MXF`` is the picture of the clip ``0001AB``. Its channels are
``CONTENTS/AUDIO/0001AB00.MXF``, ``0001AB01.MXF`` and so on. Elsewhere the files of a clip lie in
one folder, and name the clip in their headers. The clip is one media file, that of its picture.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from .op_atom import read_essence

CARD_FOLDER = "contents"
VIDEO_FOLDER = "video"
SOUND_FOLDERS = frozenset({"audio", "proxy"})
"""Folders beside that of the pictures, with the sound of clips and with small copies of them."""
MAX_CHANNELS = 16
MAX_FILES = 2000
"""The largest number of files in a folder whose headers are read."""
_EXTENSION = ".mxf"


def find_sounds(video: Path) -> tuple[Path, ...]:
    """Return the files with the sound of a clip, in the order of their names.

    There are none if the file is not the picture of such a clip.
    """
    if video.suffix.lower() != _EXTENSION:
        return ()
    if not _is_card_picture(video):
        return _find_parts(video, of_picture=True)
    pattern = re.compile(rf"{re.escape(video.stem)}\d\d\.mxf", re.IGNORECASE)
    sounds: list[Path] = []
    for folder in _folders_beside(video, "audio"):
        try:
            sounds += [entry for entry in folder.iterdir() if pattern.fullmatch(entry.name)]
        except OSError:
            continue
    return tuple(sorted(sounds)[:MAX_CHANNELS])


def find_clip(sound: Path) -> Path | None:
    """Return the picture of the clip that a file with sound belongs to, or None."""
    if sound.suffix.lower() != _EXTENSION:
        return None
    if sound.parent.parent.name.lower() != CARD_FOLDER:
        return next(iter(_find_parts(sound, of_picture=False)), None)
    if sound.parent.name.lower() != "audio" or not sound.stem[-2:].isdigit():
        return None
    for folder in _folders_beside(sound, VIDEO_FOLDER):
        for extension in (sound.suffix, sound.suffix.swapcase()):
            clip = folder / f"{sound.stem[:-2]}{extension}"
            if os.path.lexists(clip):
                return clip
    return None


def _find_parts(part: Path, *, of_picture: bool) -> tuple[Path, ...]:
    """Return the sounds of a picture, or the picture of a sound, by their headers."""
    essence = read_essence(part)
    if essence is None or (essence.is_picture, essence.is_sound) != (of_picture, not of_picture):
        return ()
    try:
        beside = [
            entry
            for entry in sorted(part.parent.iterdir())
            if entry.suffix.lower() == _EXTENSION and entry != part
        ]
    except OSError:
        return ()
    parts = []
    for entry in beside[:MAX_FILES]:
        other = read_essence(entry)
        if other is not None and other.clip == essence.clip and other.is_sound == of_picture:
            parts.append(entry)
    return tuple(parts[:MAX_CHANNELS])


def _is_card_picture(path: Path) -> bool:
    return (
        path.suffix.lower() == _EXTENSION
        and path.parent.name.lower() == VIDEO_FOLDER
        and path.parent.parent.name.lower() == CARD_FOLDER
    )


def _folders_beside(path: Path, name: str) -> list[Path]:
    try:
        return [entry for entry in path.parent.parent.iterdir() if entry.name.lower() == name]
    except OSError:
        return []
