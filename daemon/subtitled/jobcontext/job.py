"""A job, its result, and the interface by which its steps run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from subtitled.config.settings import LibrarySettings
from subtitled.db.records import FileState
from subtitled.plugin import Language, SubtitledError, SubtitlePublished


class StepRunner(Protocol):
    """How steps run: durably in the daemon, directly in ``generate``."""

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """Return the JSON result of a function, from an earlier run of the step if there is one.

        Args:
            name: The name of the step, unique within the job.
            function: Does the work. It may run again after a crash.
        """

    def checkpoint(self, engine: str = "") -> None:
        """Wait or raise while work is paused.

        It is called between chunks, before ``engine`` is called.
        """


class InlineRunner:
    """Runs each step at once and stores nothing."""

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """Run the step and return its result."""
        return function()

    def checkpoint(self, engine: str = "") -> None:
        """Do nothing: nothing pauses these steps."""
        return


def _never() -> bool:
    return False


def _go_on() -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One version of one media file, and the settings of its library."""

    media: Path
    library: LibrarySettings
    fingerprint: str
    """The fingerprint of this version."""
    output_folder: Path | None = None
    """Where sidecars are written; by default beside the media file."""
    force: bool = False
    """Produce everything that the library wants and replace what exists."""
    user_requested: bool = False
    """Whether a person asked for this file. Its sidecars are never removed in favour of others."""
    spoken: Language | None = None
    """The language that a caller says is spoken; None: it is detected."""
    uses_stored_words_only: bool = False
    """Whether no engine transcribes. Words that are not stored are then an error."""
    previous_versions: tuple[str, ...] = ()
    """Fingerprints of possible earlier versions of the file, the likeliest first."""
    is_cancelled: Callable[[], bool] = field(default=_never, compare=False, repr=False)
    """Whether nobody wants the result any more. A running call of an engine is then ended."""
    must_make_room: Callable[[], bool] = field(default=_never, compare=False, repr=False)
    """Whether a film that somebody watches needs the place of the job at once."""
    make_room: Callable[[], None] = field(default=_go_on, compare=False, repr=False)
    """Ends the job by an exception if it must make room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """The result of a job."""

    state: FileState
    reason: str
    spoken: Language | None = None
    made: tuple[SubtitlePublished, ...] = ()
    deferred_error: SubtitledError | None = None
    """Why something has to be produced later although everything else was produced."""
