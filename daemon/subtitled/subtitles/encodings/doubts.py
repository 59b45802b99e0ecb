"""Doubt about texts with a handful of letters outside ASCII.

``že`` of ISO 8859-2 is ``ľe`` in cp1250, and both are letters of Slovak. In a text of one or two
cues nothing else tells which is right, so it is refused where another code page is as good.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..language_id import rank_languages
from .alphabets import RARE_CODE_PAGES, USUAL_CODE_PAGES, has_own_script
from .readings import Reading, rate_characters, score_letters

MAX_LETTERS = 6
"""Most letters and signs outside ASCII of a text that is doubted."""
_LATIN_PAGES = (
    "cp1250 iso8859_2 cp852 mac_latin2 cp1252 cp850 mac_roman cp1254 cp857 cp1257 iso8859_13 "
    "iso8859_4"
).split()
_HYPHEN = re.compile("\u00ad[^\\W\\d_]|[^\\W\\d_]\u00ad")
_MIN_SHARE = 0.1
_MIN_OF_SHARE = 0.4
"""Least probability of its language, as a part of that of the reading's."""
_NEARLY_AS_GOOD = 0.06


def has_rival(
    reading: Reading, sample: bytes, decode: Callable[[bytes, str], str | None], stated: str
) -> bool:
    """Check whether another code page gives other letters that are as good.

    Args:
        reading: The reading that was chosen.
        sample: Lines of the text with bytes outside ASCII.
        decode: Decodes bytes in a code page; None if they are no text in it.
        stated: The language that the file's name states.
    """
    total, _, _ = rate_characters(reading.text, reading.language)
    if total > MAX_LETTERS or has_own_script(reading.language):
        return False
    if _breaks_words(reading.text):
        return True
    if not total or _has_usual_signs_only(reading.text):
        return False
    for page in _LATIN_PAGES:
        text = decode(sample, page)
        if text is None or reading.text.startswith(text) or _breaks_words(text):
            continue
        shares = {name: share for name, share in rank_languages(text)[:3] if share >= _MIN_SHARE}
        for language in {reading.language, stated, *shares} - {""}:
            if page not in USUAL_CODE_PAGES.get(language, ()):
                continue
            rival = score_letters(page, text, language, shares.get(language, 0.0), min_rare=1)
            if rival is None or rival.strange:
                continue
            if language != stated and rival.share < _MIN_OF_SHARE * reading.share:
                continue
            least = reading.score - _NEARLY_AS_GOOD * (1 + (page in RARE_CODE_PAGES))
            if rival.score >= least:
                return True
    return False


def _has_usual_signs_only(text: str) -> bool:
    """Check that nothing is outside ASCII but ellipses and apostrophes behind letters."""
    places = zip(" " + text, text, strict=False)
    return all(
        sign <= "\x7f" or sign == "…" or (sign == "’" and before.isalpha())
        for before, sign in places
    )


def _breaks_words(text: str) -> bool:
    """Check for marks beside letters that stand there only by chance, and for half of a pair."""
    return _HYPHEN.search(text) is not None or text.count("‹") != text.count("›")
