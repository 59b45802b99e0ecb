"""What callers send: numbers, names, filters and bodies, each within limits."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Header, Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from subtitled.daemon.answers.cursors import MAX_CURSOR_CHARACTERS
from subtitled.daemon.answers.file_list import MAX_PAGE_SIZE, PAGE_SIZE
from subtitled.db.file_list import FileFilter, FileSort
from subtitled.db.history import HistoryEvent
from subtitled.db.presence import Presence, SubtitleOrigin
from subtitled.db.records import FileState

from ..file_actions import FileAction

MAX_NUMBER = 2**53 - 1
"""The largest number that every reader of JSON knows exactly."""
MAX_IDS = 10_000
MAX_NAME = 200
MAX_PATH_CHARACTERS = 4096
MAX_TIME = 253402300799.0
"""The end of the year 9999, in seconds since 1970."""

FileNumber = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The number of a file.")]
SUBTITLE_PATTERN = r"^[1-9][0-9]{0,14}-[0-9a-f]{16}$"
SubtitleName = Annotated[
    str,
    Path(
        pattern=SUBTITLE_PATTERN,
        description="The `id` of an entry of `/files/{id}/subtitles`.",
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="A text of the caller's own. A repeated request with it is done once.",
    ),
]


def check_json_number(value: object) -> object:
    """Let only numbers pass. JSON writes a whole one as 5 or as 5.0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a whole number is needed")
    return value


JsonNumber = Annotated[int, Field(ge=1, le=MAX_NUMBER), BeforeValidator(check_json_number)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Kind = Literal["full", "forced", "sdh", "summary"]
Status = Literal["met", "nothing-to-write", "missing", "impossible", "removed"]


class Input(BaseModel):
    """What a caller sends. Unknown fields are refused, so that no misspelt one is overlooked."""

    model_config = ConfigDict(extra="forbid")


_EXAMINED = "Whether it is known what the file has and needs."


class FileSelection(Input):
    """Which files. What is left out does not limit."""

    library: Name | None = None
    state: Annotated[list[FileState], Field(max_length=len(FileState))] = []
    language: Name | None = Field(
        None, description="The language of a requirement, as BCP 47; `original` for the spoken one."
    )
    kind: Kind | None = Field(None, description="The kind of a requirement.")
    status: Status | None = Field(None, description="The status of that requirement.")
    search: str = Field("", max_length=500, description="A part of the path or the title.")
    examined: bool | None = Field(None, strict=True, description=_EXAMINED)
    has: Name | None = Field(
        None,
        description="The language of a subtitle that is there, as BCP 47; `und` if it is unknown.",
    )
    has_kind: Kind = Field("full", description="The kind of that subtitle.")
    has_origin: SubtitleOrigin = Field(
        SubtitleOrigin.OURS, description="Whose that subtitle is, as in `/coverage/origins`."
    )

    def to_filter(self) -> FileFilter:
        """Return the filter for the database."""
        return FileFilter(
            library=self.library,
            states=tuple(self.state),
            language=self.language,
            kind=self.kind,
            status=self.status,
            search=self.search.strip(),
            is_examined=self.examined,
            presence=Presence(self.has, self.has_kind, self.has_origin) if self.has else None,
        )


AFTER = Field(
    None,
    min_length=1,
    max_length=MAX_CURSOR_CHARACTERS,
    pattern=r"^[A-Za-z0-9_-]+$",
    description="The `next` of the page before.",
)
_Limit = Field(PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE, description="The most entries of a page.")


class FileQuery(FileSelection):
    """One page of the list of files."""

    examined: bool | None = Field(None, description=_EXAMINED)
    sort: FileSort = FileSort.PATH
    after: str | None = AFTER
    limit: int = _Limit
    count: bool = Field(False, description="Whether to count all files of the list, too.")


class QueueQuery(Input):
    """One page of the queue."""

    library: Name | None = None
    state: Annotated[list[FileState], Field(max_length=len(FileState))] = []
    after: str | None = AFTER
    limit: int = _Limit


class HistoryQuery(Input):
    """One page of the history."""

    file: int | None = Field(None, ge=1, le=MAX_NUMBER, description="The number of a file.")
    event: Annotated[list[HistoryEvent], Field(max_length=len(HistoryEvent))] = []
    library: Name | None = None
    actor: Name | None = None
    since: float | None = Field(None, ge=0, le=MAX_TIME, description="Seconds since 1970.")
    after: str | None = AFTER
    limit: int = _Limit


class EgressQuery(Input):
    """Which entries of the egress log."""

    since: float = Field(0.0, ge=0, le=MAX_TIME, description="Seconds since 1970.")
    library: Name | None = None
    limit: int = Field(1000, ge=1, le=10_000, description="The most entries, the newest ones.")


class FileActionBody(Input):
    """What to do with one file."""

    action: FileAction


class ActionByIds(Input):
    """What to do with some files."""

    action: FileAction
    ids: Annotated[
        list[JsonNumber],
        Field(min_length=1, max_length=MAX_IDS),
    ]


class ActionByFilter(Input):
    """What to do with all files of a list."""

    action: FileAction
    filter: FileSelection


class LookupBody(Input):
    """A path, to find the number of its file."""

    path: str = Field(min_length=1, max_length=MAX_PATH_CHARACTERS)


class PauseBody(Input):
    """What to pause."""

    library: Name | None = Field(None, description="A library; without it, all work.")
    seconds: float | None = Field(
        None,
        gt=0,
        le=366 * 86400,
        strict=True,
        description="How long; without it, until it is resumed.",
    )


class PauseQuery(Input):
    """Which pause ends."""

    library: Name | None = Field(None, description="A library; without it, the pause of all work.")


class ScanBody(Input):
    """What to scan."""

    library: Name | None = Field(None, description="A library; without it, all of them.")


class LogQuery(Input):
    """Which log lines."""

    level: Literal["debug", "info", "warning"] = Field(
        "debug", description="Lines of this severity and worse."
    )
    job: Name | None = Field(None, description="Only lines of this job.")
    search: str = Field("", max_length=500, description="A part of the line, in any case.")
    limit: int = Field(100, ge=1, le=2000, description="The most lines, the newest ones.")
