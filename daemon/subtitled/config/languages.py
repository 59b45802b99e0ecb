"""What languages a library wants, and what they may be made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from subtitled.plugin import Language

ORIGINAL = "original"
"""Stands for the language that is spoken in the chosen audio track."""


def _wanted(value: object) -> object:
    if isinstance(value, str) and value.strip().lower() != ORIGINAL:
        return Language.parse(value)
    return value.strip().lower() if isinstance(value, str) else value


Wanted = Annotated[Literal["original"] | Language, BeforeValidator(_wanted)]


def _two(pair: tuple[Wanted, Wanted]) -> tuple[Wanted, Wanted]:
    if pair[0] == pair[1]:
        raise ValueError("names one language twice; name two, the upper one first")
    return pair


TwoLanguages = Annotated[tuple[Wanted, Wanted], AfterValidator(_two)]


class SourceSettings(BaseModel):
    """``[libraries.NAME.sources]``: what a subtitle in a wanted language is made of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: tuple[Literal["audio", "text", "speech"], ...] = Field(
        ("audio", "text", "speech"),
        min_length=1,
        description="What is used, best first: audio, an audio track in that language, written "
        "down; text, somebody's subtitle in another language, translated; speech, what is said in "
        "another language, recognised and translated. What is not named is not used.",
    )
    pivots: tuple[Language, ...] = Field(
        (Language("en"),),
        description="Subtitles in which languages are translated from, best first, after those in "
        "the language that is spoken.",
    )
    changes: Literal["auto", "always"] = Field(
        "auto",
        description="Whether every part is listened to for other languages: always, which takes "
        "longer; or if a first look at five places hears several, or if forced asks for it.",
    )
