"""What all steps of one job share."""

from __future__ import annotations

from functools import cached_property

from subtitled.glossary.selection import Glossary, glossary_for, log_issues
from subtitled.plugin import TransientError
from subtitled.routing.table import RoutingTable, routing_for

from .job import Job, StepRunner
from .services import Services


class JobContext:
    """A job, the services it is run with, and what is worked out once for all of its steps."""

    def __init__(self, job: Job, services: Services, steps: StepRunner) -> None:
        self.job = job
        self.services = services
        self.steps = steps
        self._stat = job.media.stat() if job.media.exists() else None

    @cached_property
    def routes(self) -> RoutingTable:
        """What the library may use, for a file of unknown length."""
        return routing_for(self.services.config, self.job.library)

    @cached_property
    def glossary(self) -> Glossary:
        """The names and terms that hold for the media file."""
        glossary = glossary_for(self.job.media, self.job.library, self.services.config)
        log_issues(glossary.issues)
        return glossary

    def progress(self, what: str, share: float) -> None:
        """Say what is being done, and which share of it is done."""
        self.services.progress(self.job, what, share)

    def progress_chunk(self, what: str, number: int, total: int) -> None:
        """Say which chunk of so many is being done; ``number`` begins at 0."""
        self.progress(f"{what} {number + 1}/{total}", number / total)

    def ensure_unchanged(self) -> None:
        """A file replaced or gone during the work must not get the subtitles of the old one."""
        try:
            now = self.job.media.stat()
        except FileNotFoundError:
            now = None
        then = self._stat
        if (
            now is None
            or then is None
            or (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns)
        ):
            raise TransientError(
                f"{self.job.media.name!r} changed or went away while it was worked on",
                "It is taken up again when it has settled",
            )
