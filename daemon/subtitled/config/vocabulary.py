"""``[vocabulary]``: names and terms for every library; ``docs/vocabulary.md`` says more."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .folders import Folder


class VocabularySettings(BaseModel):
    """``[vocabulary]``: names and terms that recognisers and translators are told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    glossaries: tuple[Folder, ...] = Field(
        (),
        description="Files of terms for all libraries: CSV, TSV, JSON or TBX. Those nearer to a "
        "medium come first.",
    )
    names: bool = Field(
        True,
        description="Take names from NFO files beside the media, or else from their paths.",
    )
    servers: bool = Field(
        False,
        description="Where no NFO file tells them, ask the library's media servers for titles and "
        "characters.",
    )
    characters: int = Field(
        300,
        ge=0,
        le=10_000,
        description="How much a recogniser is told, the nearest terms first. Whisper takes some "
        "600 at most and is the worse for long lists; Qwen takes thousands.",
    )
