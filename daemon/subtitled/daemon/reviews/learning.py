"""What an approved text teaches: glossary terms that its corrections suggest."""

from __future__ import annotations

from subtitled.glossary.kept import KeptTerms
from subtitled.glossary.selection import glossary_for
from subtitled.glossary.suggestions import SourceText, TermSuggestion, suggest_terms
from subtitled.glossary.terms import most_specific

from .open_review import OpenReview
from .service import ReviewService
from .source_text import SourceReader


def suggest_review_terms(service: ReviewService, review: OpenReview) -> tuple[TermSuggestion, ...]:
    """Return the terms that the corrections of a review suggest. Nothing is kept by itself.

    Args:
        service: The service of reviews.
        review: The review, in the version whose corrections count.
    """
    if not review.changes:
        return ()
    language = review.record.language
    source = None
    if review.is_translation:
        read = SourceReader(service.configuration, service.db).read(review)
        if read is None:
            return ()  # It is not known what was translated.
        source = SourceText(read.language, " ".join(cue.text for cue in read.cues))
    media, configuration = review.file.path, service.configuration
    kept = KeptTerms(configuration, service.db).for_media(media, review.file.fingerprint)
    terms = list(glossary_for(media, review.library, configuration, kept).terms)
    return suggest_terms(
        review.base_document.to_cues(),
        review.document.to_cues(),
        language,
        [term.source_text(language) for term in most_specific(terms, language)],
        source,
    )
