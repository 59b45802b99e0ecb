"""Operations: what a person does to a subtitle. Each is one step of undo.

An operation says what is meant, such as "shift these cues by a second". What it does to the cues is
computed by :mod:`.resolving`. Cues are named by their ids.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MAX_TIME = 359_999.999
"""Latest time of a cue in seconds. SubRip has two digits for the hours."""
MAX_LINES = 20
MAX_LINE_CHARACTERS = 1000
MAX_TEXT_CHARACTERS = MAX_LINES * MAX_LINE_CHARACTERS
MAX_CUES = 50_000
"""Most cues of a document, and of one operation."""
MAX_ID_CHARACTERS = 120
MAX_PARTS = 50_000
"""Most parts of a compound operation."""
MAX_SNAP_TIMES = 20_000

Seconds = Annotated[float, Field(ge=0.0, le=MAX_TIME, allow_inf_nan=False, strict=True)]
CueId = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARACTERS)]
CueIds = Annotated[tuple[CueId, ...], Field(min_length=1, max_length=MAX_CUES)]
SnapTimes = Annotated[tuple[Seconds, ...], Field(min_length=1, max_length=MAX_SNAP_TIMES)]
Line = Annotated[str, Field(max_length=MAX_LINE_CHARACTERS)]
Lines = Annotated[tuple[Line, ...], Field(max_length=MAX_LINES)]


class _Operation(BaseModel):
    """What all operations have."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SetText(_Operation):
    """Give a cue another text."""

    kind: Literal["text"] = "text"
    cue: CueId
    lines: Lines


class SetTimes(_Operation):
    """Give a cue other times."""

    kind: Literal["times"] = "times"
    cue: CueId
    start: Seconds
    end: Seconds


class Split(_Operation):
    """Split a cue in two. The second one is new."""

    kind: Literal["split"] = "split"
    cue: CueId
    at: Seconds | None = Field(
        None,
        description="When the second cue begins; by default when its first word is said, or in "
        "proportion to the texts if that is not known.",
    )
    first: Lines = Field(description="The text of the first cue.")
    second: Lines = Field(description="The text of the second cue.")


class Merge(_Operation):
    """Merge cues to one, which keeps the id of the first."""

    kind: Literal["merge"] = "merge"
    cues: Annotated[tuple[CueId, ...], Field(min_length=2, max_length=MAX_CUES)]


class Insert(_Operation):
    """Insert a new cue."""

    kind: Literal["insert"] = "insert"
    start: Seconds
    end: Seconds
    lines: Lines


class Delete(_Operation):
    """Delete cues."""

    kind: Literal["delete"] = "delete"
    cues: CueIds


class Shift(_Operation):
    """Shift all cues of a range, which by default is the whole subtitle."""

    kind: Literal["shift"] = "shift"
    seconds: Annotated[
        float, Field(ge=-MAX_TIME, le=MAX_TIME, allow_inf_nan=False, strict=True)
    ] = Field(description="By how much; negative for earlier.")
    first: CueId | None = None
    last: CueId | None = None


class Snap(_Operation):
    """Move the start and end of cues to the nearest of some times, such as shot changes."""

    kind: Literal["snap"] = "snap"
    cues: CueIds
    times: SnapTimes
    ends: SnapTimes | None = Field(
        None, description="The times for the ends of the cues; by default those for the starts."
    )
    max_distance: Annotated[float, Field(gt=0.0, le=10.0, allow_inf_nan=False, strict=True)] = (
        Field(0.5, description="Seconds beyond which an end of a cue stays where it is.")
    )


class Replace(_Operation):
    """Replace a text wherever it stands."""

    kind: Literal["replace"] = "replace"
    find: Annotated[str, Field(min_length=1, max_length=MAX_LINE_CHARACTERS)] = Field(
        description="A space also stands for the end of a line."
    )
    replacement: Line
    is_case_sensitive: bool = Field(True, strict=True)
    is_whole_word: bool = Field(True, strict=True)
    cues: CueIds | None = Field(None, description="Only in these cues.")


class TakeWords(_Operation):
    """Give a cue other words, such as those of another engine, with line breaks of our own."""

    kind: Literal["take"] = "take"
    cue: CueId
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS)]
    engine: Annotated[str, Field(max_length=MAX_ID_CHARACTERS)] = Field(
        "", description="Whose words they are, for the history."
    )


class BreakLines(_Operation):
    """Break the lines of cues as the segmentation does."""

    kind: Literal["break-lines"] = "break-lines"
    cues: CueIds


class Restore(_Operation):
    """Give cues back what they were in version 0.

    Cues that an operation made, and that lie in the time of a restored one, are deleted.
    """

    kind: Literal["restore"] = "restore"
    cues: CueIds


SimpleOperation = (
    SetText
    | SetTimes
    | Split
    | Merge
    | Insert
    | Delete
    | Shift
    | Snap
    | Replace
    | TakeWords
    | BreakLines
    | Restore
)


class Compound(_Operation):
    """Several operations, one after the other, as one step of undo."""

    kind: Literal["compound"] = "compound"
    parts: Annotated[
        tuple[Annotated[SimpleOperation, Field(discriminator="kind")], ...],
        Field(min_length=1, max_length=MAX_PARTS),
    ]


Operation = Annotated[SimpleOperation | Compound, Field(discriminator="kind")]

_ADAPTER: TypeAdapter[SimpleOperation | Compound] = TypeAdapter(Operation)


def to_json(operation: SimpleOperation | Compound) -> str:
    """Serialise an operation."""
    return operation.model_dump_json()


def from_json(text: str) -> SimpleOperation | Compound:
    """Parse what :func:`to_json` returned."""
    return _ADAPTER.validate_json(text)
