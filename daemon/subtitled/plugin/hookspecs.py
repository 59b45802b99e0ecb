"""Every hook of subtitled, in the order in which a plugin author needs them.

A plugin is a module. It says which contract it was written for and implements any of these::

    from subtitled.plugin import Component, hookimpl

    SUBTITLED_CONTRACT = "2.0"

    @hookimpl
    def subtitled_components() -> list[type[Component]]:
        return [MyEngine]

and its distribution names it in its ``pyproject.toml``::

    [project.entry-points.subtitled]
    mine = "my_package.my_module"

It is imported only when the configuration names it (``[engines.mine]``, ``[servers.mine]`` ...).
What a hook raises is logged with the plugin's name and harms nobody else; a hook that takes
longer than its time limit is given up.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from .component import Component
from .notifier import JobFailed, JobFinished, SubtitlePublished

API_VERSION = "2.0"
"""The version of this contract. The first number changes when old plugins would break.

1.1: a transcript may bring evidence, a stretch says which of its speech is quiet.
2.0: engines say what they send away, remember what runs elsewhere, find where a given text is said;
translators take batches, media servers changes, and both say what became of them."""

hookspec = pluggy.HookspecMarker("subtitled")
hookimpl = pluggy.HookimplMarker("subtitled")


@hookspec
def subtitled_components() -> Iterable[type[Component]]:  # type: ignore[empty-body]
    """The engines, translators, media servers and notifiers that this plugin brings.

    At most one of each kind. Called once, right after import: return classes, make nothing.
    """


@hookspec
def subtitled_published(event: SubtitlePublished) -> None:
    """A sidecar was written. The media servers hear of it seconds later."""


@hookspec
def subtitled_finished(event: JobFinished) -> None:
    """The work on one medium is over and nothing failed."""


@hookspec
def subtitled_failed(event: JobFailed) -> None:
    """The work on one medium failed; it may be tried again later."""
