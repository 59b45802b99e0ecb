"""Who asks whom: key, region and workspace, which engine and translator have in common."""

from __future__ import annotations

from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from subtitled.plugin import Secret, Settings

Region = Literal["beijing", "singapore", "us"]

BASES: dict[str, str] = {
    "beijing": "https://dashscope.aliyuncs.com/api/v1",
    "singapore": "https://dashscope-intl.aliyuncs.com/api/v1",
    "us": "https://dashscope-us.aliyuncs.com/api/v1",
}
"""Where each region answers (help.aliyun.com/zh/model-studio, 2026-10). A key belongs to one."""

_OWN_HOSTS = {"cn-beijing": "beijing", "ap-southeast-1": "singapore", "us-east-1": "us"}
"""The part of a workspace's own host (``WORKSPACE.PART.maas.aliyuncs.com``) that is its region."""


class AccountSettings(Settings):
    """What every section of this plugin says about the account."""

    INCIDENTAL: ClassVar[frozenset[str]] = frozenset(
        {"region", "workspace", "base_url", "timeout", "requests_per_minute"}
        | {"audio", "concurrency", "bucket"}
    )

    api_key: Secret = Field(description="A key of Model Studio, by reference; it is of one region.")
    region: Region = Field(
        "singapore",
        description="Whose servers get what is sent. It is never changed by itself.",
    )
    workspace: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        description="The workspace to charge; unset: the key's own.",
    )
    base_url: str | None = Field(
        None,
        description="A host of your own instead of the region's, such as "
        "https://WORKSPACE.ap-southeast-1.maas.aliyuncs.com/api/v1.",
    )
    timeout: float = Field(
        120.0, gt=0, le=3600, description="Seconds to wait for the answer to one request."
    )

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("not an address; write one such as https://HOST/api/v1")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("the key would travel in the clear; write https")
        return url.rstrip("/")

    @property
    def base(self) -> str:
        """The address that every call begins with."""
        return self.base_url or BASES[self.region]

    @property
    def host(self) -> str:
        return urlsplit(self.base).hostname or ""

    @property
    def place(self) -> str:
        """The region that the host belongs to; empty for a host of which that is not known."""
        if self.base_url is None:
            return self.region
        for region, base in BASES.items():
            if urlsplit(base).hostname == self.host:
                return region
        named = self.host.removesuffix(".maas.aliyuncs.com").rpartition(".")[2]
        return _OWN_HOSTS.get(named, "") if self.host.endswith(".maas.aliyuncs.com") else ""

    @property
    def destination(self) -> str:
        """What libraries allow or forbid: ``qwen:REGION``, or the host where that is not known."""
        return f"qwen:{self.place or self.host}"
