"""Finding the review that a person means, and importing a file that they corrected elsewhere."""

from __future__ import annotations

import uuid
from pathlib import Path

from pydantic import ValidationError

from subtitled.db.actors import Actor
from subtitled.db.records import FileRecord
from subtitled.db.sidecars import SidecarStatus
from subtitled.plugin import InputRejectedError, Language, SubtitleKind
from subtitled.plugin.paths import display_path
from subtitled.subtitles.formats import read_subtitle
from subtitled.subtitles.review.importing import import_cues
from subtitled.subtitles.review.operations import Compound

from .editing import EditResult
from .errors import ReviewNotFoundError
from .open_review import OpenReview
from .service import ReviewService
from .versions import VersionTag


def find_review_of(service: ReviewService, path: Path, language: Language | None) -> int:
    """Return the number of the review of a sidecar, or of the subtitle of a media file.

    Args:
        service: The service of reviews.
        path: The sidecar or the media file, by the path that its library uses.
        language: Which subtitle of a media file; None if there is one only.

    Raises:
        ReviewNotFoundError: There is no such subtitle of ours, or several.
        UnreadableSidecarError: It cannot be read.
    """
    db, name = service.db, display_path(path)
    sidecar = db.sidecars.get(path)
    media = sidecar.media if sidecar is not None else path
    file = db.files.get(media)
    if file is None:
        raise ReviewNotFoundError(
            f"{name} is no file of a library and no subtitle of ours",
            "Name a media file, one of our subtitles, or a number of: subtitled review list",
        )
    if sidecar is not None:
        return service.open(file, sidecar.language, sidecar.kind).id
    choices = _subtitles_of(service, file, language)
    if not choices:
        raise ReviewNotFoundError(
            f"there is no subtitle of ours for {name}"
            + (f" in {language}" if language is not None else ""),
            "Have it made first: subtitled queue retry FILE",
        )
    if len(choices) > 1:
        shown = ", ".join(f"{one}.{kind}" for one, kind in choices)
        raise ReviewNotFoundError(
            f"there are several subtitles of ours for {name}: {shown}",
            "Name the sidecar instead of the media file, or add --language",
        )
    return service.open(file, *choices[0]).id


def import_text(
    service: ReviewService, review_id: int, content: bytes, suffix: str, actor: Actor
) -> EditResult | None:
    """Make a review equal to a subtitle file that was corrected elsewhere, as one operation.

    Args:
        service: The service of reviews.
        review_id: The review.
        content: The bytes of the file.
        suffix: The extension of its name without the dot.
        actor: Who imports it.

    Returns:
        The edit; None if the file has the same cues.

    Raises:
        InputRejectedError: The file is no subtitle, or has cues that cannot be edited.
        ReviewError: The review cannot be edited.
    """
    review = service.load(review_id)
    operation = compare_text(review, content, suffix)
    if operation is None:
        return None
    return service.edit(review_id, uuid.uuid4().hex, operation, VersionTag.of(review), actor)


def compare_text(review: OpenReview, content: bytes, suffix: str) -> Compound | None:
    """Return the operation that makes a review equal to a file; None if it has the same cues.

    Raises:
        InputRejectedError: The file is no subtitle, or has cues that cannot be edited.
    """
    language = review.record.language
    cues = read_subtitle(content, suffix, None, language).cues
    if not cues:
        raise InputRejectedError(
            "the file has no cues", "Name a subtitle file; cues are deleted in the review"
        )
    try:
        return import_cues(review.document, cues, language)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputRejectedError(
            f"the file has a cue that cannot be edited: {first['msg']}", "Correct it in the file"
        ) from None


def _subtitles_of(
    service: ReviewService, file: FileRecord, language: Language | None
) -> list[tuple[Language, SubtitleKind]]:
    """Return the subtitles that we published for a media file."""
    known = [
        (record.language, record.kind)
        for record in service.db.sidecars.of_media(file.path)
        if record.status is SidecarStatus.PRESENT and record.format != "txt"
    ]
    return list(dict.fromkeys(one for one in known if language in (None, one[0])))
