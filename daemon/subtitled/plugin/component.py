"""Secrets by reference: the configuration names where a key lies and never holds it.

What every part that a plugin brings has in common.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from .errors import SetupError


class Secret(BaseModel):
    """Where a secret lies; exactly one of the three.

    ``{env = "NAME"}``, ``{file = "/path"}`` or ``{credential = "name"}``, the last being a systemd
    credential (``LoadCredential=name:/path``).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = None
    file: Path | None = None
    credential: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _reject_plain_text(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(
                "a secret is not written into the configuration: "
                'write {env = "NAME"}, {file = "/path"} or {credential = "name"}'
            )
        return value

    @model_validator(mode="after")
    def _check_one_source(self) -> Secret:
        if sum(source is not None for source in (self.env, self.file, self.credential)) != 1:
            raise ValueError("name exactly one of env, file and credential")
        return self

    def reveal(self) -> str:
        """The secret itself, read now. Raises :class:`SetupError` naming the place."""
        if self.env is not None:
            value = os.environ.get(self.env, "")
            if not value.strip():
                raise SetupError(
                    f"the environment variable {self.env} is not set", "Set it for the daemon"
                )
            return value.strip()
        if self.credential is not None:
            folder = os.environ.get("CREDENTIALS_DIRECTORY")
            if not folder:
                raise SetupError(
                    f"the credential {self.credential!r} was not handed over by systemd",
                    f"Add LoadCredential={self.credential}:/path/to/key to the unit",
                )
            path = Path(folder) / self.credential
        else:
            assert self.file is not None
            path = self.file
        try:
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SetupError(
                f"the secret in {path} cannot be read: {type(error).__name__}",
                "Check that the file exists and that the daemon's user may read it",
            ) from None
        if not value:
            raise SetupError(f"the secret in {path} is empty", "Write the key into it")
        return value


class Settings(BaseModel):
    """The base of a component's configuration: one field a key, described by ``Field``.

    The core reads the section of the file that names the component into this, so defaults,
    types and descriptions are declared once and shown by ``subtitled config schema``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset()
    """Keys that change nothing of what is heard or written, such as a time to wait: whoever sets
    them anew does not have everything made, and paid for, again."""

    def result_fields(self) -> dict[str, Any]:
        """What does change it, as JSON: all keys but the incidental ones and secrets."""
        keys = {name for name, value in self if not isinstance(value, Secret)}
        return self.model_dump(mode="json", include=keys - self.NON_RESULT_FIELDS)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of a self-check: what was looked at, whether it is well, and else the cure."""

    subject: str
    ok: bool
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ComponentContext:
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

    def __init__(self, settings: Any, context: ComponentContext) -> None:
        self.settings = settings
        self.context = context

    def self_check(self) -> Sequence[CheckResult]:
        """Look at your own surroundings, for ``subtitled doctor``: is the server there, the key
        right, the package installed? Takes seconds at most; raises nothing that it can say."""
        return ()
