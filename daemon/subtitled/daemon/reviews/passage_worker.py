"""The thread that asks engines about passages of reviews, one at a time, before the library's jobs.

What waits is in the database. So a passage that the daemon was at work on when it ended is asked
about again, and a page sees how far each one is.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from functools import partial
from pathlib import Path

from subtitled.db.passages import PassageRecord
from subtitled.jobcontext.job import Job
from subtitled.jobs.gate import Blocked
from subtitled.jobs.log_context import current_job
from subtitled.jobs.runner import JobRunner
from subtitled.jobs.throttle_state import Throttle
from subtitled.library.paths import library_containing
from subtitled.media.clips import write_samples
from subtitled.media.errors import ShutdownRequested
from subtitled.plugin import SetupError, SubtitledError
from subtitled.polling import PollingWorker
from subtitled.transcription.passage import PassageRequest, transcribe_passage

from .media_source import SourceFinder, UnplayableMediaError, check_span, explained
from .open_review import load_review
from .passages import MAX_PASSAGE_SECONDS

_log = logging.getLogger(__name__)

THROTTLE_RULE = "review passage"
POLL_SECONDS = 2.0
"""Seconds between two looks at what was asked. A person waits for it."""
_STOPPING = "the daemon stops"


class PassageWorker(PollingWorker):
    """The thread."""

    def __init__(self, runner: JobRunner) -> None:
        """Create the thread without starting it.

        Args:
            runner: The runner of the daemon's jobs, whose engines and rules are used.
        """
        super().__init__("review passages")
        self._services = runner.services
        self._gate = runner.gate
        self._throttles = runner.throttles
        self._active_jobs = runner.active_jobs
        self._held = set[str]()  # what waits for a throttle
        self._finder = SourceFinder(self._services.config, self._services.db)

    def tick(self) -> float:
        """Ask about what waits."""
        unfinished = self._services.db.passages.unfinished()
        for name in self._held - {_name_of(passage) for passage in unfinished}:
            self._release(name)
        for passage in unfinished:
            if self.is_stopping:
                break
            self._run(passage)
        return POLL_SECONDS

    def _run(self, passage: PassageRecord) -> None:
        """Ask about one passage. Whatever is wrong with it, the next one follows."""
        passages, name = self._services.db.passages, _name_of(passage)
        current_job.set(name)
        is_held = False
        try:
            is_held = self._ask(passage, name)
        except ShutdownRequested:
            passages.set_waiting(passage.id, _STOPPING)
        except SubtitledError as error:
            if self.is_stopping:  # The call was cancelled, or its process ended.
                passages.set_waiting(passage.id, _STOPPING)
                return
            _log.warning("%s of %s: %s", name, passage.engine, error)
            passages.fail(passage.id, error.message, error.hint)
        except Exception as error:  # noqa: BLE001 - one passage must not end the others
            _log.exception("%s of %s: unexpected error", name, passage.engine)
            passages.fail(
                passage.id, f"unexpected error: {type(error).__name__}", "See the log of the daemon"
            )
        finally:
            current_job.set("")
            if not is_held:
                self._release(name)

    def _release(self, name: str) -> None:
        self._held.discard(name)
        self._active_jobs.discard(name)

    def _ask(self, passage: PassageRecord, name: str) -> bool:
        """Ask about a passage, unless it has to wait. Return whether a throttle holds it."""
        services = self._services
        record = services.db.reviews.get(passage.review_id)
        if record is not None and record.path is not None:
            # The cues are not read: it may wait for days, and is looked at every few seconds.
            blocked = self._find_block(passage, record.path)
            if blocked is not None:
                is_held = blocked.reason == self._throttles.first_reason(record.path)
                if is_held:  # playback and load are looked at only while there is work
                    self._held.add(name)
                    self._active_jobs.add(name)
                return is_held
        review = load_review(services.config, services.db, passage.review_id)
        path = review.file.path
        if passage.engine not in services.config.engines:
            raise SetupError(
                f"there is no engine {passage.engine!r} any more",
                f"Write the section [engines.{passage.engine}] again, or ask another engine",
            )
        source = self._finder.find(passage.review_id)
        if not source.cut.tracks:
            raise UnplayableMediaError("the media file has no sound", "Review the text without it")
        span = check_span(source, passage.span.start, passage.span.end, MAX_PASSAGE_SECONDS)
        wanted = PassageRequest(
            engine=passage.engine,
            language=review.record.language,
            track=source.cut.tracks[0].index,
            span=span,
        )
        job = Job(
            media=path,
            library=review.library,
            fingerprint=review.record.fingerprint or f"review-{passage.review_id}",
            user_requested=True,
            spoken=review.record.language,
            is_cancelled=lambda: self.is_stopping,
        )
        services.db.passages.set_running(passage.id)
        # The jobs of libraries wait between two chunks meanwhile.
        throttle = Throttle(
            "a person waits for a passage of a review", is_immediate=False, is_routine=True
        )
        folder = Path(tempfile.mkdtemp(prefix="passage-", dir=services.scratch))
        self._active_jobs.add(name)
        try:
            self._throttles.put(THROTTLE_RULE, throttle)
            with explained(path):
                variant, words = transcribe_passage(
                    job, services, wanted, partial(write_samples, source.cut, span), folder
                )
        finally:
            self._throttles.put(THROTTLE_RULE, None)
            shutil.rmtree(folder, ignore_errors=True)
        services.db.passages.finish(passage.id, variant, words)
        _log.info("%s of %s: %d words", name, passage.engine, len(words))
        return False

    def _find_block(self, passage: PassageRecord, path: Path) -> Blocked | None:
        """Return why a passage has to wait, and record that; None if it need not."""
        library = library_containing(path, self._services.config.settings.libraries) or ""
        blocked = self._gate.blocked_for_job(library, (passage.engine,), path, keeps_hours=False)
        if blocked is not None and blocked.reason != passage.reason:
            self._services.db.passages.set_waiting(passage.id, blocked.reason)
        return blocked


def _name_of(passage: PassageRecord) -> str:
    """Return what a passage is called in the log and among the active jobs."""
    return f"passage {passage.id}"
