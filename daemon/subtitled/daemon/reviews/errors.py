"""What can be wrong with a request about a review. Each error has a hint."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import InputRejectedError
from subtitled.subtitles.review.changes import Conflict
from subtitled.subtitles.review.findings import Finding


class ReviewError(InputRejectedError):
    """A request about a review cannot be done."""


class ReviewNotFoundError(ReviewError):
    """There is no such review, or the file or subtitle that it is about is gone."""


class UnreadableSidecarError(ReviewError):
    """The sidecar that a review begins with cannot be read."""


class ReviewLockedError(ReviewError):
    """A review is approved, and has to be reopened before it is edited."""


class ReviewTakenError(ReviewError):
    """Somebody else has taken a review."""


class StaleVersionError(ReviewError):
    """A request names a version that this review does not have."""


class ChangedMeanwhileError(ReviewError):
    """Cues that an edit touches were changed since the version that it was made on."""

    def __init__(self, conflict: Conflict) -> None:
        names = ", ".join(cue.cue for cue in conflict.cues[:10])
        super().__init__(
            f"somebody else changed cues that this edit touches: {names}",
            "Look at both versions, and send the edit again for the current version",
        )
        self.conflict = conflict


class NothingToRevertError(ReviewError):
    """A person has nothing to undo, or nothing to redo."""


class OperationIdUsedError(ReviewError):
    """The id of an operation was used for another one."""


class SecondReaderError(ReviewError):
    """Who edited a subtitle may not approve it in its library."""


class UnapprovableError(ReviewError):
    """A document has errors, which bar approval, or warnings that nobody accepted."""

    def __init__(self, message: str, hint: str, findings: Sequence[Finding]) -> None:
        super().__init__(message, hint)
        self.findings = tuple(findings)
