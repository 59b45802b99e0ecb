"""Whether a subtitle that was made again is worse than the version that it would replace.

Nobody knows what was said. So both are measured by the same signs, none of which comes from a
recogniser: the limits of their cues, the speech that they leave without text, and the signs of
errors in a text. The estimate by the recogniser's own scores counts only if it is much worse,
because recognisers differ in how sure they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Cue

from ..markup import strip_tags
from ..quality_estimation import Evidence, estimate_quality
from ..rules import CueRules
from .compliance import check_compliance

COMPLIANCE_TOLERANCE = 0.05
"""How much smaller the share of cues inside all limits may be."""
ERROR_TOLERANCE = 0.05
"""How much larger the share of cues may be that look wrong."""
ESTIMATE_TOLERANCE, ESTIMATE_FACTOR = 0.05, 1.5
"""How much larger the share may be that is wrong by the recogniser's scores."""
GAP_TOLERANCE_SECONDS, GAP_FACTOR = 5.0, 1.1
"""How much more speech may be left without text."""
MIN_TEXT_SHARE = 0.5
"""The share of the old text's length below which a new text lacks something, if it is not known
where somebody speaks."""
_REPEATS = 4
"""So many equal cues in a row are a loop."""
_WORDS = re.compile(r"\W+")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionQuality:
    """What is measured of one version."""

    cue_count: int
    letters: int
    compliant_share: float
    """The share of cues inside all limits, from 0 to 1."""
    error_share: float
    """The expected share of wrong cues, by signs that come from no recogniser."""
    gap_seconds: float | None
    """The speech in which nothing is written; None if it is not known where somebody speaks."""
    repeated: int = 0
    """How many cues say the same as several before them."""
    estimated_share: float | None = None
    """The expected share of wrong cues, by the scores of the recogniser too; None if unknown."""


def measure_version(
    cues: Sequence[Cue], evidence: Evidence, rules: CueRules, estimated_errors: float | None
) -> VersionQuality:
    """Measure one version of a subtitle.

    Args:
        cues: Its cues as they are in the file.
        evidence: What is known of the speech. What a recogniser said of it is not used.
        rules: The limits of its cues.
        estimated_errors: The number of wrong cues that was estimated when it was made, if known.
    """
    language = evidence.language
    neutral = Evidence(
        language=language,
        speech=evidence.speech,
        faint_speech=evidence.faint_speech,
        other_languages=evidence.other_languages,
        rules=rules,
    )
    estimate = estimate_quality(cues, neutral)
    count = len(cues)
    compliant = check_compliance(cues, language, rules).compliant_count
    is_heard = evidence.speech is not None
    return VersionQuality(
        cue_count=count,
        letters=sum(len(_letters(cue)) for cue in cues),
        compliant_share=compliant / count if count else 0.0,
        error_share=estimate.expected_errors / count if count else 0.0,
        gap_seconds=sum(gap.span.duration for gap in estimate.gaps) if is_heard else None,
        repeated=_count_repeated(cues),
        estimated_share=estimated_errors / count
        if count and estimated_errors is not None
        else None,
    )


def find_worsening(old: VersionQuality, new: VersionQuality) -> str | None:
    """Return in what a new version is worse than the old one, for people; None if it is not."""
    if not new.cue_count or not new.letters:
        return "it has no text"
    if old.gap_seconds is not None and new.gap_seconds is not None:
        if new.gap_seconds > old.gap_seconds * GAP_FACTOR + GAP_TOLERANCE_SECONDS:
            return (
                f"it leaves {new.gap_seconds:.0f} s of speech without text, "
                f"the old one {old.gap_seconds:.0f} s"
            )
    elif new.letters < old.letters * MIN_TEXT_SHARE:
        return f"it has {new.letters} letters, the old one {old.letters}"
    if new.repeated > old.repeated:
        return f"{new.repeated} of its lines are repetitions, in the old one {old.repeated}"
    if new.error_share > old.error_share + ERROR_TOLERANCE:
        return (
            f"{new.error_share:.0%} of its lines look wrong, in the old one {old.error_share:.0%}"
        )
    if new.compliant_share < old.compliant_share - COMPLIANCE_TOLERANCE:
        return (
            f"{new.compliant_share:.0%} of its lines keep all limits, "
            f"in the old one {old.compliant_share:.0%}"
        )
    if old.estimated_share is not None and new.estimated_share is not None:
        most = old.estimated_share * ESTIMATE_FACTOR + ESTIMATE_TOLERANCE
        if new.estimated_share > most:
            return (
                f"{new.estimated_share:.0%} of its lines are wrong by estimate, "
                f"in the old one {old.estimated_share:.0%}"
            )
    return None


def _letters(cue: Cue) -> str:
    return _WORDS.sub("", strip_tags(cue.text))


def _count_repeated(cues: Sequence[Cue]) -> int:
    """Count the cues that say the same as several before them."""
    repeated, run, previous = 0, 0, ""
    for cue in cues:
        text = _letters(cue).casefold()
        run = run + 1 if text and text == previous else 1
        previous = text
        repeated += run >= _REPEATS
    return repeated
