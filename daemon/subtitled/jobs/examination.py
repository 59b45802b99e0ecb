"""Examining media files: what a file has and needs now, and what the database keeps of that."""

from __future__ import annotations

import logging

from subtitled.db.overview import FileOverview
from subtitled.db.records import FINAL_STATES, FileRecord, FileState
from subtitled.glossary.metadata import find_metadata
from subtitled.jobcontext.job import JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.file_settings import settings_of_file
from subtitled.library.fingerprint import fingerprint_of
from subtitled.pipeline.overview import describe_overview
from subtitled.pipeline.planning import InspectionRequest, MediaReport, inspect_media
from subtitled.pipeline.source_correction import CorrectionRequests
from subtitled.plugin import MediaMetadata, SubtitledError
from subtitled.plugin.paths import display_path
from subtitled.policy.requirements import NOBODY_SPEAKS

from .probes_ahead import ProbesAhead

_log = logging.getLogger(__name__)


class Examiner:
    """Examines media files for the planner, and files whose coverage is not known yet."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._db = services.db
        self._libraries = services.config.settings.libraries
        self.probes = ProbesAhead(self._libraries)

    def inspect(self, record: FileRecord, fingerprint: str | None) -> MediaReport:
        """Return what a file has and needs.

        Raises:
            SubtitledError: The file or its folder cannot be read, or it has no audio track.
        """
        own = settings_of_file(
            self._services.config.settings, self._libraries[record.library], record.path
        )
        request = InspectionRequest(
            media=record.path,
            facts=self.probes.probe(record.library, record.path),
            library=own.library,
            fingerprint=fingerprint,
            stated_language=own.spoken,
            corrections=CorrectionRequests.read(self._db, record.path, fingerprint),
            upgrades=tuple(self._db.upgrades.requested(record.path)),
        )
        return inspect_media(
            request,
            self._services.config,
            self._services.store,
            self._db.sidecars,
            self._db.judgements,
        )

    def overview(self, record: FileRecord, report: MediaReport, silence: str = "") -> FileOverview:
        """Return what the database keeps of an inspected file.

        Args:
            record: The file.
            report: What the inspection found.
            silence: Why its job found nothing to write; "" if it did not.
        """
        library = self._libraries[record.library]
        metadata = find_metadata(record.path, library.path).metadata
        return describe_overview(
            report,
            describe_title(metadata),
            silence,
            year=metadata.year if metadata is not None else None,
            size=record.size,
        )

    def overview_now(
        self, record: FileRecord, result: JobResult | None = None
    ) -> FileOverview | None:
        """Examine a file again, as after its job.

        Args:
            record: The file.
            result: How its job ended; by default, what the record says of that.

        Returns:
            None if it cannot be examined now.
        """
        try:
            report = self.inspect(record, record.fingerprint)
            ended = result or record
            is_silent = ended.state is FileState.NO_SPEECH
            return self.overview(
                record, report, (ended.reason or NOBODY_SPEAKS) if is_silent else ""
            )
        except (OSError, SubtitledError) as error:
            _log.debug("%s cannot be examined: %s", display_path(record.path), error)
            return None

    def examine_pending(self, library: str, limit: int) -> int:
        """Examine files of an older version whose coverage is not known yet.

        Their states stay as they are. A file that cannot be read is left until it changes.

        Args:
            library: The name of the library.
            limit: How many files at most.

        Returns:
            How many files were looked at.
        """
        looked_at = 0
        for record in self._db.overview.unexamined(library, sorted(FINAL_STATES), limit):
            self._db.overview.store(record.id, library, self._examine_pending(record))
            looked_at += 1
        return looked_at

    def _examine_pending(self, record: FileRecord) -> FileOverview:
        try:
            if fingerprint_of(self._db, record.path) == record.fingerprint:
                overview = self.overview_now(record)
                if overview is not None:
                    return overview
        except OSError as error:
            _log.debug("%s cannot be read: %s", display_path(record.path), error)
        return NOTHING_KNOWN


NOTHING_KNOWN = FileOverview(duration=None, title="", coverage=(), requirements=())
"""The overview of a file that cannot be read."""


def describe_title(metadata: MediaMetadata | None) -> str:
    """Return the title of a film or episode, with its series and year; "" if there is none."""
    if metadata is None or not metadata.title:
        return ""
    series = f"{metadata.series}: " if metadata.series else ""
    year = f" ({metadata.year})" if metadata.year else ""
    return f"{series}{metadata.title}{year}"
