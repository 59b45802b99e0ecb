"""The sections of the configuration: ``[engines.qwen]`` and ``[translators.qwen]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from .account import AccountSettings
from .bucket import BucketSettings
from .catalogue import MODELS, Family, Model, model_of


class QwenSettings(AccountSettings):
    """``[engines.qwen]``"""

    protocol: Literal["file", "sync"] = Field(
        "file",
        description="file: the whole sound is uploaded and recognised as a task, with word times. "
        "sync: pieces of up to 2 minutes within the request, as text without times.",
    )
    model: str = Field(
        "",
        description="Which recogniser; empty: qwen3-asr-flash-filetrans for files, "
        "qwen3-asr-flash else.",
    )
    audio: Literal["opus", "flac"] = Field(
        "opus", description="How the sound is sent: opus, 14 MB an hour, or flac, exact, 50 MB."
    )
    concurrency: int = Field(4, ge=1, le=64, description="Requests, or tasks, at the same time.")
    requests_per_minute: float = Field(
        100.0, gt=0, description="Requests a minute that the account may make, over all of them."
    )
    speakers: bool = Field(
        False, description="Have speakers told apart, by the models that can; up to 2 hours."
    )
    vocabulary_id: str = Field(
        "", description="A list of hot words made for this model in the console."
    )
    bucket: BucketSettings | None = Field(
        None, description="Storage of your own for the sound; unset: the service's, for 48 hours."
    )

    @field_validator("model")
    @classmethod
    def _known(cls, name: str) -> str:
        if name and model_of(name) is None:
            raise ValueError(f"no such model; there are: {', '.join(m.prefix for m in MODELS)}")
        return name

    @model_validator(mode="after")
    def _agree(self) -> QwenSettings:
        if self.place == "us" and self.protocol == "file":
            raise ValueError('the region us recognises no files: write protocol = "sync"')
        if (self.chosen.family is Family.FLASH) != (self.protocol == "sync"):
            right = "sync" if self.protocol == "file" else "file"
            raise ValueError(f'the model {self.model} is asked with protocol = "{right}"')
        if self.place and self.place not in self.chosen.prices:
            offered = ", ".join(self.chosen.prices)
            raise ValueError(f"the model {self.name} is offered in {offered} only")
        if self.chosen.family is not Family.FUN_FILE and (self.speakers or self.vocabulary_id):
            raise ValueError(f"the model {self.name} knows neither speakers nor a vocabulary_id")
        return self

    @property
    def name(self) -> str:
        """The name of the model that is asked."""
        if self.model:
            return self.model
        if self.protocol == "file":
            return "qwen3-asr-flash-filetrans"
        return "qwen3-asr-flash-us" if self.place == "us" else "qwen3-asr-flash"

    @property
    def chosen(self) -> Model:
        model = model_of(self.name)
        assert model is not None, "the validator lets no other pass"
        return model


class QwenMtSettings(AccountSettings):
    """``[translators.qwen]``"""

    model: str = Field(
        "qwen-mt-plus",
        pattern=r"^qwen-mt-",
        description="Which translator: qwen-mt-plus is the best, flash faster, lite cheapest.",
    )
    requests_per_minute: float = Field(
        60.0, gt=0, description="Requests a minute that the account may make."
    )
    style: str = Field(
        "Subtitles of a film or programme: spoken language, concise, each line by itself.",
        max_length=500,
        description="What it is told of the texts, in English.",
    )
