"""How much each sign counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .reasons import ReasonKind


@dataclass(frozen=True, slots=True)
class Weight:
    """What a sign adds to the log odds that a cue is wrong."""

    log_odds: float
    """What separates a sign of strength 1 from one of strength 0."""
    usual: float = 0.0
    """The strength in an ordinary cue, which adds nothing, as if the sign were not known."""

    def weigh(self, strength: float) -> float:
        """Return what a sign adds: less than 0 if it is weaker than usual."""
        limited = 0.0 if strength < 0.0 else 1.0 if strength > 1.0 else strength
        return self.log_odds * (limited - self.usual)


BIAS = -2.39
"""Log odds that a cue is wrong of which nothing is known."""

WEIGHTS: Mapping[ReasonKind, Weight] = {
    # Fitted by `python benchmarks/qe.py --fit` on the tuning part.
    ReasonKind.UNSURE_WORDS: Weight(9.52, 0.55),
    # The same where words have no confidence.
    ReasonKind.LOW_PROBABILITY: Weight(7.15, 0.23),
    # Set by hand: rare in the recordings, or of little effect there.
    ReasonKind.UNSURE_AROUND: Weight(0.5, 0.15),
    ReasonKind.UNSURE_FILE: Weight(1.5, 0.15),
    ReasonKind.HARDLY_ANY_SPEECH: Weight(0.6, 0.1),
    ReasonKind.SPEECH_LEFT: Weight(1.0),
    ReasonKind.ODD_PACE: Weight(0.6, 0.2),
    ReasonKind.NEARLY_A_LOOP: Weight(1.0),
    ReasonKind.REPEATED: Weight(1.0),
    ReasonKind.NO_SPEECH: Weight(2.0),
    ReasonKind.FAINT_SPEECH: Weight(0.5),
    ReasonKind.LEFT_OUT: Weight(1.0),
    ReasonKind.ESTIMATED_TIMES: Weight(0.8),
    ReasonKind.OUTSIDE_LIMITS: Weight(0.5),
    ReasonKind.ENGINES_DISAGREE: Weight(4.0),
    ReasonKind.TERM_MISSED: Weight(3.0),
    ReasonKind.UNTRANSLATED: Weight(4.0),
    ReasonKind.ODD_LENGTH: Weight(1.5),
    ReasonKind.OTHER_LANGUAGE: Weight(4.0),
    ReasonKind.OTHER_SCRIPT: Weight(4.0),
    ReasonKind.NAME_VARIANT: Weight(2.5),
}

MIN_REASON = 0.4
"""Log odds that a sign must add for its reason to be told."""
FLAGGED = 0.3
"""Probability from which a cue is to be looked at."""
