"""Secrets by reference: the configuration names where a key lies and never holds it."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from .errors import Misconfigured


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
    def _not_the_secret_itself(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(
                "a secret is not written into the configuration: "
                'write {env = "NAME"}, {file = "/path"} or {credential = "name"}'
            )
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Secret:
        if sum(place is not None for place in (self.env, self.file, self.credential)) != 1:
            raise ValueError("name exactly one of env, file and credential")
        return self

    def reveal(self) -> str:
        """The secret itself, read now. Raises :class:`Misconfigured` naming the place."""
        if self.env is not None:
            value = os.environ.get(self.env, "")
            if not value.strip():
                raise Misconfigured(
                    f"the environment variable {self.env} is not set", "Set it for the daemon"
                )
            return value.strip()
        if self.credential is not None:
            folder = os.environ.get("CREDENTIALS_DIRECTORY")
            if not folder:
                raise Misconfigured(
                    f"the credential {self.credential!r} was not handed over by systemd",
                    f"Add LoadCredential={self.credential}:/path/to/key to the unit",
                )
            place = Path(folder) / self.credential
        else:
            assert self.file is not None
            place = self.file
        try:
            value = place.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise Misconfigured(
                f"the secret in {place} cannot be read: {type(error).__name__}",
                "Check that the file exists and that the daemon's user may read it",
            ) from None
        if not value:
            raise Misconfigured(f"the secret in {place} is empty", "Write the key into it")
        return value
