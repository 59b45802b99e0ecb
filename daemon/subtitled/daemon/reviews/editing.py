"""Editing the cues of a review.

An edit is made on the version that its person saw. If others edited since, it is applied to the
current version as long as the cues that it touches are as they were. Otherwise nothing is written,
and the error holds both versions of each cue.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from subtitled.config.load import Configuration
from subtitled.db.actors import Actor
from subtitled.db.database import Database
from subtitled.db.operations import NewOperation, StoredOperation
from subtitled.db.review_records import HOLD_SECONDS, ReviewStatus
from subtitled.plugin import TransientError
from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.changes import Change, Conflict, apply_change, invert
from subtitled.subtitles.review.document import Document
from subtitled.subtitles.review.encoding import encode_change
from subtitled.subtitles.review.resolving import InvalidOperationError, resolve_operation
from subtitled.subtitles.review.undoing import (
    REDO,
    UNDO,
    LoggedOperation,
    UndoStacks,
    find_undo_stacks,
)

from .errors import (
    ChangedMeanwhileError,
    NothingToRevertError,
    OperationIdUsedError,
    ReviewLockedError,
)
from .estimates import EstimateReader
from .open_review import OpenReview, load_review
from .versions import VersionTag, check_tag
from .words import WordReader

_MAX_ATTEMPTS = 50
"""How often an edit is tried while others store theirs."""
_MAX_RECENT = 8
"""Reviews that are kept in memory."""


@dataclass(frozen=True, slots=True)
class EditResult:
    """An edit that is stored, and the review after it."""

    review: OpenReview
    operation: StoredOperation | None
    """None if everything was so already. Then nothing was stored."""
    is_repeated: bool = False
    """Whether it was stored when it was sent before."""


class ReviewEditor:
    """Loads reviews, and applies edits. Threads may share it.

    The reviews that were used last are kept in memory, so that the next edit reads only what was
    added since.
    """

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self.configuration = configuration
        self.db = db
        self.words = WordReader(configuration, db)
        self.estimates = EstimateReader(db)
        self._lock = threading.Lock()
        self._recent: dict[int, OpenReview] = {}

    def load(self, review_id: int) -> OpenReview:
        """Return a review as it is now.

        Raises:
            ReviewNotFoundError: There is none, or its file or sidecar is gone.
            UnreadableSidecarError: Its sidecar cannot be read.
        """
        with self._lock:
            known = self._recent.get(review_id)
        review = load_review(self.configuration, self.db, review_id, known)
        with self._lock:
            self._recent.pop(review_id, None)
            self._recent[review_id] = review
            while len(self._recent) > _MAX_RECENT:
                del self._recent[next(iter(self._recent))]
        return review

    def edit(
        self,
        review_id: int,
        operation_id: str,
        operation: ops.SimpleOperation | ops.Compound,
        made_on: VersionTag,
        actor: Actor,
    ) -> EditResult:
        """Apply an operation, and store it. One that was stored before is not applied again.

        Args:
            review_id: The review.
            operation_id: An id that the person's program made for this operation.
            operation: The operation.
            made_on: The version that the person saw.
            actor: The person.

        Raises:
            ReviewError: It cannot be applied; the error says why.
            InvalidOperationError: It does not fit the version that it was made on.
        """

        def resolve(review: OpenReview) -> tuple[Change, int | None]:
            return self.resolve(review, operation, operation_id, made_on), None

        new = _new_operation(operation_id, actor, made_on, operation.kind, ops.to_json(operation))
        return self._store(review_id, new, made_on, resolve)

    def resolve(
        self,
        review: OpenReview,
        operation: ops.SimpleOperation | ops.Compound,
        operation_id: str,
        made_on: VersionTag,
    ) -> Change:
        """Return what an operation does to the cues of the version that its person saw.

        Raises:
            InvalidOperationError: It does not fit that version.
        """
        context = replace(review.context, find_words=partial(self.words.find_spoken, review))
        seen = review.document_at(made_on.version)
        return resolve_operation(seen, operation, operation_id, context)

    def undo(
        self,
        review_id: int,
        operation_id: str,
        made_on: VersionTag,
        actor: Actor,
        version: int | None = None,
    ) -> EditResult:
        """Undo the last operation of a person, or that which made a version.

        Raises:
            NothingToRevertError: There is none of theirs.
            ReviewError: It cannot be undone; the error says why.
        """
        return self._revert(
            (review_id, operation_id, made_on, actor), UNDO, lambda stacks: stacks.undo, version
        )

    def redo(
        self, review_id: int, operation_id: str, made_on: VersionTag, actor: Actor
    ) -> EditResult:
        """Redo what a person undid last.

        Raises:
            NothingToRevertError: They undid nothing since their last edit.
            ReviewError: It cannot be redone; the error says why.
        """
        return self._revert(
            (review_id, operation_id, made_on, actor), REDO, lambda stacks: stacks.redo, None
        )

    def undo_stacks(self, review: OpenReview, actor: Actor) -> UndoStacks:
        """Return what a person may undo and redo."""
        return find_undo_stacks((_logged(one, actor) for one in review.log), actor.person)

    def _revert(
        self,
        request: tuple[int, str, VersionTag, Actor],
        kind: str,
        choose: Callable[[UndoStacks], tuple[int, ...]],
        version: int | None,
    ) -> EditResult:
        review_id, operation_id, made_on, actor = request

        def resolve(review: OpenReview) -> tuple[Change, int | None]:
            stack = choose(self.undo_stacks(review, actor))
            if not stack or (version is not None and version not in stack):
                raise NothingToRevertError(
                    f"there is nothing of yours to {kind}",
                    "Everybody undoes only their own edits",
                )
            reverted = stack[-1] if version is None else version
            return invert(review.changes[reverted - 1]), reverted

        meant = json.dumps({"kind": kind, "version": version})
        return self._store(
            review_id, _new_operation(operation_id, actor, made_on, kind, meant), made_on, resolve
        )

    def _store(
        self,
        review_id: int,
        new: NewOperation,
        made_on: VersionTag,
        resolve: Callable[[OpenReview], tuple[Change, int | None]],
    ) -> EditResult:
        """Apply and store an operation. It is tried again while others store theirs."""
        for _ in range(_MAX_ATTEMPTS):
            review = self.load(review_id)
            stored = next((one for one in review.log if one.operation_id == new.operation_id), None)
            if stored is not None:
                return _repeated(review, stored, new)
            check_tag(review, made_on)
            if review.record.status is ReviewStatus.APPROVED:
                raise ReviewLockedError(
                    f"{review.record.approved_by} approved this subtitle",
                    "Reopen it first: subtitled review reopen, or its page",
                )
            change, reverts = resolve(review)
            if not change:
                return EditResult(review, None)
            result = apply_change(review.document, change)
            if isinstance(result, Conflict):
                raise ChangedMeanwhileError(result)
            check_size(result)
            appended = self.db.operations.append(
                review_id,
                replace(new, reverts=reverts, change=encode_change(change)),
                review.version,
                review.unstored_base,
                time.time() + HOLD_SECONDS,
            )
            if appended is not None:
                return EditResult(self.load(review_id), appended)
        raise TransientError(
            "others edit this review all the time", "Send the operation again in a second"
        )


def _new_operation(
    operation_id: str, actor: Actor, made_on: VersionTag, kind: str, meant: str
) -> NewOperation:
    return NewOperation(
        operation_id=operation_id,
        actor=actor.name,
        person=actor.person,
        made_on=made_on.version,
        kind=kind,
        operation=meant,
        change="",
    )


def _repeated(review: OpenReview, stored: StoredOperation, new: NewOperation) -> EditResult:
    is_theirs = stored.person == new.person or (not stored.person and stored.actor == new.actor)
    if not is_theirs or stored.operation != new.operation:
        raise OperationIdUsedError(
            f"the id {stored.operation_id!r} was used for another operation",
            "Use a new id for each operation",
        )
    return EditResult(review, stored, is_repeated=True)


def check_size(document: Document) -> None:
    """Check that a subtitle does not grow without end.

    Raises:
        InvalidOperationError: It has too many cues.
    """
    if len(document.cues) > ops.MAX_CUES:
        raise InvalidOperationError(
            f"a subtitle has at most {ops.MAX_CUES} cues", "Delete cues, or merge them"
        )


def _logged(operation: StoredOperation, actor: Actor) -> LoggedOperation:
    is_theirs = actor.is_author(operation.actor, operation.person)
    return LoggedOperation(
        version=operation.version,
        actor=actor.person if is_theirs else operation.person,
        kind=operation.kind,
        reverts=operation.reverts,
    )
