"""Quality estimation: which cues are probably wrong, and why.

:func:`estimate_quality` is a pure function over cues and what is known of them. Signs are found by
:mod:`.recogniser_signs`, :mod:`.speech_signs` and :mod:`.text_signs`, each with a strength from 0
to 1. :mod:`.weights` is the one table of how much each counts: the log odds that a cue is wrong are
the sum of weight times strength. ``benchmarks/qe.py`` sets the weights and measures the result.
"""

from .estimate import CueEstimate, FileEstimate, Gap, estimate_quality
from .evidence import Evidence, MissedTerm, OtherReading
from .reasons import Reason, ReasonKind

__all__ = [
    "CueEstimate",
    "Evidence",
    "FileEstimate",
    "Gap",
    "MissedTerm",
    "OtherReading",
    "Reason",
    "ReasonKind",
    "estimate_quality",
]
