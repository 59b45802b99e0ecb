"""Common pairs of languages that OPUS-MT has models for."""

from __future__ import annotations

from typing import Final

_BOTH_WAYS = ("ar", "cs", "da", "de", "es", "fi", "fr", "hu", "id", "it", "nl", "ru", "sv", "uk")
_INTO_ENGLISH = ("ja", "ko", "pl", "tr")
_FROM_ENGLISH = ("ro",)

CATALOGUE_PAIRS: Final[tuple[str, ...]] = (
    *(f"en-{language}" for language in (*_BOTH_WAYS, "zh", *_FROM_ENGLISH)),
    *(f"{language}-en" for language in (*_BOTH_WAYS, "zh", *_INTO_ENGLISH)),
)
