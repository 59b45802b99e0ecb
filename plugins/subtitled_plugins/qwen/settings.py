"""The sections ``[engines.qwen]`` and ``[translators.qwen]`` of the configuration."""

from __future__ import annotations

from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from subtitled.plugin import Secret, Settings

from .bucket import BucketSettings
from .catalogue import MODELS, Model, ModelFamily, find_model

Region = Literal["beijing", "singapore", "us"]

BASE_URLS: dict[str, str] = {
    "beijing": "https://dashscope.aliyuncs.com/api/v1",
    "singapore": "https://dashscope-intl.aliyuncs.com/api/v1",
    "us": "https://dashscope-us.aliyuncs.com/api/v1",
}
"""Region -> address (help.aliyun.com/zh/model-studio, 2026-10). A key is valid in one region."""

_WORKSPACE_REGIONS = {"cn-beijing": "beijing", "ap-southeast-1": "singapore", "us-east-1": "us"}
"""PART of a workspace's host (``WORKSPACE.PART.maas.aliyuncs.com``) -> region."""


class AccountSettings(Settings):
    """The settings of the account, which both sections have."""

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"region", "workspace", "base_url", "timeout", "requests_per_minute"}
        | {"audio_codec", "concurrency", "bucket"}
    )

    api_key: Secret = Field(description="A key of Model Studio, by reference, of that region.")
    region: Region = Field(
        "singapore",
        description="The region that receives the audio or text. It never changes by itself.",
    )
    workspace: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        description="The workspace to charge. Unset: that of the key.",
    )
    base_url: str | None = Field(
        None,
        description="An address to use instead of the region's, such as "
        "https://WORKSPACE.ap-southeast-1.maas.aliyuncs.com/api/v1.",
    )
    timeout: float = Field(
        120.0, gt=0, le=3600, description="Seconds to wait for the answer to a request."
    )

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("not an address; write one such as https://HOST/api/v1")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("the key would be sent without encryption, write https")
        return url.rstrip("/")

    @property
    def effective_url(self) -> str:
        """The base address of all calls."""
        return self.base_url or BASE_URLS[self.region]

    @property
    def host(self) -> str:
        """The host of the service."""
        return urlsplit(self.effective_url).hostname or ""

    @property
    def effective_region(self) -> str:
        """The region of the host. Empty if it is unknown."""
        if self.base_url is None:
            return self.region
        for region, base in BASE_URLS.items():
            if urlsplit(base).hostname == self.host:
                return region
        host_region = self.host.removesuffix(".maas.aliyuncs.com").rpartition(".")[2]
        return (
            _WORKSPACE_REGIONS.get(host_region, "")
            if self.host.endswith(".maas.aliyuncs.com")
            else ""
        )

    @property
    def destination(self) -> str:
        """The destination of what is sent: ``qwen:REGION``, or ``qwen:HOST`` if it is unknown."""
        return f"qwen:{self.effective_region or self.host}"


class QwenSettings(AccountSettings):
    """The settings in ``[engines.qwen]``."""

    protocol: Literal["file", "sync"] = Field(
        "file",
        description="file: the whole track is uploaded and transcribed by a task, with word times. "
        "sync: pieces of up to 2 minutes are transcribed synchronously, without times.",
    )
    model: str = Field(
        "",
        description="The speech model. Empty: qwen3-asr-flash-filetrans for file, qwen3-asr-flash "
        "for sync.",
    )
    audio_codec: Literal["opus", "flac"] = Field(
        "opus",
        description="How audio is compressed: opus, 14 MB per hour, or flac, lossless, 50 MB.",
    )
    concurrency: int = Field(
        4, ge=1, le=64, description="How many requests or tasks run at the same time."
    )
    requests_per_minute: float = Field(
        100.0, gt=0, description="Requests per minute that the account may make, over all threads."
    )
    diarization: bool = Field(
        False, description="Identify speakers. Some models support it, for up to 2 hours."
    )
    vocabulary_id: str = Field(
        "", description="A list of hotwords for this model, made in the console."
    )
    bucket: BucketSettings | None = Field(
        None,
        description="A bucket of your own for the audio. Unset: the storage of the service.",
    )

    @field_validator("model")
    @classmethod
    def _check_model(cls, name: str) -> str:
        if name and find_model(name) is None:
            raise ValueError(f"no such model; there are: {', '.join(m.prefix for m in MODELS)}")
        return name

    @model_validator(mode="after")
    def _check_combination(self) -> QwenSettings:
        if self.effective_region == "us" and self.protocol == "file":
            raise ValueError('the region us recognises no files: write protocol = "sync"')
        if (self.chosen_model.family is ModelFamily.FLASH) != (self.protocol == "sync"):
            other_protocol = "sync" if self.protocol == "file" else "file"
            raise ValueError(f'the model {self.model} is asked with protocol = "{other_protocol}"')
        if self.effective_region and self.effective_region not in self.chosen_model.prices:
            offered = ", ".join(self.chosen_model.prices)
            raise ValueError(f"the model {self.model_name} is offered in {offered} only")
        if self.chosen_model.family is not ModelFamily.FUN_FILE and (
            self.diarization or self.vocabulary_id
        ):
            raise ValueError(
                f"the model {self.model_name} supports neither diarization nor a vocabulary_id"
            )
        return self

    @property
    def model_name(self) -> str:
        """The name of the model to use."""
        if self.model:
            return self.model
        if self.protocol == "file":
            return "qwen3-asr-flash-filetrans"
        return "qwen3-asr-flash-us" if self.effective_region == "us" else "qwen3-asr-flash"

    @property
    def chosen_model(self) -> Model:
        """The model to use."""
        model = find_model(self.model_name)
        assert model is not None, "the validator lets no other pass"
        return model


class QwenMtSettings(AccountSettings):
    """The settings in ``[translators.qwen]``."""

    model: str = Field(
        "qwen-mt-plus",
        pattern=r"^qwen-mt-",
        description="The model: qwen-mt-plus is the best, flash is faster, lite is the cheapest.",
    )
    requests_per_minute: float = Field(
        60.0, gt=0, description="Requests per minute that the account may make."
    )
    style: str = Field(
        "Subtitles of a film or programme: spoken language, concise, each line by itself.",
        max_length=500,
        description="A description of the texts for the model, in English.",
    )
