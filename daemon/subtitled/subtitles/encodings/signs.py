"""Signs and capitals in a text: whether they stand where people write them.

A wrong code page makes signs of letters, letters of signs, and capitals of small letters. They then
stand in the midst or at the end of words.
"""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset("\u00ad\u200c\u200d\u200e\u200f")
_BEHIND = frozenset("°™®·")
"""Signs that may stand behind a word or number."""
_DASHES = frozenset("–—…")
_OPENING = frozenset("¿¡„‚")
_QUOTES = frozenset("“”«»‹›")
_ALWAYS_STRANGE = frozenset("¶§†‡•¬¦‰")
_STRANGE_CATEGORIES = frozenset({"So", "Sm", "Sk", "Sc", "No", "Lm", "Lo"})


def rate_sign(before: str, character: str, after: str) -> int:
    """Rate a sign outside ASCII by the characters beside it.

    Returns:
        1 if it stands where it belongs, -1 if a letter should stand there, as in ``s±``, ``caf‚``
        and ``pre‡er``, and 0 if its place says nothing.
    """
    is_inside = before.isalpha() and after.isalpha()
    is_beside = before.isalpha() or after.isalpha()
    if _is_drawn(character):
        return -1 if is_beside or _is_drawn(before) or _is_drawn(after) else 0
    if character == "’":
        return int(is_beside)
    if character == "‘":
        return 0 if is_inside else int(is_beside)
    if character in _DASHES:
        return 0 if is_inside else 1
    if character in _OPENING:
        if before.isalpha() or after.isspace():
            return -1
        return int(after.isalnum())
    if character in _QUOTES:
        return -1 if is_inside else int(is_beside)
    if character in _INVISIBLE:
        return 0
    if character in _BEHIND:
        is_catalan = before in "lL" and after in "lL"
        return -1 if after.isalpha() and not is_catalan else 0
    is_sign = character in _ALWAYS_STRANGE or unicodedata.category(character) in _STRANGE_CATEGORIES
    return -1 if is_inside or (is_beside and is_sign) else 0


def breaks_case(before: str, character: str, after: str) -> bool:
    """Check whether a capital follows a small letter in one word: ``youÕd``, ``ëE``."""
    return (character.isupper() and before.islower()) or (character.islower() and after.isupper())


def _is_drawn(character: str) -> bool:
    """Check for parts of drawn lines and boxes."""
    return "\u2500" <= character <= "\u259f"
