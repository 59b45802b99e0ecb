"""For everybody else: ``{"path": "/films/a.mkv"}`` or ``{"paths": [...]}``.

``priority`` may be ``first`` (somebody waits), ``playing`` (somebody watches it) or ``watched``
(somebody is about to); without it, the path is looked at as if it had just changed.
"""

from __future__ import annotations

from typing import Any

from subtitled.library.mailbox import LOOK, PLAYING
from subtitled.web.heard import Ask, Heard, NotUnderstood, get, several, text

_KINDS = {None: LOOK, "first": "first", "playing": PLAYING, "watched": "watched"}


def parse(payload: Any) -> Heard:
    """The paths of a payload, each with the priority that all of them have."""
    paths = [text(payload, "path"), *several(payload, "paths")]
    named = [path for path in paths if path is not None]
    if not named or not all(isinstance(path, str) and path.strip() for path in named):
        raise NotUnderstood('it needs "path", a text, or "paths", a list of texts')
    priority = get(payload, "priority")
    if not (priority is None or isinstance(priority, str)) or priority not in _KINDS:
        raise NotUnderstood('"priority" is first, playing or watched, or left out')
    return Heard("paths", tuple(Ask(path, _KINDS[priority]) for path in dict.fromkeys(named)))
