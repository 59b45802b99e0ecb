"""Synchronisation: whether the times of a subtitle are those of its media file.

Everything here is a pure function over cues, spans of speech and words. :mod:`.check` decides; it
loads numpy, so it is imported where a subtitle is checked, and not where a report is shown.
"""

from .correction import correct_ass, correct_cues, proves_gain
from .report import SyncEvidence, SyncPart, SyncReport, SyncVerdict

__all__ = [
    "SyncEvidence",
    "SyncPart",
    "SyncReport",
    "SyncVerdict",
    "correct_ass",
    "correct_cues",
    "proves_gain",
]
