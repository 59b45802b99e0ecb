"""What engines, translators, media servers and notifiers have in common.

A component has typed settings (:class:`Settings`), receives a :class:`ComponentContext` from the
core, and can check its own setup for ``subtitled doctor``.
"""

from __future__ import annotations

import logging
import os
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic

from pydantic import BaseModel, ConfigDict, model_validator
from typing_extensions import TypeVar

from .errors import SetupError
from .redaction import hide_secrets, remember_secret


class Secret(BaseModel):
    """A reference to a secret: where it is stored. The configuration never holds the secret.

    Written as ``{env = "NAME"}``, ``{file = "/path"}`` or ``{credential = "name"}``. The last one
    is a systemd credential (``LoadCredential=name:/path``).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = None
    """The name of an environment variable."""
    file: Path | None = None
    """The path of a file. White space at both ends is removed."""
    credential: str | None = None
    """The name of a systemd credential."""

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
        """Read the secret now. No log line shows it from then on.

        Returns:
            The secret without white space at both ends, never empty.

        Raises:
            SetupError: The variable, file or credential is missing, unreadable or empty.
        """
        secret = self._read()
        remember_secret(secret)
        return secret

    def _read(self) -> str:
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
    """The base class of a component's configuration: one pydantic field for each key.

    The core validates the component's section of the configuration file against it. Types,
    defaults and descriptions (``pydantic.Field``) also appear in ``subtitled config schema``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset()
    """Names of fields that do not change a result, such as a timeout. When a user changes one of
    them, existing results stay valid and nothing is transcribed or paid for again."""

    def result_fields(self) -> dict[str, Any]:
        """Select the fields that change a result.

        Returns:
            All fields except :attr:`NON_RESULT_FIELDS` and secrets, as JSON values. The core
            derives the variant of a transcript from them.
        """
        keys = {name for name, value in self if not isinstance(value, Secret)}
        return self.model_dump(mode="json", include=keys - self.NON_RESULT_FIELDS)


S = TypeVar("S", bound=Settings, default=Any)
"""The settings class of a component: ``class MyEngine(Engine[MySettings])``."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of a self-check."""

    subject: str
    """What was checked."""
    ok: bool
    """Whether it works."""
    detail: str = ""
    """What was found."""
    hint: str = ""
    """What the user can do about it, if it does not work."""

    def __post_init__(self) -> None:
        for name in ("subject", "detail", "hint"):
            text = getattr(self, name)
            if isinstance(text, str):
                object.__setattr__(self, name, hide_secrets(text))


@dataclass(frozen=True, slots=True)
class ComponentContext:
    """What the core gives to a component when it creates one."""

    name: str
    """The name of the component's section: ``mine`` of ``[engines.mine]``."""
    threads: int = 1
    """How many processor threads the component may use."""
    models: dict[str, Path] = field(default_factory=dict)
    """For engines and translators: the folder of each model of ``models()``, by name. Its files are
    present and verified."""

    device: str = "auto"
    """For engines: where to run. ``auto`` leaves it to the engine, else it is one of
    ``EngineCapabilities.devices``, perhaps with a number: ``cpu``, ``cuda``, ``cuda:1``."""

    @property
    def log(self) -> logging.Logger:
        """The logger of this component. Never log a secret or the text of a subtitle."""
        return logging.getLogger(f"subtitled.plugin.{self.name}")


class Component(Generic[S]):
    """The base class of all components.

    These are :class:`Engine`, :class:`Translator`, :class:`MediaServer`, :class:`Notifier` and
    :class:`Endpoint`.

    The type parameter is the settings class: ``class MyEngine(Engine[MySettings])`` sets
    :attr:`Settings` and gives ``self.settings`` its type. A component without settings leaves it
    out.

    Attributes:
        settings: The validated settings of the component's section.
        context: The section's name, the thread limit, the model folders and the logger.
    """

    Settings: ClassVar[type[Settings]] = Settings
    """The settings class, taken from the type parameter."""

    settings: S
    context: ComponentContext

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "Settings" in cls.__dict__:
            return
        for base in cls.__dict__.get("__orig_bases__", ()):
            for argument in typing.get_args(base):
                if isinstance(argument, type) and issubclass(argument, BaseModel):
                    cls.Settings = argument  # type: ignore[assignment]

    def __init__(self, settings: S, context: ComponentContext) -> None:
        """Create the component. May be implemented.

        Must be quick, and must not use the network or load a model: later calls do that.

        Args:
            settings: The validated settings, an instance of :attr:`Settings`.
            context: What the core gives to the component.
        """
        self.settings = settings
        """The validated settings."""
        self.context = context
        """What the core gives to the component."""

    def self_check(self) -> Sequence[CheckResult]:
        """Check the component's own setup, for ``subtitled doctor``. May be implemented.

        Check for example that the server answers, that the key is accepted, that a package is
        installed. Must take a few seconds at most. Report a known problem as a result with
        ``ok=False``. Do not raise it.

        Returns:
            One result for each check. The default is none.
        """
        return ()
