"""Asking another engine about a passage of a review: which engines may be asked, and what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.config.egress_settings import is_destination_allowed
from subtitled.config.load import Configuration
from subtitled.db.actors import Actor
from subtitled.db.passages import PassageRecord
from subtitled.plugin import LOCAL, SubtitledError, TimeSpan
from subtitled.routing.table import can_transcribe

from .errors import ReviewError, ReviewNotFoundError
from .open_review import OpenReview
from .service import ReviewService
from .source_text import find_source_of

AROUND_SECONDS = 0.5
"""Seconds before and after the cues that an engine gets too, for the words at their edges."""
MAX_PASSAGE_SECONDS = 120.0
MAX_UNFINISHED = 20
"""Passages of one review that may wait at the same time."""


class PassageError(ReviewError):
    """No engine can be asked about a passage."""


@dataclass(frozen=True, slots=True)
class AskableEngine:
    """An engine, and whether it may be asked about a review."""

    name: str
    destination: str
    """Where it sends the sound; ``local`` if nowhere."""
    refusal: str = ""
    """Why it may not be asked; empty if it may."""
    hint: str = ""
    """What can be done about that."""


def list_engines(configuration: Configuration, review: OpenReview) -> list[AskableEngine]:
    """Return every configured engine, and whether it may be asked about a review.

    It has to know the language, and the library has to let sound go where the engine sends it.
    """
    return [_describe_engine(configuration, name, review) for name in configuration.engines]


def ask_engine(
    service: ReviewService, review_id: int, cues: Sequence[str], engine: str, actor: Actor
) -> PassageRecord:
    """Have an engine asked about the passage of some cues. The daemon does it in the background.

    Args:
        service: The service of reviews.
        review_id: The review.
        cues: The ids of the cues. The passage is from the first of them to the last.
        engine: The name of the engine.
        actor: Who asks.

    Raises:
        ReviewNotFoundError: There is no such cue.
        PassageError: The engine may not be asked; the error says why.
    """
    review = service.load(review_id)
    if review.is_translation:
        raise PassageError(
            f"this text is a translation, and {review.file.spoken_language} is spoken",
            "Ask in the review of the subtitle in the language spoken",
        )
    made_from = find_source_of(service.db, review)
    if made_from is not None:
        raise PassageError(
            f"this text is a translation from {made_from.language.english_name}, and of no speech",
            "Correct the text by hand, or have the film transcribed: subtitled generate",
        )
    known = {one.name: one for one in list_engines(service.configuration, review)}
    if engine not in known:
        raise PassageError(
            f"there is no engine {engine!r}", f"Name one of: {', '.join(known) or 'none'}"
        )
    if known[engine].refusal:
        raise PassageError(known[engine].refusal, known[engine].hint)
    asked = service.db.passages.ask(
        review_id, find_passage(review, cues), engine, actor.name, MAX_UNFINISHED
    )
    if asked is None:
        raise PassageError(
            f"{MAX_UNFINISHED} passages of this review wait already",
            "Wait until some are done",
        )
    return asked


def find_passage(review: OpenReview, cues: Sequence[str]) -> TimeSpan:
    """Return the span of some cues with a little around it.

    Raises:
        ReviewNotFoundError: There is no such cue.
        PassageError: It is too long.
    """
    found = [review.document.by_id.get(cue) for cue in cues]
    chosen = [cue for cue in found if cue is not None]
    if not chosen or len(chosen) < len(found):
        missing = next((cue for cue in cues if cue not in review.document.by_id), "")
        raise ReviewNotFoundError(
            f"there is no cue {missing!r} in version {review.version}", "Read the review again"
        )
    start = max(0.0, min(cue.start for cue in chosen) - AROUND_SECONDS)
    end = max(cue.end for cue in chosen) + AROUND_SECONDS
    if end - start > MAX_PASSAGE_SECONDS:
        raise PassageError(
            f"the passage is {end - start:.0f} s long, and {MAX_PASSAGE_SECONDS:g} s are the most",
            "Choose fewer cues",
        )
    return TimeSpan(round(start, 3), round(end, 3))


def _describe_engine(configuration: Configuration, name: str, review: OpenReview) -> AskableEngine:
    try:
        capabilities = configuration.engines[name].capabilities()
    except SubtitledError as error:
        return AskableEngine(name, LOCAL, error.message, error.hint)
    destination, language = capabilities.destination, review.record.language
    if not can_transcribe(capabilities, language):
        return AskableEngine(
            name,
            destination,
            f"{name} does not know {language.english_name}",
            "Ask another engine",
        )
    if not is_destination_allowed(review.library.allowed_destinations, destination):
        return AskableEngine(
            name,
            destination,
            f"{name} sends sound to {destination}, which the library does not allow",
            f"Add {destination!r} to its allowed_destinations, or ask a local engine",
        )
    return AskableEngine(name, destination)
