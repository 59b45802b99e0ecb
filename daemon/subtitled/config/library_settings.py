"""Settings of the tables of a library, and ``[glossary]``."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from subtitled.plugin import Language

from .types import ConfigPath, Seconds, Section

ORIGINAL: Final = "original"
"""Means the language that is spoken in the chosen audio track."""


def _parse_wanted(value: object) -> object:
    if isinstance(value, str) and value.strip().lower() != ORIGINAL:
        return Language.parse(value)
    return value.strip().lower() if isinstance(value, str) else value


WantedLanguage = Annotated[Literal["original"] | Language, BeforeValidator(_parse_wanted)]


def _check_spoken(value: Language) -> Language:
    if not value.is_known:
        raise ValueError(f"{value} names no language; write one such as en, es, pt-BR or zh-Hans")
    return value


SpokenLanguage = Annotated[Language, AfterValidator(_check_spoken)]
"""A language that somebody speaks, so not ``und``."""


def _check_distinct(
    pair: tuple[WantedLanguage, WantedLanguage],
) -> tuple[WantedLanguage, WantedLanguage]:
    if pair[0] == pair[1]:
        raise ValueError("names one language twice; name two, the upper one first")
    return pair


LanguagePair = Annotated[tuple[WantedLanguage, WantedLanguage], AfterValidator(_check_distinct)]


MakerName = Annotated[str, Field(pattern=r"^[^\s/@](.*\S)?$", max_length=200)]
"""An engine, a model or a translator, as ``subtitled queue upgrade --made-by`` takes it."""


class SourceSettings(BaseModel):
    """``[libraries.NAME.sources]``: what a wanted subtitle is made of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: tuple[Literal["audio", "text", "speech"], ...] = Field(
        ("audio", "text", "speech"),
        min_length=1,
        description="Sources to use, best first. audio: an audio track in the wanted language, "
        "transcribed. text: a human subtitle in another language, translated. speech: an audio "
        "track in another language, transcribed and translated.",
    )
    pivot_languages: tuple[Language, ...] = Field(
        (Language("en"),),
        description="Languages of human subtitles to translate from, best first, after those in "
        "the language spoken.",
    )
    detect_language_changes: Literal["auto", "always"] = Field(
        "auto",
        description="Whether the language is identified in every part. always: yes, which takes "
        "longer. auto: if a check of five places finds several languages, or if forced subtitles "
        "are wanted.",
    )


class CueSettings(Section):
    """``[libraries.NAME.cues]``: limits of cues.

    An unset key has the value of the profile for the language. So each key can be set alone.
    """

    profile: Literal["netflix", "bbc", "ebu", "ard", "ted"] = Field(
        "netflix",
        description="The style guide: netflix, bbc, ebu (European broadcasters), ard (with ZDF, "
        "ORF, SRF), ted.",
    )
    audience: Literal["adult", "child"] = Field(
        "adult", description="The audience. Children get more time to read."
    )
    max_line_length: float | None = Field(
        None,
        ge=8,
        le=100,
        description="Characters on a line, at most. In Chinese, Japanese and Korean a full-width "
        "character counts as one and a Latin letter as half.",
    )
    max_lines: int | None = Field(None, ge=1, le=4, description="Lines of a cue, at most.")
    max_cps: float | None = Field(
        None, ge=1, le=60, description="Reading speed in characters per second, at most."
    )
    target_cps: float | None = Field(
        None,
        ge=1,
        le=60,
        description="A comfortable reading speed in characters per second. Unset: three "
        "quarters of `max_cps`, or the profile's.",
    )
    min_duration: Seconds | None = Field(
        None, description="Duration of a cue, at least. Up to 3 seconds."
    )
    max_duration: Seconds | None = Field(
        None, description="Duration of a cue, at most. 3 seconds or more."
    )
    min_gap: Seconds | None = Field(
        None, description="Gap between two cues, at least. Up to a second."
    )
    chain_gap: Seconds | None = Field(
        None,
        description="A gap shorter than this is closed to `min_gap`, so that cues do not flicker.",
    )
    max_extension: Seconds | None = Field(
        None, description="How long a cue may stay after the speech, for slow readers."
    )

    @field_validator("min_duration", "max_duration", "min_gap", "chain_gap", "max_extension")
    @classmethod
    def _check_range(cls, value: float | None, info: ValidationInfo) -> float | None:
        low, high = _ALLOWED_SECONDS[info.field_name or ""]
        if value is not None and not low <= value <= high:
            raise ValueError(f"must be from {low:g} to {high:g} seconds")
        return value

    @property
    def overrides(self) -> dict[str, Any]:
        """The limits that are set here instead of taken from the profile."""
        return {
            name: value
            for name, value in self
            if name not in ("profile", "audience") and value is not None
        }


_ALLOWED_SECONDS = {
    "min_duration": (0.0, 3.0),
    "max_duration": (3.0, 60.0),
    "min_gap": (0.0, 1.0),
    "chain_gap": (0.0, 5.0),
    "max_extension": (0.0, 10.0),
}
"""The range of each duration in seconds. No two values of these ranges contradict."""

_TAG_PATTERN = re.compile(r"[^\W\d_][^\W_]*( [^\W_]+)*")
_FLAG_PATTERN = re.compile(r"default|forced|foreign|\b(?:sdh|cc|hi|bilingual)\b")
"""Words that are flags in file names.

Media servers find the first three anywhere in a word. We write ``bilingual`` before a title.
"""


class FilenameSettings(Section):
    """``[libraries.NAME.filenames]``: names of new sidecars. Existing ones keep their names."""

    style: Literal["standard", "iso639-2"] = Field(
        "standard",
        description="The form of the language. standard: a BCP 47 tag as in Film.es.srt, which "
        "every media server reads. iso639-2: three letters as in Film.spa.srt, for players that "
        "read nothing else. A language without a code of three letters, such as zh-Hans, keeps "
        "its tag.",
    )
    tag: str = Field(
        "",
        max_length=40,
        description="A word before the language, as in Film.machine.es.srt. Media servers show it "
        "as the title, which marks the subtitle as made by a machine.",
    )

    @field_validator("tag")
    @classmethod
    def _check_tag(cls, value: str) -> str:
        if not value:
            return value
        if not _TAG_PATTERN.fullmatch(value):
            raise ValueError("letters and digits only, with single spaces between words")
        if _FLAG_PATTERN.search(value.lower()):
            raise ValueError("media servers would read it as a flag; write another word")
        try:
            language = Language.parse(value)
        except ValueError:
            return value
        raise ValueError(
            f"it would be read as a language, {language.english_name}; write another word"
        )


class RouteSettings(Section):
    """``[[libraries.NAME.routes]]``: a rule that chooses engines. The first that matches applies.

    ``languages``, ``min_duration`` and ``max_duration`` say which media files match. ``engines``,
    ``max_price_per_hour`` and ``destinations`` say which engines are used for them.
    """

    languages: tuple[Language, ...] = Field(
        (), description="Spoken languages that match. Empty: any."
    )
    min_duration: Seconds | None = Field(
        None, description="Media files at least this long match. Unset: any."
    )
    max_duration: Seconds | None = Field(
        None, description="Media files shorter than this match. Unset: any."
    )
    engines: tuple[str, ...] = Field(
        (),
        description="Engines to use, first choice first. The next one is the fallback. "
        "Empty: those of the library.",
    )
    max_price_per_hour: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Only engines with at most this price for an hour of audio, in the currency "
        "of their price. A remote engine without a price is not used.",
    )
    destinations: tuple[str, ...] | None = Field(
        None,
        description='Only engines that send audio to one of these destinations, such as "local". '
        "Unset: all that the library allows.",
    )

    @model_validator(mode="after")
    def _check_durations(self) -> Self:
        minimum, maximum = self.min_duration, self.max_duration
        if minimum is not None and maximum is not None and minimum >= maximum:
            raise ValueError("min_duration must be less than max_duration, or nothing matches")
        return self


class SummarySettings(Section):
    """``[libraries.NAME.summaries]``: synopsis, chapters and keywords of each media file."""

    languages: tuple[WantedLanguage, ...] = Field(
        (),
        description='Languages of the summaries; "original" is the language spoken. '
        "Empty: no summaries.",
    )
    files: tuple[Literal["summary.json", "chapters.vtt", "ffmeta"], ...] = Field(
        ("summary.json", "ffmeta"),
        min_length=1,
        description="Files to write: Film.en.summary.json contains everything, Film.en.ffmeta the "
        "chapters for ffmpeg, Film.en.chapters.vtt the chapters for web players. Media servers "
        "list the last one as a subtitle.",
    )
    translators: tuple[str, ...] = Field(
        (),
        description="Translators that write them, first choice first. They must follow "
        "instructions. Empty: those of the library that do.",
    )


class GlossarySettings(BaseModel):
    """``[glossary]``: terms for engines and translators."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: tuple[ConfigPath, ...] = Field(
        (),
        description="Glossary files for all libraries: CSV, TSV, JSON or TBX. More specific "
        "glossaries take precedence.",
    )
    use_nfo: bool = Field(
        True,
        description="Take names from NFO files beside the media files, else from their paths.",
    )
    use_media_servers: bool = Field(
        False,
        description="Ask the library's media servers for titles and characters of media files "
        "without an NFO file.",
    )
    max_hotword_chars: int = Field(
        300,
        ge=0,
        le=10_000,
        description="Characters of the hotwords for an engine, at most; the most specific terms "
        "come first. Whisper accepts about 600 and gets worse with long lists. Qwen accepts "
        "thousands.",
    )
