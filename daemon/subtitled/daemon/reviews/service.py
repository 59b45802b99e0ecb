"""The service of reviews: opening, judging and exporting them, and who has one, besides editing."""

from __future__ import annotations

import time

from subtitled.db.actors import Actor
from subtitled.db.operations import CueVerdict
from subtitled.db.records import FileRecord
from subtitled.db.review_records import HOLD_SECONDS, ReviewRecord
from subtitled.plugin import Language, Subtitle, SubtitleKind
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.review.changes import Conflict, CueConflict

from .editing import ReviewEditor
from .errors import ChangedMeanwhileError, ReviewNotFoundError, ReviewTakenError
from .open_review import OpenReview, find_sidecar
from .versions import VersionTag, check_tag, other_subtitle


class ReviewService(ReviewEditor):
    """Opens, edits, judges and exports reviews. Threads may share it."""

    def open(self, file: FileRecord, language: Language, kind: SubtitleKind) -> ReviewRecord:
        """Return the review of a published subtitle. It is opened if there is none.

        Raises:
            ReviewNotFoundError: We published no such subtitle.
            UnreadableSidecarError: It cannot be read.
        """
        find_sidecar(self.db, file, language, kind)
        return self.load(self.db.reviews.open(file.id, language, kind)).record

    def set_verdict(self, review_id: int, verdict: CueVerdict, made_on: VersionTag) -> OpenReview:
        """Store what a person says of a cue, as they saw it.

        Raises:
            ReviewError: The cue does not exist, or is another one meanwhile.
        """
        review = self._load_for_cue(review_id, verdict.cue, made_on)
        if not self.db.operations.set_verdict(review_id, verdict, review.unstored_base):
            raise other_subtitle()
        return review

    def delete_verdict(self, review_id: int, cue: str, made_on: VersionTag) -> bool:
        """Take a verdict back, and return whether there was one.

        Raises:
            ReviewError: The cue does not exist, or is another one meanwhile.
        """
        self._load_for_cue(review_id, cue, made_on)
        return self.db.operations.delete_verdict(review_id, cue)

    def take(self, review_id: int, actor: Actor) -> ReviewRecord:
        """Record that a person works on a review, so that others choose another one.

        Others may still edit it.

        Raises:
            ReviewTakenError: Somebody else has it.
        """
        now = time.time()
        is_taken = self.db.reviews.take(review_id, actor, now + HOLD_SECONDS, now)
        record = self.db.reviews.get(review_id)
        if record is None:
            raise ReviewNotFoundError("there is no such review", "Take its number from the list")
        if not is_taken:
            minutes = max(1, round(((record.held_until or now) - now) / 60))
            raise ReviewTakenError(
                f"{record.holder} has this review for {minutes} minutes more",
                "Take another one, or edit it too: edits of different cues are all kept",
            )
        return record

    def release(self, review_id: int, actor: Actor) -> bool:
        """Record that a person has finished with a review; False if they did not have it."""
        return self.db.reviews.release(review_id, actor)

    def export(self, review_id: int, fmt: str) -> bytes:
        """Render the current version as a subtitle file.

        Raises:
            ReviewNotFoundError: There is no such review.
            InputRejectedError: There is no such format, or a cue has no possible times.
        """
        review = self.load(review_id)
        return render_subtitle(
            Subtitle(
                language=review.record.language,
                cues=review.document.to_cues(),
                kind=review.record.kind,
                title=review.file.path.stem,
            ),
            fmt,
        )

    def _load_for_cue(self, review_id: int, cue: str, made_on: VersionTag) -> OpenReview:
        """Return a review in which a cue is as a person saw it."""
        review = self.load(review_id)
        check_tag(review, made_on)
        seen = review.document_at(made_on.version).by_id.get(cue)
        now = review.document.by_id.get(cue)
        if seen is None:
            raise ReviewNotFoundError(
                f"there is no cue {cue!r} in version {made_on.version}", "Read the review again"
            )
        if seen != now:
            conflict = CueConflict(cue=cue, base=seen, mine=seen, theirs=now)
            raise ChangedMeanwhileError(Conflict(review.version, (conflict,)))
        return review
