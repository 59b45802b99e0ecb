"""One job: a version of a media file, what is wanted of it, what became of it, and how its steps
are run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from subtitled.config.settings import LibrarySettings
from subtitled.db.records import FileState
from subtitled.plugin import Language, SubtitledError, SubtitlePublished


class StepRunner(Protocol):
    """How steps are run: durably by the daemon, directly by ``generate``."""

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """The function's JSON result, now or from an earlier run of the same job."""

    def checkpoint(self, engine: str = "") -> None:
        """A point between chunks at which the work may be paused; before ``engine`` is called."""


class InlineRunner:
    """Runs each step at once and stores nothing."""

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        return function()

    def checkpoint(self, engine: str = "") -> None:
        return


@dataclass(frozen=True, slots=True)
class Job:
    """One version of one media file, and what its library wants of it."""

    media: Path
    library: LibrarySettings
    fingerprint: str
    """The content identity of this version."""
    output_folder: Path | None = None
    """Where sidecars go; by default beside the media file."""
    force: bool = False
    """Make everything that is wanted, whatever exists, and replace it."""
    user_requested: bool = False
    """A person asked for this very file: what is made yields to nothing later."""
    previous_versions: tuple[str, ...] = ()
    """Fingerprints of what the file may be another version of, the likeliest first."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """What became of a job."""

    state: FileState
    reason: str
    spoken: Language | None = None
    made: tuple[SubtitlePublished, ...] = ()
    deferred_error: SubtitledError | None = None
    """Why something is left to be made later, when all that could be made now was."""
