"""Plex: playback that began, and new items.

As documented (support.plex.tv, "Webhooks"): a form whose field ``payload`` is JSON with ``event``
and ``Metadata``. The file is not documented to be in it, so mostly the server has to be asked what
is watched; where ``Media`` is there, as in Plex's other answers, its parts name the files.
"""

from __future__ import annotations

from typing import Any

from subtitled.library.mailbox import PLAYING
from subtitled.web.heard import Ask, Heard, event, looks, several, text


def parse(payload: Any) -> Heard:
    """What is watched, perhaps without its name; what is new, where the file is said."""
    name = event(payload, "event")
    files = [
        file
        for medium in several(payload, "Metadata", "Media")
        for part in several(medium, "Part")
        if (file := text(part, "file"))
    ]
    match name:
        case "media.play" | "media.resume" | "playback.started":
            asks = tuple(Ask(file, PLAYING) for file in files)
            return Heard(name, asks or (Ask(None, PLAYING),))
        case "library.new":
            return looks(name, *files)
        case _:
            return Heard(name)
