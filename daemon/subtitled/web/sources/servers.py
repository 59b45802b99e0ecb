"""Jellyfin and Emby, which are of one stock as well, but not any more in what they send.

Jellyfin: the webhook plugin with "Send All Properties" (``Helpers/DataObjectHelpers.cs`` as of
071ef138db5a): everything lies at the top, ``Path`` among it. Emby: ``Event`` and an ``Item`` with
its ``Path``, as JSON or, before 4.9, in the field ``data`` of a form.
"""

from __future__ import annotations

from typing import Any

from subtitled.library.mailbox import PLAYING
from subtitled.web.heard import Ask, Heard, event, looks, text


def parse_jellyfin(payload: Any) -> Heard:
    """Items that came or went, and playback that began."""
    name, path = event(payload, "NotificationType"), text(payload, "Path")
    match name:
        case "ItemAdded" | "ItemDeleted":
            return looks(name, path)
        case "PlaybackStart":
            return Heard(name, (Ask(path, PLAYING),))
        case _:
            return Heard(name)


def parse_emby(payload: Any) -> Heard:
    """The same of Emby."""
    name, path = event(payload, "Event"), text(payload, "Item", "Path")
    match name:
        case "library.new" | "library.deleted":
            return looks(name, path)
        case "playback.start" | "playback.unpause":
            return Heard(name, (Ask(path, PLAYING),))
        case _:
            return Heard(name)
