"""What the steps of one job share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property

from subtitled.glossary.kept import KeptTerms
from subtitled.glossary.metadata import find_metadata
from subtitled.glossary.selection import Glossary, glossary_for, log_issues
from subtitled.plugin import MediaMetadata, Transcript, TransientError
from subtitled.routing.table import RoutingTable, routing_for

from .job import Job, StepRunner
from .services import Services
from .viewing import JobViewers


def describe_media(metadata: MediaMetadata | None) -> str:
    """Return one sentence that names a media file, its series and its year; "" without a title."""
    if metadata is None or not metadata.title:
        return ""
    is_titled = metadata.series not in ("", metadata.title)  # an episode may have no title
    series = f" of the series “{metadata.series}”" if is_titled else ""
    year = f" ({metadata.year})" if metadata.year else ""
    return " ".join(f"Subtitles of “{metadata.title}”{series}{year}.".split())


class JobContext:
    """A job with its services, its step runner, and values that are computed once for all steps."""

    def __init__(self, job: Job, services: Services, steps: StepRunner) -> None:
        self.job = job
        self.services = services
        self.steps = steps
        self.viewers = JobViewers(
            services.viewers, job.media, () if job.force else job.library.subtitle_while_playing
        )
        self.on_words: Callable[[Callable[[], Transcript]], None] | None = None
        """Is called when the words of a track have become more while somebody watches.

        It is given a function that returns them.
        """
        self.early_requests: dict[tuple[object, ...], Future[Transcript]] = {}
        """What engines were asked before its step: the words, or the error, by what was asked."""
        self._stat = job.media.stat() if job.media.exists() else None

    @cached_property
    def routes(self) -> RoutingTable:
        """The engines and translators that the library may use, for a file of unknown duration."""
        return routing_for(self.services.config, self.job.library)

    @cached_property
    def glossary(self) -> Glossary:
        """The glossary that applies to the media file."""
        media, services = self.job.media, self.services
        kept = KeptTerms(services.config, services.db).for_media(media, self.job.fingerprint)
        glossary = glossary_for(media, self.job.library, services.config, kept)
        log_issues(glossary.issues)
        return glossary

    @cached_property
    def description(self) -> str:
        """What the media file is, in one sentence for translators; empty if it is not known.

        It is empty too where the configuration does not let titles be used (``glossary.use_nfo``).
        """
        if not self.services.config.settings.glossary.use_nfo:
            return ""
        return describe_media(find_metadata(self.job.media, self.job.library.path).metadata)

    def progress(self, what: str, share: float) -> None:
        """Report what is being done, and the share of it that is done (0 to 1)."""
        self.services.progress(self.job, what, share)

    def progress_chunk(self, what: str, number: int, total: int, share: float = 0.0) -> None:
        """Report which of ``total`` chunks is being done.

        Args:
            what: What is being done.
            number: The number of the chunk, from 0 on.
            total: The number of chunks.
            share: How much of a chunk is done beyond those before this one.
        """
        self.progress(f"{what} {number + 1}/{total}", min((number + share) / total, 1.0))

    def ensure_unchanged(self) -> None:
        """Check that the file is the one of this job.

        Raises:
            TransientError: The file was replaced or removed. Its subtitles would be those of the
                old one.
        """
        try:
            current = self.job.media.stat()
        except FileNotFoundError:
            current = None
        before = self._stat
        if (
            current is None
            or before is None
            or (current.st_size, current.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
        ):
            raise TransientError(
                f"{self.job.media.name!r} changed or was removed during the job",
                "It is planned again when it is stable",
            )
