"""The judgement of a text: what a subtitle that somebody else made is, as its content shows it.

A text is read once. :class:`TextJudgement` holds what its content alone shows, and is kept by the
hash of the content. :func:`judge_for_media` says what that means beside one media file: whether the
text counts as a subtitle, whether it is a source, in which language, and why not.
"""

from .content import (
    JUDGEMENT_VERSION,
    MAX_SUBTITLE_BYTES,
    TextJudgement,
    judge_cues,
    judge_decoded,
    judge_text,
)
from .verdict import MediaLength, TextVerdict, judge_for_media, latest_time

__all__ = [
    "JUDGEMENT_VERSION",
    "MAX_SUBTITLE_BYTES",
    "MediaLength",
    "TextJudgement",
    "TextVerdict",
    "judge_cues",
    "judge_decoded",
    "judge_for_media",
    "judge_text",
    "latest_time",
]
