"""The shapes of requests and answers about reviews."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Header, Path
from pydantic import Field

from subtitled.daemon.answers.reviews import MAX_PAGE_SIZE, PAGE_SIZE
from subtitled.db.operations import ErrorCategory, ErrorSeverity, Verdict
from subtitled.db.review_records import ReviewStatus
from subtitled.plugin import SubtitleKind
from subtitled.subtitles.review.operations import MAX_ID_CHARACTERS, Operation

from .models import Output
from .parameters import AFTER, MAX_NUMBER, Input, JsonNumber, Name

MAX_NOTE = 2000

ReviewNumber = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The number of a review.")]
CueName = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9._-]+$", max_length=MAX_ID_CHARACTERS, description="The id of a cue."
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The `etag` of the version that the person saw, with its quotation marks.",
    ),
]
OperationId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="A new id, such as a UUID. What is sent again with it is applied once.",
    ),
]


class ReviewQuery(Input):
    """One page of the queue of reviews."""

    status: ReviewStatus = ReviewStatus.OPEN
    library: Name | None = None
    language: Name | None = Field(None, description="As BCP 47.")
    kind: SubtitleKind | None = None
    holder: Name | None = Field(None, description="Who took the review.")
    file: int | None = Field(None, ge=1, le=MAX_NUMBER, description="The number of a file.")
    after: str | None = AFTER
    limit: int = Field(PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE, description="The most entries of a page.")
    count: bool = Field(False, description="Whether to count all reviews of the list, too.")


class LogQuery(Input):
    """Which operations of a review."""

    since: int = Field(0, ge=0, le=MAX_NUMBER, description="Only those after this version.")
    limit: int = Field(200, ge=1, le=1000, description="The most operations, the oldest first.")


class ReviewTextQuery(Input):
    """How the text of a review is wanted."""

    format: Literal["srt", "vtt", "ass", "ttml", "lrc", "json", "txt"] = "srt"


class OperationBody(Input):
    """An edit."""

    id: OperationId
    operation: Operation


class UndoBody(Input):
    """Which operation to undo."""

    id: OperationId
    version: JsonNumber | None = Field(
        None, description="The version that it made; by default the person's last one."
    )


class RedoBody(Input):
    """A redo."""

    id: OperationId


class VerdictBody(Input):
    """What a person says of a cue."""

    verdict: Verdict
    category: ErrorCategory | None = None
    severity: ErrorSeverity | None = None
    note: str = Field("", max_length=MAX_NOTE)


class ApproveBody(Input):
    """What the person accepts."""

    accept_warnings: bool = Field(
        False, strict=True, description="Errors bar approval all the same."
    )
    replaces_sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="The `theirs_sha256` of a file of another program that they saw and replace.",
    )


class ReviewEntry(Output):
    """A review, without its cues."""

    id: int
    file_id: int | None
    path: str | None
    library: str | None
    title: str
    language: str
    kind: str
    status: str
    expected_errors: float = Field(description="The expected number of wrong cues.")
    flagged: int = Field(description="How many cues are to be looked at.")
    cue_count: int
    version: int = Field(description="How many operations there are.")
    holder: str | None
    held_until: float | None
    approved_by: str | None
    approved_at: float | None
    approved_version: int | None
    updated_at: float


class ListedReviewEntry(ReviewEntry):
    """A review of the queue."""

    verdict_count: int
    is_source_corrected: bool = Field(
        description="Whether a person corrected the text that it was translated from."
    )


class ReviewPageAnswer(Output):
    """One page of the queue."""

    items: list[ListedReviewEntry]
    next: str | None
    count: int | None = None


class CueContent(Output):
    """The content of a cue."""

    id: str
    start: float
    end: float
    lines: list[str]


class VerdictEntry(Output):
    """What a person said of a cue."""

    cue: str
    verdict: str
    category: str | None
    severity: str | None
    note: str
    actor: str
    at: float


class CueEntry(CueContent):
    """A cue of a review."""

    is_changed: bool
    is_reworked: bool = Field(
        description="Whether its text or its length was changed, or it is new. A shift is neither."
    )
    duration: float
    cps: float
    line_length: float
    gap: float | None = Field(description="Seconds to the next cue.")
    probability: float | None = Field(description="How likely it is wrong, 0 to 1.")
    reasons: list[Any]
    verdict: VerdictEntry | None


class FindingEntry(Output):
    """A cue that violates a rule."""

    cue: str
    rule: str
    severity: Literal["error", "warning", "advice"]
    detail: str = Field(description="The value that violates the rule, with its unit.")
    text: str = Field(description="What is wrong, such as `too short: 0.400 s`.")


class SecondReaderEntry(Output):
    """What the library wants of the person who approves."""

    is_wanted: bool = Field(
        description="Whether somebody has to approve it who did not edit it (`second_reader`)."
    )
    editors: list[str] = Field(description="Whose edits nobody else has approved.")
    is_open_to_actor: bool = Field(description="Whether the caller may approve it.")


class ReviewDetails(ListedReviewEntry):
    """A review with its cues."""

    etag: str
    format: str
    base_sha256: str
    is_estimated: bool
    is_translation: bool
    rules: dict[str, float]
    cues: list[CueEntry]
    findings: list[FindingEntry]
    elsewhere: list[Any] = Field(description="What was noticed where no cue is.")
    second_reader: SecondReaderEntry
    undo: int | None = Field(description="The version that an undo of the caller reverts.")
    redo: int | None


class CueChangeEntry(Output):
    """What an operation did to a cue."""

    cue: str
    before: CueContent | None
    after: CueContent | None


class OperationEntry(Output):
    """An operation of the log."""

    version: int
    id: str
    at: float
    actor: str
    kind: str
    made_on: int
    reverts: int | None
    cues: list[CueChangeEntry]


class OperationList(Output):
    """Operations, the oldest first."""

    items: list[OperationEntry]
    version: int = Field(description="The current version.")


class EditAnswer(Output):
    """An edit that is kept."""

    version: int
    etag: str
    is_repeated: bool
    operation: OperationEntry | None = Field(description="None if everything was so already.")
    cues: list[CueEntry] = Field(description="The changed cues and their neighbours, as they are.")
    deleted: list[str]
    findings: list[FindingEntry] = Field(description="Those of `cues`.")
    undo: int | None
    redo: int | None


class ApprovalAnswer(Output):
    """An approved subtitle."""

    paths: list[str] = Field(description="The sidecars that were written.")
    sha256: str
    at: float
    kept: list[str] = Field(description="Why files of other formats were left as they are.")
    terms: list[dict[str, Any]] = Field(
        description="Terms that the corrections suggest, as in `/reviews/{id}/terms`."
    )
    etag: str
