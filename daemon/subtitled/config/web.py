"""``[web]``: the daemon's HTTP port, which is closed unless a number is given."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from subtitled.plugin import Secret

Source = Literal["sonarr", "radarr", "jellyfin", "emby", "plex", "tautulli", "generic"]
"""Whose webhooks are understood."""


class SenderSettings(BaseModel):
    """``[web.sources.NAME]``: one sender of webhooks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Source | None = Field(
        None, description="Whose webhooks they are. Default: what the section is called."
    )
    path_map: tuple[tuple[str, str], ...] = Field(
        (), description="Pairs of [our folder, its folder], where it sees the media elsewhere."
    )


class WebSettings(BaseModel):
    """``[web]``: a port for webhooks, health and metrics."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int | None = Field(
        None, ge=1, le=65535, description="The port to listen on. Unset: none is opened."
    )
    address: str = Field(
        "127.0.0.1",
        description="The address to listen on; 0.0.0.0 or :: is every one, and needs a token.",
    )
    token: Secret | None = Field(
        None,
        description="What callers must show, by reference; needed unless the address is this "
        "machine's own.",
    )
    size_limit: int = Field(
        5 * 1024**2, ge=1024, le=1024**3, description="Bytes that a webhook may have."
    )
    sources: dict[str, SenderSettings] = Field(
        default_factory=dict,
        description="Senders of webhooks that need a setting; each kind answers without.",
    )

    @field_validator("address")
    @classmethod
    def _is_one(cls, value: str) -> str:
        if value == "localhost":
            return "127.0.0.1"
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            raise ValueError("not an address; write one such as 127.0.0.1, 0.0.0.0 or ::") from None

    @field_validator("sources")
    @classmethod
    def _known(cls, value: dict[str, SenderSettings]) -> dict[str, SenderSettings]:
        kinds = Source.__args__  # type: ignore[attr-defined]
        for name, source in value.items():
            if source.kind is None and name not in kinds:
                raise ValueError(
                    f"of {name!r} nobody knows whose webhooks it sends; add kind, one of: "
                    + ", ".join(kinds)
                )
        return value

    @model_validator(mode="after")
    def _not_open_to_all(self) -> WebSettings:
        if self.port and self.token is None and not self.is_loopback:
            raise ValueError(
                f"others may reach {self.address}, so a token is needed: set web.token to "
                '{file = "/path"}, {env = "NAME"} or {credential = "name"}, or web.address to '
                '"127.0.0.1"'
            )
        return self

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback
