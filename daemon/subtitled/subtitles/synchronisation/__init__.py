"""Synchronisation: whether the times of a subtitle are those of its media file.

Nearly everything here is a pure function over cues, spans of speech and words. :mod:`.check`
decides; it loads numpy, so the daemon has another process use it (:mod:`.separate_check`).
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
