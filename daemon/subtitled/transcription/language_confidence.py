"""How sure a spoken language is, and which of several close languages is meant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from subtitled.plugin import Language

from .language_segments import is_confusable

MIN_CONFIDENCE = 0.5
"""Confidence below which the sound tells no language.

A subtitle in a wrong language costs twice as much as one that is missing: nobody says that it is
wrong, while a missing one comes with the reason and the hint. So it is written from 1 - 1/2 on.
"""
CLOSE_TAG_ODDS = 20.0
"""How much likelier the language of the tag is than a close one. Who tags a film knows Norwegian
from Danish better than a recogniser does. The sound overrules the tag only if it is nearly certain.
"""
CLOSE_LIBRARY_ODDS = 3.0
"""How much likelier a language is that the library names than a close one that it does not."""
MIN_CLOSE_SHARE = 0.01
"""The share of the vote of a close language that the detector does not list."""
_WIDE_TAGS = frozenset({Language("zh")})
"""Tags of which it is not known which of several close languages they mean."""


@dataclass(frozen=True, slots=True)
class ConfidenceScale:
    """What the share of a vote means as a probability, fitted on recordings of known languages.

    The log-odds of the share are scaled, and the seconds of speech that were listened to count: of
    three seconds a detector is as sure as of thirty, and less often right.
    """

    bias: float
    slope: float
    """Of the log-odds of the share."""
    per_log_second: float
    """Of the natural logarithm of the seconds of speech."""

    def probability(self, share: float, seconds: float) -> float:
        """Return the probability that a language is right, 0 to 1.

        Args:
            share: Its share of the vote, 0 to 1.
            seconds: The seconds of speech that were listened to.
        """
        limited = min(max(share, MIN_SHARE), 1.0 - MIN_SHARE)
        spoken = min(max(seconds, 1.0), MAX_SECONDS)
        log_odds = math.log(limited / (1.0 - limited))
        total = self.bias + self.slope * log_odds + self.per_log_second * math.log(spoken)
        return 1.0 / (1.0 + math.exp(-total))


MIN_SHARE = 0.001
"""How near to 0 and 1 a share counts."""
MAX_SECONDS = 20.0
"""Seconds up to which more speech makes a language surer: the longest clips that were measured."""
SOUND_SCALE = ConfidenceScale(bias=-1.8, slope=1.5, per_log_second=1.6)
"""For engines that detect languages. Fitted with Whisper base by benchmarks/identification.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseChoice:
    """One of several close languages."""

    language: Language
    """With everything that its tag says, if that decided or agrees."""
    group_share: float
    """The share of the vote of all languages that are close to it, 0 to 1."""
    weight: float
    """The probability of this one if it is one of them, 0 to 1."""
    reason: str = ""
    """Why it is not the one with most votes, for people."""


def choose_close_language(
    winner: Language,
    shares: Mapping[Language, float],
    tag: Language,
    library_languages: tuple[Language, ...] = (),
) -> CloseChoice:
    """Choose among the languages that sound like the one with most votes.

    Args:
        winner: The language with most votes.
        shares: The share of each language, 0 to 1.
        tag: The tag of the track, or ``und``.
        library_languages: The languages that the library names.

    Returns:
        The most probable one by the sound, the tag and the library.
    """
    close = {
        language: share for language, share in shares.items() if is_confusable(language, winner)
    }
    group_share = min(1.0, sum(close.values()))
    named: dict[Language, float] = dict.fromkeys(library_languages, CLOSE_LIBRARY_ODDS)
    tagged = _find_close(tag, close, winner)
    if tag.is_known and tag.primary not in _WIDE_TAGS:
        named[tag] = CLOSE_TAG_ODDS
    weights = {winner: MIN_CLOSE_SHARE} | close
    for language, odds in named.items():
        found = _find_close(language, close, winner)
        if found is not None:
            weight = max(close.get(found, 0.0), MIN_CLOSE_SHARE) * odds
            # The tag and the library may name the same one, as no and nb.
            weights[found] = max(weight, weights.get(found, 0.0))
    chosen = max(weights, key=lambda language: (weights[language], language == winner, language))
    reason = ""
    if chosen != winner:
        cause = f"the track is tagged {tag}" if chosen == tagged else f"the library names {chosen}"
        reason = f"taken for {chosen}, which sounds like it, because {cause}"
    # The tag may say more than audio can tell, such as pt-BR or zh-Hant.
    return CloseChoice(
        language=tag if chosen == tagged and tag.is_known else chosen,
        group_share=group_share,
        weight=weights[chosen] / sum(weights.values()),
        reason=reason,
    )


def _find_close(
    language: Language, close: Mapping[Language, float], winner: Language
) -> Language | None:
    """Return a language as the detector calls it; None if it is not close to the winner."""
    if not language.is_known or not is_confusable(language.primary, winner):
        return None
    same = [one for one in (winner, *close) if one.satisfies(language.primary)]
    return same[0] if same else language.primary
