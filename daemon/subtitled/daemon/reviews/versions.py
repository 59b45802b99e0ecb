"""Which version of a review a person saw."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import StaleVersionError
from .open_review import OpenReview

_DIGEST_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class VersionTag:
    """Which version a person saw, and of which version 0."""

    version: int
    base: str
    """The first characters of the SHA-256 of the sidecar."""

    @classmethod
    def of(cls, review: OpenReview) -> VersionTag:
        """Return the tag of the current version."""
        return cls(review.version, review.base.sha256[:_DIGEST_CHARACTERS])


def check_tag(review: OpenReview, made_on: VersionTag) -> None:
    """Check that a review has the version that a person saw.

    Raises:
        StaleVersionError: It has not.
    """
    current = VersionTag.of(review)
    if made_on.base != current.base:
        raise other_subtitle()
    if not 0 <= made_on.version <= current.version:
        raise StaleVersionError(
            f"this review has no version {made_on.version}; it has {current.version}",
            "Read the review again",
        )


def other_subtitle() -> StaleVersionError:
    """Return the error that says that version 0 is another one meanwhile."""
    return StaleVersionError(
        "the subtitle was made again meanwhile, so all of its cues are other ones",
        "Read the review again",
    )
