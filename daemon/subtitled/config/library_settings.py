"""What languages a library wants, and what they may be made of.

``[libraries.NAME.cues]``: how much a subtitle holds and how long it stays.

``[libraries.NAME.filenames]``: the names of our sidecars; ``docs/users/filenames.md``.

``[[libraries.NAME.routes]]``: rules by which a library chooses its engines.

``[libraries.NAME.summaries]``: what each medium is about; ``docs/users/summaries.md`` says more.

``[glossary]``: use_nfo and terms for every library; ``docs/users/glossary.md`` says more.

What may leave the machine and what it may cost: the keys for privacy, budgets and prices.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

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

from subtitled.plugin import LOCAL, Language

from .types import ConfigPath, Seconds, Section

ORIGINAL = "original"
"""Stands for the language that is spoken in the chosen audio track."""


def _parse_wanted(value: object) -> object:
    if isinstance(value, str) and value.strip().lower() != ORIGINAL:
        return Language.parse(value)
    return value.strip().lower() if isinstance(value, str) else value


WantedLanguage = Annotated[Literal["original"] | Language, BeforeValidator(_parse_wanted)]


def _check_distinct(
    pair: tuple[WantedLanguage, WantedLanguage],
) -> tuple[WantedLanguage, WantedLanguage]:
    if pair[0] == pair[1]:
        raise ValueError("names one language twice; name two, the upper one first")
    return pair


LanguagePair = Annotated[tuple[WantedLanguage, WantedLanguage], AfterValidator(_check_distinct)]


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
    pivot_languages: tuple[Language, ...] = Field(
        (Language("en"),),
        description="Subtitles in which languages are translated from, best first, after those in "
        "the language that is spoken.",
    )
    detect_language_changes: Literal["auto", "always"] = Field(
        "auto",
        description="Whether every part is listened to for other languages: always, which takes "
        "longer; or if a first look at five places hears several, or if forced asks for it.",
    )


class CueSettings(Section):
    """``[libraries.NAME.cues]``: how much a subtitle holds and how long it stays.

    A key that is unset has the value of the profile for the language; so each may be given alone.
    """

    profile: Literal["netflix", "bbc", "ard", "ted"] = Field(
        "netflix", description="Whose rules hold: netflix, bbc, ard (with ZDF, ORF, SRF), ted."
    )
    audience: Literal["adult", "child"] = Field(
        "adult", description="Who reads; children are given more time."
    )
    max_line_length: float | None = Field(
        None,
        ge=8,
        le=100,
        description="Characters on a line; in Chinese, Japanese and Korean full-width ones, of "
        "which a Latin letter is half.",
    )
    max_lines: int | None = Field(None, ge=1, le=4, description="Lines of a subtitle.")
    max_cps: float | None = Field(
        None, ge=1, le=60, description="Characters a second that readers can just follow."
    )
    target_cps: float | None = Field(
        None,
        ge=1,
        le=60,
        description="Characters a second that are read with ease. Unset: three quarters of "
        "`max_cps`, or the profile's.",
    )
    min_duration: Seconds | None = Field(
        None, description="How long a subtitle is shown at least; at most 3 seconds may be asked."
    )
    max_duration: Seconds | None = Field(
        None, description="How long a subtitle is shown at most; 3 seconds or more."
    )
    min_gap: Seconds | None = Field(
        None, description="Time between two subtitles, at least; up to a second."
    )
    chain_gap: Seconds | None = Field(
        None,
        description="A gap below this is closed to `min_gap`, so that the screen does not flicker.",
    )
    max_extension: Seconds | None = Field(
        None, description="How long a subtitle may stay after the speech, for slow readers."
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
        """The values that are given here rather than taken from the profile."""
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
"""From which to which second each time of a cue may be set, so that no two contradict."""

_TAG_PATTERN = re.compile(r"[^\W\d_][^\W_]*( [^\W_]+)*")
_FLAG_PATTERN = re.compile(r"default|forced|foreign|\b(?:sdh|cc|hi|bilingual)\b")
"""Media servers look for the first three anywhere in a word; ours ``bilingual`` begins a title."""


class FilenameSettings(Section):
    """``[libraries.NAME.filenames]``: what sidecars are called. What is written keeps its name."""

    style: Literal["standard", "iso639-2"] = Field(
        "standard",
        description="How the language is written: standard, a BCP 47 tag as in Film.es.srt, which "
        "every media server reads; iso639-2, three letters as in Film.spa.srt, for players that "
        "know no other. A language that three letters do not tell apart, such as zh-Hans, keeps "
        "its tag.",
    )
    tag: str = Field(
        "",
        max_length=40,
        description="A word before the language, as in Film.machine.es.srt. Media servers that "
        "show titles show it, so that what was made by a machine can be told apart.",
    )

    @field_validator("tag")
    @classmethod
    def _check_tag(cls, value: str) -> str:
        if not value:
            return value
        if not _TAG_PATTERN.fullmatch(value):
            raise ValueError("letters and digits only, with single spaces between words")
        if _FLAG_PATTERN.search(value.lower()):
            raise ValueError("media servers would take it for a flag; write another word")
        try:
            language = Language.parse(value)
        except ValueError:
            return value
        raise ValueError(
            f"it would be taken for a language, {language.english_name}; write another word"
        )


class RouteSettings(Section):
    """``[[libraries.NAME.routes]]``: which engines take what. The first rule that fits counts.

    ``languages``, ``min_duration`` and ``max_duration`` say what the rule is for; ``engines``,
    ``max_price_per_hour`` and ``destinations`` say who takes it.
    """

    languages: tuple[Language, ...] = Field(
        (), description="Spoken languages that the rule is for. Empty: any."
    )
    min_duration: Seconds | None = Field(
        None, description="It is for media at least this long. Unset: however short."
    )
    max_duration: Seconds | None = Field(
        None, description="It is for media shorter than this. Unset: however long."
    )
    engines: tuple[str, ...] = Field(
        (),
        description="Engines to use, first choice first; the next takes what one cannot do. "
        "Empty: those of the library.",
    )
    max_price_per_hour: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Only engines that cost no more than this for an hour of sound, in the "
        "currency of their price. One that sends sound away and names no price is left out.",
    )
    destinations: tuple[str, ...] | None = Field(
        None,
        description='Only engines whose sound goes to one of these, such as "local". '
        "Unset: wherever the library allows.",
    )

    @model_validator(mode="after")
    def _check_durations(self) -> Self:
        minimum, maximum = self.min_duration, self.max_duration
        if minimum is not None and maximum is not None and minimum >= maximum:
            raise ValueError("min_duration must be less than max_duration, or nothing fits")
        return self


class SummarySettings(Section):
    """``[libraries.NAME.summaries]``: synopsis, chapters and keywords beside each medium."""

    languages: tuple[WantedLanguage, ...] = Field(
        (),
        description='In which languages they are written; "original" is the language spoken. '
        "Empty: none are.",
    )
    files: tuple[Literal["summary.json", "chapters.vtt", "ffmeta"], ...] = Field(
        ("summary.json", "ffmeta"),
        min_length=1,
        description="What is written: Film.en.summary.json has all of it, Film.en.ffmeta the "
        "chapters for ffmpeg, Film.en.chapters.vtt those for web players; media servers take the "
        "last for a subtitle.",
    )
    translators: tuple[str, ...] = Field(
        (),
        description="Translators that write them, first choice first; they must follow "
        "instructions. Empty: those of the library that do.",
    )


class GlossarySettings(BaseModel):
    """``[glossary]``: names and terms that recognisers and translators are told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: tuple[ConfigPath, ...] = Field(
        (),
        description="Files of terms for all libraries: CSV, TSV, JSON or TBX. Those nearer to a "
        "medium come first.",
    )
    use_nfo: bool = Field(
        True,
        description="Take names from NFO files beside the media, or else from their paths.",
    )
    use_media_servers: bool = Field(
        False,
        description="Where no NFO file tells them, ask the library's media servers for titles and "
        "characters.",
    )
    max_hotword_chars: int = Field(
        300,
        ge=0,
        le=10_000,
        description="How much a recogniser is told, the nearest terms first. Whisper takes some "
        "600 at most and is the worse for long lists; Qwen takes thousands.",
    )


def _parse_destinations(value: object) -> object:
    return (value,) if isinstance(value, str) and value not in (LOCAL, "any") else value


AllowedDestinations = Annotated[
    Literal["local", "any"] | tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_parse_destinations),
]
"""``local``, ``any``, or the destinations that may receive sound and text."""


def is_destination_allowed(allowed: AllowedDestinations, destination: str) -> bool:
    """Whether something may be sent to a destination such as ``qwen:singapore``.

    ``qwen`` in a list allows all of qwen's regions; what is local is allowed everywhere.
    """
    if destination == LOCAL or allowed == "any":
        return True
    if allowed == "local":
        return False
    return destination in allowed or destination.partition(":")[0] in allowed


class BudgetSettings(BaseModel):
    """``[budgets.NAME]``: a cap that is never passed, however many work at the same time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Literal["day", "month"] = Field(
        "month", description="When it begins anew: each day or month, by the clock of this machine."
    )
    max_cost: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="The most that may be spent in a period."
    )
    currency: str = Field(
        "USD", pattern=r"^[A-Z]{3}$", description="What `max_cost` is in: USD, EUR, CNY ..."
    )
    max_audio_hours: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="The most hours of sound sent in a period."
    )
    libraries: tuple[str, ...] = Field((), description="Which libraries it is for. Empty: all.")
    components: tuple[str, ...] = Field(
        (), description="Which engines and translators it is for. Empty: all that send things away."
    )
    on_exhausted: Literal["wait", "fallback"] = Field(
        "wait",
        description="When it is spent: wait for the next period, or have the next engine or "
        "translator do it.",
    )

    @model_validator(mode="after")
    def _check_has_cap(self) -> BudgetSettings:
        if self.max_cost is None and self.max_audio_hours is None:
            raise ValueError("give max_cost, max_audio_hours or both")
        return self


class PriceSettings(BaseModel):
    """``[prices.NAME]``: what an engine or translator costs, where its plugin's table is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: float = Field(ge=0, allow_inf_nan=False, description="The price of one `per`.")
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="What `amount` is in.")
    per: Literal["hour", "million characters"] = Field(
        "hour", description="An hour of sound, or a million characters of text."
    )
