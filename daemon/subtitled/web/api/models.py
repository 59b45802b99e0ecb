"""The shapes of answers, for the description of the API. More fields may be added to any of them.

Times are seconds since 1970; languages are BCP 47.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Output(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="allow")


class CoverageEntry(Output):
    """A subtitle or summary that a file has."""

    language: str | None
    secondary: str | None
    kind: str
    format: str
    origin: str
    location: str
    ownership: str
    is_text: bool
    problem: str


class SubtitleEntry(CoverageEntry):
    """A subtitle of a file, with the name by which its text is asked for."""

    id: str
    is_readable: bool = Field(description="Whether `/subtitles/{id}/text` has its text.")


class RequirementEntry(Output):
    """A subtitle or summary that the library wants of a file."""

    language: str | None
    secondary: str | None
    kind: str
    status: str
    reason: str


class FileEntry(Output):
    """A media file."""

    id: int
    path: str = Field(description="With U+FFFD for bytes that are no UTF-8.")
    path_raw: str | None = Field(
        None, description="The bytes of the path as base64url, if they are no UTF-8."
    )
    library: str
    title: str
    state: str
    reason: str
    hint: str
    progress: str
    progress_share: float | None
    spoken_language: str | None
    duration: float | None
    attempts: int
    priority: int
    job: str | None
    worker: str | None
    next_check_at: float | None
    missing_since: float | None
    updated_at: float
    examined_at: float | None


class FileWithOverview(FileEntry):
    """A media file with what it has and needs."""

    coverage: list[CoverageEntry]
    requirements: list[RequirementEntry]


class HistoryItem(Output):
    """Something that happened."""

    id: int
    at: float
    event: str
    path: str | None
    file_id: int | None
    library: str | None
    actor: str
    worker: str
    job_id: str
    reason: str
    details: dict[str, Any]


class FileDetails(FileWithOverview):
    """All that the database knows of a file."""

    sidecars: list[dict[str, Any]]
    subtitle_checks: list[dict[str, Any]] = Field(
        description="Whether the times of other people's subtitles are those of the speech, as "
        "`subtitled check` found."
    )
    server_deliveries: list[str]
    history: list[HistoryItem]


class Look(Output):
    """What a look at a file tells."""

    path: str
    error: str | None = Field(None, description="Why the file cannot be looked at.")


class FilePageAnswer(Output):
    """One page of a list of files."""

    items: list[FileWithOverview]
    next: str | None
    count: int | None = Field(None, description="How many files the whole list has, if asked.")


class SubtitleList(Output):
    """The subtitles of a file."""

    items: list[SubtitleEntry]


class HistoryPageAnswer(Output):
    """One page of the history, the newest first."""

    items: list[HistoryItem]
    next: str | None


class PauseEntry(Output):
    """A pause of a library, or of all work (an empty name)."""

    library: str
    until: float | None


class StatusAnswer(Output):
    """What `subtitled status --json` says."""

    running: bool
    paused: bool
    pauses: list[PauseEntry]
    files: dict[str, int]
    active_jobs: list[dict[str, Any]]
    workers: list[dict[str, Any]]
    reasons: list[str]
    upcoming: list[dict[str, Any]]
    backlog: dict[str, Any] | None
    engines: dict[str, Any]
    servers: dict[str, Any]
    notifiers: dict[str, Any]


class NowAnswer(Output):
    """What the daemon does now, why it waits, what comes next, and what is wrong."""

    running: bool
    paused: bool
    pauses: list[PauseEntry]
    jobs: list[dict[str, Any]]
    reasons: list[str]
    upcoming: list[dict[str, Any]]
    backlog: dict[str, Any] | None
    newest: list[HistoryItem]
    files: dict[str, int]
    problems: list[dict[str, Any]]


class LibraryEntry(Output):
    """A configured library."""

    name: str
    path: str
    languages: list[str]


class LibraryList(Output):
    """The libraries."""

    items: list[LibraryEntry]


class CoverageAnswerModel(Output):
    """Coverage by library, language and kind."""

    libraries: list[dict[str, Any]]


class EgressAnswer(Output):
    """What left this machine."""

    entries: list[dict[str, Any]]
    budgets: list[dict[str, Any]]


class PlanAnswerModel(Output):
    """What would be made, and what it would cost at most."""

    files: list[dict[str, Any]] | int = Field(
        description="The files with what each needs; their number in a summary."
    )
    hours: float = Field(description="Hours of audio of the files that need something.")
    work_hours: float | None = Field(description="Hours of work; null if not known.")
    money: dict[str, float] = Field(description="The price by currency.")


class PlanSummaryModel(Output):
    """What is still to be made, by what the daemon found when it examined the files."""

    files: int
    unexamined: int = Field(description="Files of which it is not known yet what they need.")
    lacking: int = Field(description="Files that lack something.")
    hours: float = Field(description="Hours of audio of those, as far as it is known.")
    work_seconds: dict[str, float] | None = Field(
        description="Work of one process, from `low` to `high`; null if it is not known yet."
    )
    libraries: list[dict[str, Any]] = Field(description="The same by library.")
    wanted: list[dict[str, Any]] = Field(description="Files by library, subtitle and year.")


class HealthAnswer(Output):
    """The health of the daemon."""

    status: Literal["ok", "degraded"]
    problems: list[str]
    engines: list[dict[str, Any]]
    servers: list[dict[str, Any]]
    workers: list[dict[str, Any]]


class DoctorAnswer(Output):
    """The results of all checks."""

    ok: bool
    items: list[dict[str, Any]]


class Accepted(Output):
    """What was asked of the daemon."""

    accepted: int = Field(description="For how many files the daemon was asked.")
    skipped: int = Field(description="Files for which there is nothing to do.")
    unknown: int = Field(description="Numbers of no file.")


class UndoneSidecar(Output):
    """What became of a sidecar."""

    path: str
    outcome: str


class UndoAnswerModel(Output):
    """What became of the sidecars of a file."""

    items: list[UndoneSidecar]
    restored: bool = Field(description="Whether they were restored; otherwise they were removed.")


class LogEntry(Output):
    """A log line of the daemon, without secrets."""

    number: int = Field(description="Later lines have higher numbers.")
    at: float
    level: str
    message: str
    job: str = Field(description="The job that it belongs to, or an empty text.")


class LogAnswerModel(Output):
    """The last log lines of the daemon, the newest first."""

    lines: list[LogEntry]


class PresentEntry(Output):
    """How many files have a subtitle of a language and kind, by whose it is."""

    language: str = Field(description="BCP 47; `und` if it is unknown.")
    kind: str
    files: dict[str, int] = Field(description="By `ours`, `approved`, `others` and `embedded`.")


class OriginsAnswer(Output):
    """Whose the subtitles of a library are, wanted or not."""

    items: list[PresentEntry]


class Done(Output):
    """Whether anything was changed."""

    changed: bool


class SettingEntry(Output):
    """A setting in force. A secret is where it comes from."""

    key: str = Field(description="As in TOML, such as `libraries.films.path`.")
    value: Any
    line: int | None = Field(description="The line of the file that sets it; null for a default.")


class ConfigurationAnswer(Output):
    """The settings in force, and what is wrong in their file."""

    file: str | None
    values: list[SettingEntry]
    issues: list[dict[str, Any]]
    warnings: list[str]
    changed: bool = Field(description="Whether the file says something else than is in force.")
