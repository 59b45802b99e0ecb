"""Signs from the text: limits, terms, translation, language and names."""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Iterator

from ..evaluation.compliance import ComplianceRule, check_compliance
from ..letters import script_share
from .name_variants import find_name_variants
from .reasons import ReasonKind
from .subtitle_view import Sign, SubtitleView

MAX_OTHER_SCRIPT = 0.5
"""Share of letters in another script that names and quotations have."""
UNUSUAL_LENGTH = 2.0
"""How much longer or shorter than the rest of the file a translation is that looks wrong."""
MIN_LETTERS_TO_COMPARE = 10
"""Shorter lines are translated at any length."""


def find_broken_rules(view: SubtitleView) -> Iterator[Sign]:
    """Find cues outside the limits of the library."""
    rules = view.evidence.rules
    if rules is None:
        return
    for violation in check_compliance(view.cues, view.evidence.language, rules).violations:
        if violation.rule is not ComplianceRule.FLASH:
            values = {"rule": violation.rule.violation, "detail": violation.detail}
            yield Sign(violation.cue_number - 1, ReasonKind.OUTSIDE_LIMITS, 1.0, values)


def find_missed_terms(view: SubtitleView) -> Iterator[Sign]:
    """Find cues in which a term of the glossary is missing."""
    starts = [cue.start for cue in view.cues]
    for missed in view.evidence.missed_terms:
        index = bisect.bisect_right(starts, missed.start) - 1
        if index >= 0:
            values = {"spoken": missed.spoken, "wanted": missed.wanted}
            yield Sign(index, ReasonKind.TERM_MISSED, 1.0, values)


def find_untranslated(view: SubtitleView) -> Iterator[Sign]:
    """Find cues of lines that were not translated, or not clearly well."""
    starts = [cue.start for cue in view.cues]
    for note in view.evidence.untranslated:
        first = max(0, bisect.bisect_right(starts, note.start) - 1)
        for index in range(first, len(view.cues)):
            if view.cues[index].start >= note.end:
                break
            if view.cues[index].end > note.start:
                yield Sign(index, ReasonKind.UNTRANSLATED, 1.0, {"why": note.reason})


def find_odd_lengths(view: SubtitleView) -> Iterator[Sign]:
    """Find translated cues that are much longer or shorter than what is said meanwhile."""
    if not view.evidence.is_translation:
        return
    ratios = {}
    for index, (cue, source) in enumerate(zip(view.cues, view.letter_counts, strict=True)):
        if source >= MIN_LETTERS_TO_COMPARE and cue.text:
            ratios[index] = len(cue.text) / source
    usual = statistics.median(ratios.values()) if ratios else 1.0
    for index, ratio in ratios.items():
        strength = math.log(ratio / usual) / math.log(UNUSUAL_LENGTH)
        values = {"length": "long" if strength > 0 else "short"}
        yield Sign(index, ReasonKind.ODD_LENGTH, abs(strength), values)


def find_other_languages(view: SubtitleView) -> Iterator[Sign]:
    """Find cues in another language or script than the name of the file says."""
    for index, language in view.evidence.other_languages.items():
        if index < len(view.cues):
            values = {"language": language.english_name}
            yield Sign(index, ReasonKind.OTHER_LANGUAGE, 1.0, values)
    for index, cue in enumerate(view.cues):
        foreign = 1.0 - script_share(cue.text, view.evidence.language)
        if foreign > MAX_OTHER_SCRIPT:
            yield Sign(index, ReasonKind.OTHER_SCRIPT, foreign)


def find_odd_names(view: SubtitleView) -> Iterator[Sign]:
    """Find cues with a name that is nearly always written otherwise."""
    for variant in find_name_variants(view.cues):
        values: dict[str, str | int | float] = {
            "name": variant.name,
            "other": variant.other,
            "count": variant.other_count,
        }
        yield Sign(variant.cue, ReasonKind.NAME_VARIANT, 1.0, values)
