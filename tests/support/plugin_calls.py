"""Calls of the methods of a component, as the daemon makes them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from subtitled.config.plugin_calls import call_with_timeout
from subtitled.config.plugins import ConfiguredComponent
from subtitled.plugin import (
    Batch,
    JobFinished,
    Language,
    Line,
    Notification,
    SidecarChange,
)

_FILM = Path("/films/Moby Dick.mkv")
_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "self_check": (),
    "translate": (
        Batch(lines=(Line(1, "Call me."),), source=Language("en"), target=Language("fr")),
    ),
    "refresh": ([SidecarChange(_FILM)], 0),
    "check_indexed": (SidecarChange(_FILM),),
    "notify": ([Notification(1, 0.0, JobFinished(_FILM, (), "done"))],),
}


def call_component(configured: ConfiguredComponent[Any], method: str) -> Any:
    """Create a component and call one of its methods.

    Args:
        configured: The component.
        method: Its method, ``models``, ``catalogue`` or ``__init__``.

    Raises:
        SubtitledError: What the daemon makes of what went wrong.
    """
    if method in ("models", "catalogue"):
        return getattr(configured, method)()
    component = configured.create()
    if method == "__init__":
        return component
    call = functools.partial(getattr(component, method), *_ARGUMENTS[method])
    return call_with_timeout(configured.name, call, 60.0, has_text=method == "translate")
