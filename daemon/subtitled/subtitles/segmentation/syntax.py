"""Costs of breaking a sentence, by punctuation and function words.

The scale comes from a prototype that was tuned on invented sentences: 0 after a sentence, about 1
at a comma, 2 before a clause or a prepositional phrase, 4 anywhere else, 12 inside a phrase.
"""

from __future__ import annotations

import functools
import re

from subtitled.plugin import Language

from ..scripts import detect_script, get_primary, is_spaceless
from .function_words import CLAUSE_ENDINGS, load_function_words

SENTENCE_COST = 0.0
CLAUSE_COST = 0.8
COMMA_COST = 1.2
QUOTE_COST = 1.5
CONJUNCTION_COST = 1.8
PREPOSITION_COST = 2.4
PHRASE_COST = 3.2
DEFAULT_COST = 4.0
NAME_COST = 6.0
UNBREAKABLE_COST = 12.0

_SENTENCE_ENDS = tuple(".!?…⋯。！？؟।۔॥։።។៕။‼⁇⁈⁉")
_CLAUSE_ENDS = tuple(";:—；：؛–")
_COMMAS = tuple(",，、،၊")
_CLOSING = "\"'”’)]}»›」』】）〉》"
_OPENING = tuple("([{«‹“„‘「『（【¿¡")

_ABBREVIATED = frozenset(
    "mr mrs ms dr prof st vs etc jr sr vol gen col capt lt sgt rev hon mt ft messrs mme mlle me mm "
    "sra srta dra ud uds hr fr nr bzw ca usw evtl ggf dott sig sigg avv ing geb abs tzv např tj "
    "apod mgr inż ul им г гг т д др стр bl dvs bijv mevr dhr kol dn".split()
)
"""Abbreviations whose full stop does not end a sentence."""
_DOT_MAKES_ORDINALS = frozenset("de da no nb nn fi cs sk pl hu sl hr sr bs et lv is tr".split())
_IS_ORDINAL = re.compile(r"\d{1,2}\.")
_SYLLABLES = frozenset({"lo", "km", "my"})
"""Languages of which only syllables are known, so most boundaries are inside a word."""
_NOUNS_LOOK_LIKE_NAMES = frozenset({"de", "lb", "nds"})
"""Languages that capitalise every noun."""


def is_sentence_end(text: str, language: Language | None = None) -> bool:
    """Check whether a sentence ends with a word."""
    stripped = text.rstrip(_CLOSING + " \u00a0\u202f")
    if language is not None and stripped.endswith((";", "\u037e")):
        return get_primary(language) == "el"
    if not stripped.endswith(_SENTENCE_ENDS) or _is_abbreviated(stripped):
        return False
    has_dotted_ordinals = language is not None and get_primary(language) in _DOT_MAKES_ORDINALS
    return not (
        has_dotted_ordinals and stripped.endswith(".") and _IS_ORDINAL.fullmatch(stripped.strip())
    )


def is_clause_end(text: str) -> bool:
    """Check whether a clause or a sentence ends with a word."""
    stripped = text.rstrip(_CLOSING + " \u00a0\u202f")
    return stripped.endswith(_CLAUSE_ENDS + _COMMAS) or is_sentence_end(text)


def _is_abbreviated(stripped: str) -> bool:
    """Check whether a full stop belongs to an abbreviation, such as ``Mr.`` or ``z.B.``."""
    if not stripped.endswith(".") or stripped.endswith(".."):
        return False
    word = stripped[:-1].strip(_CLOSING + " \u00a0([{«“‘¿¡-").lower()
    initial = len(word) == 1 and word.upper() != word and word not in ("i", "o")
    dotted = "." in word and all(len(part) == 1 for part in word.split("."))
    return initial or dotted or word in _ABBREVIATED


def compute_break_cost(before: str, after: str, language: Language) -> float:
    """Return the cost of a break between two words, on the scale of this module."""
    if is_sentence_end(before, language):
        return SENTENCE_COST
    stripped = before.rstrip(_CLOSING + " \u00a0\u202f")
    if stripped.endswith(_CLAUSE_ENDS):
        return CLAUSE_COST
    if stripped.endswith(_COMMAS):
        return COMMA_COST
    following = after.strip()
    if following.startswith(_OPENING):
        return QUOTE_COST
    primary = get_primary(language)
    if is_spaceless(language):
        return _phrase_break_cost(stripped, after, primary)
    return _word_break_cost(stripped.strip(), following, primary)


def _word_break_cost(before: str, after: str, primary: str) -> float:
    function_words = load_function_words(primary)
    word, following = _normalise_word(before), _normalise_word(after)
    if following in function_words.trailing:
        return UNBREAKABLE_COST
    if word in function_words.closing and following in function_words.conjunctions:
        # "I told you | that", "die er gesehen hatte | und".
        return CONJUNCTION_COST
    if function_words.is_leaning(word) or before.endswith(("'", "’")):
        return UNBREAKABLE_COST
    if _is_abbreviated(before):
        # "Mr. Smith" is one name; "z.B. das" and "U.S. troops" may be split if necessary.
        return NAME_COST if "." in before[:-1] else UNBREAKABLE_COST
    if following in function_words.conjunctions:
        return CONJUNCTION_COST
    if following in function_words.prepositions:
        return PREPOSITION_COST
    if following in function_words.leaning:
        return PHRASE_COST
    if (ending := _ending_cost(word, primary)) != DEFAULT_COST:
        return ending
    if before[-1:].isdigit() or (_is_name(before, primary) and _is_name(after, primary)):
        return NAME_COST
    return DEFAULT_COST


def _is_name(word: str, primary: str) -> bool:
    """Check whether a word is capitalised as a name: not in capitals, and not just a noun."""
    return (
        word[:1].isupper()
        and (len(word) == 1 or not word.isupper())
        and primary not in _NOUNS_LOOK_LIKE_NAMES
    )


@functools.lru_cache(maxsize=16384)
def _normalise_word(word: str) -> str:
    return word.strip(_CLOSING + " \u00a0([{«“„‘¿¡.,;:!?…-").replace("’", "'").lower()


def _phrase_break_cost(before: str, after: str, primary: str) -> float:
    """Return the cost without spaces between words: low at a space, high before a particle."""
    if after[:1].isspace() or before[-1:].isspace():
        return COMMA_COST
    function_words = load_function_words(primary)
    if _starts_with_any(after, function_words.trailing):
        return UNBREAKABLE_COST
    if before.endswith(function_words.endings):
        return NAME_COST
    if _starts_with_any(after, function_words.conjunctions):
        return CONJUNCTION_COST
    if _starts_with_any(after, function_words.prepositions):
        return PREPOSITION_COST
    if primary in _SYLLABLES:
        return NAME_COST
    last, first = detect_script(before[-1:]), detect_script(after[:1])
    if primary == "ja" and last == first and first in ("katakana", "han"):
        return NAME_COST
    return _ending_cost(before, primary)


def _starts_with_any(phrase: str, words: frozenset[str]) -> bool:
    """Check how a phrase begins. A word of one character must be all of it: 和平 is not 和."""
    return phrase in words or any(phrase[:length] in words for length in range(2, 7))


def _ending_cost(before: str, primary: str) -> float:
    """Return the cost by the ending of a word, in languages with particles or case endings."""
    for cost, endings in CLAUSE_ENDINGS.get(primary, ()):
        if before.endswith(endings):
            return cost
    return DEFAULT_COST
