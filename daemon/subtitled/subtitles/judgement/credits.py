"""Cues in which nobody of the film speaks: who made the subtitle, where it is from, advertisements.

They stand at the edges of a text, often in another language than it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from subtitled.plugin import Cue

EDGE_CUES = 4
"""Cues at the beginning and at the end that may be credits."""
MAX_CHARACTERS = 300
"""Longest text that is looked at."""

_CREDIT = re.compile(
    r"https?://|\bwww\.|\b[\w-]{2,40}\.(?:com|org|net|info|link|tv|to|mx|me|app|io)\b(?!\w)"
    r"|\b(?:subtitl\w{0,6}|subs?|caption\w{0,4}|transcri\w{2,8}|sync\w{0,8}|translat\w{2,4}"
    r"|correct\w{2,5}|resync\w{0,4}|ripped|encoded|downloaded|provided|improved|timed?|timing)"
    r"(?: (?:and|&|,) \w{2,15}| \w{2,15}){0,2} ?(?:by|from|:)(?= ?\S)"
    r"|\b(?:sous-?titr\w{1,4}|traduction|adaptation|untertitel\w{0,3}|übersetz\w{2,4}"
    r"|subt[ií]tulos?|traduc\w{3,5}|legendas?|tradu\w{2,4}|sottotitoli|traduzione|napisy"
    r"|tłumaczeni\w|titulky|překlad|ondertiteling|vertaling|undertext\w{0,5}|översättning"
    r"|oversættelse|tekster|tekstitys|felirat|fordította|altyazı|çeviri|prijevod|prevod"
    r"|titlovi|subtitrare\w?|traducerea|υπότιτλοι|μετάφραση|субтитры|перевод|переклад|превод"
    r"|субтитри)(?: \w{2,15}){0,2} ?"
    r"(?:by|par|von|por|de|da|di|door|av|af|od|:|im auftrag)(?= ?\S)"
    r"|字幕[组組]|[翻中][译譯][:：]|校[对對][:：]|번역[:：]|자막[:：]|ترجمة[:：]?|כתוביות"
    r"|\brate this subtitle|\bbecome vip member|\badvertise your product"
    r"|\bsubtitles? (?:will be|are not|is not|not yet) (?:available|ready|added)"
    r"|opensubtitles|addic7ed|\bosdb\b|\byify\b|\byts\b",
    re.IGNORECASE,
)


def is_credit(text: str) -> bool:
    """Check whether a cue names its makers, a site or a product."""
    return _CREDIT.search(" ".join(text[:MAX_CHARACTERS].split())) is not None


def without_credits(cues: Sequence[Cue]) -> list[Cue]:
    """Return the cues, in their order, without credits at the edges."""
    last = max(EDGE_CUES, len(cues) - EDGE_CUES)
    return [
        *(cue for cue in cues[:EDGE_CUES] if not is_credit(cue.text)),
        *cues[EDGE_CUES:last],
        *(cue for cue in cues[last:] if not is_credit(cue.text)),
    ]
