"""Settings of the HTTP port: ``[web]``, ``[web.proxy]`` and ``[web.webhooks.NAME]``."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from subtitled.plugin import Secret

from .asr_settings import AsrSettings
from .types import Section

UNIX_PREFIX = "unix:"
"""How the address of a unix socket begins."""
WebRole = Literal["viewer", "reviewer", "operator", "admin"]
"""What a user may do: each may do all that those before it may."""
WebhookKind = Literal["sonarr", "radarr", "jellyfin", "emby", "plex", "tautulli", "generic"]
"""The senders whose webhooks are understood."""


class WebhookSenderSettings(Section):
    """``[web.webhooks.NAME]``: one sender of webhooks."""

    kind: WebhookKind | None = Field(
        None, description="The kind of sender. Default: the name of the section."
    )
    path_map: tuple[tuple[str, str], ...] = Field(
        (), description="Pairs of [our folder, its folder], if it has the media under other paths."
    )


class WebProxySettings(Section):
    """``[web.proxy]``: proxies in front of the port, and what is believed of them."""

    trusted: tuple[str, ...] = Field(
        (),
        description="Addresses or networks of the proxies, such as 127.0.0.1 or 10.0.3.0/24, or "
        "unix for all callers by a unix socket. Only their X-Forwarded headers are believed.",
    )
    user_header: str | None = Field(
        None,
        description="The header with the name of the user that the proxy has signed in, such as "
        "Remote-User. Unset: proxies vouch for nobody.",
    )
    groups_header: str | None = Field(
        None, description="The header with the groups of that user, such as Remote-Groups."
    )
    roles: dict[str, WebRole] = Field(
        default_factory=dict,
        description="The role of each group: viewer, reviewer, operator or admin. The group * is "
        "everybody that the proxy has signed in. The highest counts.",
    )

    @field_validator("trusted")
    @classmethod
    def _check_trusted(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if entry == "unix":
                continue
            try:
                network = ipaddress.ip_network(entry, strict=False)
            except ValueError:
                raise ValueError(
                    f"{entry!r} is no address or network; write 127.0.0.1 or 10.0.3.0/24"
                ) from None
            if network.prefixlen == 0:
                raise ValueError(f"{entry} is everybody, and anybody could sign in as anybody")
        return value

    @field_validator("user_header", "groups_header")
    @classmethod
    def _check_header(cls, value: str | None) -> str | None:
        if value is not None and re.fullmatch(r"[A-Za-z0-9-]+", value) is None:
            raise ValueError("the name of a header has letters, digits and dashes")
        return value

    @model_validator(mode="after")
    def _check_user_header(self) -> WebProxySettings:
        if self.user_header is not None and not self.trusted:
            raise ValueError(
                "user_header is believed of named proxies only; set web.proxy.trusted to theirs"
            )
        return self


class WebSettings(Section):
    """``[web]``: a port for pages, webhooks, health, metrics and transcription."""

    port: int | None = Field(
        None, ge=1, le=65535, description="The port to listen on. Unset: none."
    )
    address: str = Field(
        "127.0.0.1",
        description="The address to listen on. 0.0.0.0 or :: is every address, and needs a token. "
        "unix:/path is a unix socket, which a proxy on this machine can use.",
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="Names under which browsers call the port, such as subtitles.example.org. "
        "Addresses, localhost and the name of this machine need not be listed.",
    )
    base_path: str = Field(
        "", description="The path below which a proxy shows the port, such as /subtitled."
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$",
        description="The address at which people open the pages, with the base path, such as "
        "https://example.org/subtitled. Messages of notifiers link to it.",
    )
    token: Secret | None = Field(
        None,
        description="The token of webhooks and metrics, by reference. Required unless the address "
        "is a loopback address. Users sign in with passwords, and programs have API keys.",
    )
    max_body_bytes: int = Field(
        5 * 1024**2, ge=1024, le=1024**3, description="Bytes that a request may have, at most."
    )
    proxy: WebProxySettings = Field(default_factory=lambda: WebProxySettings())
    asr: AsrSettings = Field(default_factory=lambda: AsrSettings())
    webhooks: dict[str, WebhookSenderSettings] = Field(
        default_factory=dict,
        description="Senders of webhooks that need a setting. Every kind is accepted without one.",
    )

    @field_validator("address")
    @classmethod
    def _check_address(cls, value: str) -> str:
        if value == "localhost":
            return "127.0.0.1"
        if value.startswith(UNIX_PREFIX):
            if not value.removeprefix(UNIX_PREFIX).startswith("/"):
                raise ValueError("write the path of the socket from the root: unix:/run/x.sock")
            return value
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            raise ValueError("not an address; write one such as 127.0.0.1, 0.0.0.0 or ::") from None

    @field_validator("hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?", name) is None:
                raise ValueError(f"{name!r} is no name; write one such as subtitles.example.org")
        return value

    @field_validator("base_path")
    @classmethod
    def _check_base_path(cls, value: str) -> str:
        path = value.rstrip("/")
        if path and re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", path) is None:
            raise ValueError("write a path from the root, such as /subtitled")
        return path

    @field_validator("webhooks")
    @classmethod
    def _check_kinds(
        cls, value: dict[str, WebhookSenderSettings]
    ) -> dict[str, WebhookSenderSettings]:
        kinds = WebhookKind.__args__  # type: ignore[attr-defined]
        for name, sender in value.items():
            if sender.kind is None and name not in kinds:
                raise ValueError(
                    f"the kind of the sender {name!r} is unknown; add kind, one of: "
                    + ", ".join(kinds)
                )
        return value

    @model_validator(mode="after")
    def _check_token(self) -> WebSettings:
        if self.port and self.token is None and not self.is_loopback:
            raise ValueError(
                f"other machines can reach {self.address}, so a token is needed: set web.token to "
                '{file = "/path"}, {env = "NAME"} or {credential = "name"}, or web.address to '
                '"127.0.0.1"'
            )
        return self

    @model_validator(mode="after")
    def _check_asr(self) -> WebSettings:
        if self.asr.enabled and not self.is_enabled:
            raise ValueError("web.asr is enabled and nothing is listened on; set web.port")
        return self

    @property
    def is_enabled(self) -> bool:
        """Whether anything is listened on."""
        return self.port is not None or self.socket_path is not None

    @property
    def socket_path(self) -> Path | None:
        """The path of the unix socket, if the address is one."""
        if not self.address.startswith(UNIX_PREFIX):
            return None
        return Path(self.address.removeprefix(UNIX_PREFIX))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        return self.socket_path is not None or ipaddress.ip_address(self.address).is_loopback
