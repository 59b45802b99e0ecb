"""What every part that a plugin brings has in common."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from .secret import Secret


class Settings(BaseModel):
    """The base of a component's configuration: one field a key, described by ``Field``.

    The core reads the section of the file that names the component into this, so defaults,
    types and descriptions are declared once and shown by ``subtitled config schema``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    INCIDENTAL: ClassVar[frozenset[str]] = frozenset()
    """Keys that change nothing of what is heard or written, such as a time to wait: whoever sets
    them anew does not have everything made, and paid for, again."""

    def essence(self) -> dict[str, Any]:
        """What does change it, as JSON: all keys but the incidental ones and secrets."""
        keys = {name for name, value in self if not isinstance(value, Secret)}
        return self.model_dump(mode="json", include=keys - self.INCIDENTAL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a self-check: what was looked at, whether it is well, and else the cure."""

    what: str
    ok: bool
    detail: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What the core hands to a component when it makes one."""

    name: str
    """The name of its section in the configuration."""
    threads: int = 1
    """How many processor threads it may use."""
    models: dict[str, Path] = field(default_factory=dict)
    """The folder of each model it asked for (engines only), present and verified."""

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"subtitled.plugin.{self.name}")


class Component:
    """A part that a plugin brings. Make engines, translators, servers or notifiers of it.

    Making one must be quick and touch neither network nor model: that is for later calls.
    """

    Settings: ClassVar[type[Settings]] = Settings

    def __init__(self, settings: Any, context: Context) -> None:
        self.settings = settings
        self.context = context

    def check(self) -> Sequence[Finding]:
        """Look at your own surroundings, for ``subtitled doctor``: is the server there, the key
        right, the package installed? Takes seconds at most; raises nothing that it can say."""
        return ()
