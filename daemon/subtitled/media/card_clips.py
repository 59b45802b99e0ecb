"""Clips of camera cards whose picture and sound lie in files of their own (OP-Atom, as on P2).

``CONTENTS/VIDEO/0001AB.MXF`` is the picture of the clip ``0001AB``. Its channels are
``CONTENTS/AUDIO/0001AB00.MXF``, ``0001AB01.MXF`` and so on. The clip is one media file, that of its
picture.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

CARD_FOLDER = "contents"
VIDEO_FOLDER = "video"
SOUND_FOLDERS = frozenset({"audio", "proxy"})
"""Folders beside that of the pictures, with the sound of clips and with small copies of them."""
MAX_CHANNELS = 16
_EXTENSION = ".mxf"


def find_sounds(video: Path) -> tuple[Path, ...]:
    """Return the files with the sound of a clip, in the order of its channels.

    There are none if the file is not the picture of a clip on a card.
    """
    if not _is_picture(video):
        return ()
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
    if (
        sound.suffix.lower() != _EXTENSION
        or sound.parent.name.lower() != "audio"
        or sound.parent.parent.name.lower() != CARD_FOLDER
        or not sound.stem[-2:].isdigit()
    ):
        return None
    for folder in _folders_beside(sound, VIDEO_FOLDER):
        for extension in (sound.suffix, sound.suffix.swapcase()):
            clip = folder / f"{sound.stem[:-2]}{extension}"
            if os.path.lexists(clip):
                return clip
    return None


def _is_picture(path: Path) -> bool:
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
