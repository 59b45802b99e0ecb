"""What the scripts of the review page begin with: addresses, limits, and texts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request

from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.glossary.kept_term import KeptScope
from subtitled.subtitles.evaluation.compliance import TOLERANCE_SECONDS
from subtitled.subtitles.scripts import is_right_to_left, is_spaceless

from ..headers import NONCE_STATE
from ..i18n import choose_language, load_catalogue
from . import review_labels
from .phrases import NOT_TRANSLATED, SAID, SCRIPT_PHRASES
from .review_editor_texts import COMMANDS, TEXTS
from .services import identity_of
from .site import call_of
from .static_files import has_static_file, list_review_modules
from .terms import choose_scopes

WAVEFORM_SCRIPTS = ("wavesurfer.esm.js", "wavesurfer-regions.esm.js")


@dataclass(frozen=True, slots=True)
class ReviewEditor:
    """What the template of the editor needs."""

    data: dict[str, Any]
    """What the scripts read from the page."""
    modules: tuple[str, ...]
    """The scripts that the first one needs."""
    scopes: Mapping[KeptScope, str]
    """What a term may hold for."""


def build_editor(request: Request, review: OpenReview, *, may_edit: bool) -> ReviewEditor:
    """Gather what the scripts begin with.

    The waveform has a style element of its own. It is allowed by a nonce, in this answer only.

    Args:
        request: The request for the page.
        review: The review.
        may_edit: Whether the user may edit it as it is now.
    """
    call = call_of(request)
    identity = identity_of(request)
    catalogue = load_catalogue(choose_language(call.headers.get("accept-language", "")))
    has_waveform = all(map(has_static_file, WAVEFORM_SCRIPTS))
    nonce = secrets.token_urlsafe(16) if has_waveform else ""
    if has_waveform:
        setattr(request.state, NONCE_STATE, nonce)
    language = review.record.language
    labels: dict[str, Mapping[Any, str]] = {
        "rule_names": review_labels.RULES,
        "severities": review_labels.SEVERITIES,
        "verdicts": review_labels.VERDICTS,
        "commands": COMMANDS,
        "texts": TEXTS,
        "reasons": review_labels.REASONS,
    }
    return ReviewEditor(
        {
            "review": review.record.id,
            "file": review.record.file_id,
            "base": call.base_path,
            "user": identity.name,
            "csrf": identity.csrf_token,
            "may_edit": may_edit,
            "language": str(language),
            "direction": "rtl" if is_right_to_left(language) else "ltr",
            "is_spaceless": is_spaceless(language),
            "rules": asdict(review.rules),
            "tolerance": TOLERANCE_SECONDS,
            "very_doubtful": review_labels.VERY_DOUBTFUL,
            "nonce": nonce,
            "has_waveform": has_waveform,
            "said": SAID,
            "phrases": [
                (text, translation)
                for text in SCRIPT_PHRASES + (NOT_TRANSLATED if review.is_translation else ())
                if (translation := catalogue.gettext(text)) != text
            ],
            **{
                name: {str(key): catalogue.gettext(text) for key, text in table.items()}
                for name, table in labels.items()
            },
        },
        list_review_modules(),
        choose_scopes(request),
    )
