"""The shapes of answers about single cues of a review: words, alternatives, shot changes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from subtitled.subtitles.review.operations import Operation

from .models import Output
from .parameters import Input
from .review_models import CueChangeEntry, CueEntry, FindingEntry


class ListedCue(Output):
    """A cue of the list."""

    id: str
    start: float
    end: float
    text: str = Field(description="Its lines, separated by newlines.")
    doubt: float | None = Field(
        description="How likely it is wrong, 0 to 1; null if that is unknown or it was corrected."
    )
    verdict: Literal["right", "wrong"] | None
    changed: bool
    reworked: bool = Field(description="Whether its text or its length was changed, or it is new.")
    findings: list[list[str]] = Field(description="Rule and severity of each.")


class CueWays(Output):
    """The cues of two ways through a review, by their ids. The third way is all cues in order."""

    worst: list[str]
    spot: list[str]


class CueList(Output):
    """All cues of a review, as a list shows them."""

    version: int
    etag: str = Field(description="For `If-Match`. The header `ETag` is that of this answer.")
    status: str
    is_estimated: bool
    flagged_from: float = Field(description="The `doubt` from which a cue is to be looked at.")
    cues: list[ListedCue]
    ways: CueWays
    gaps: list[dict[str, Any]] = Field(description="Speech without a cue.")
    undo: int | None
    redo: int | None


class WordEntry(Output):
    """A word as it was recognised."""

    text: str
    start: float
    end: float
    confidence: float | None = Field(description="The probability that it is right, 0 to 1.")
    is_estimated: bool = Field(description="Whether its times are estimated.")


class RecognisedWordsEntry(Output):
    """The words that a text was made of."""

    language: str | None = Field(description="The language spoken.")
    engine: str | None = Field(description="Null if no transcript is stored.")
    variant: str | None
    words: list[WordEntry]


class WindowWords(RecognisedWordsEntry):
    """The words of a span."""

    start: float
    end: float


class AlternativeEntry(Output):
    """What another engine understood in a cue."""

    number: int = Field(description="The same for this engine in all cues, from 1 to 9.")
    engine: str
    variant: str
    text: str
    lines: list[str] = Field(description="The text in lines as the operation `take` makes them.")
    words: list[WordEntry]


class SourceCue(Output):
    """A cue in the language spoken."""

    start: float
    end: float
    text: str


class SourceEntry(Output):
    """The text in the language spoken, beside a translation."""

    language: str
    cues: list[SourceCue]


class CueDetails(Output):
    """One cue with all that is known of it."""

    version: int
    etag: str
    number: int = Field(description="Its place, from 1.")
    cue_count: int
    cue: CueEntry
    findings: list[FindingEntry]
    words: RecognisedWordsEntry
    alternatives: list[AlternativeEntry]
    source: SourceEntry | None


class ShotsAnswer(Output):
    """The shot changes of a span."""

    start: float
    end: float
    frame_rate: float | None
    shots: list[float] = Field(description="When each shot begins.")
    ends: list[float] = Field(description="Where a cue ends that ends before each of `shots`.")


class PreviewBody(Input):
    """An edit that is not kept."""

    operation: Operation


class PreviewAnswer(Output):
    """What an edit would do."""

    version: int
    etag: str
    cue_count: int = Field(description="How many cues it would change.")
    match_count: int | None = Field(description="How often a `replace` finds its text.")
    changes: list[CueChangeEntry] = Field(description="The first hundred.")
    cues: list[CueEntry] = Field(description="Those cues as they would be.")
    findings: list[FindingEntry] = Field(description="Those of `cues`.")
