"""Where a sentence may be broken, and how well: punctuation, and words that lean on the next.

The scale, from the weights of a prototype that was tuned on invented sentences: 0 after a
sentence, about 1 at a comma, 2 before a clause or a prepositional phrase, 4 anywhere, 12 inside
what belongs together.
"""

from __future__ import annotations

import functools
import re

from subtitled.plugin import Language

from ..scripts import is_spaceless, primary_of, script_of
from .function_words import CLAUSE_ENDINGS, function_words

SENTENCE = 0.0
CLAUSE = 0.8
COMMA = 1.2
QUOTE = 1.5
CONJUNCTION = 1.8
PREPOSITION = 2.4
PHRASE = 3.2
ANYWHERE = 4.0
NAME = 6.0
APART = 12.0

_ENDS = tuple(".!?…⋯。！？؟।۔॥։።។៕။‼⁇⁈⁉")
_CLAUSE = tuple(";:—；：؛–")
_COMMA = tuple(",，、،၊")
_CLOSING = "\"'”’)]}»›」』】）〉》"
_OPENING = tuple("([{«‹“„‘「『（【¿¡")

_ABBREVIATED = frozenset(
    "mr mrs ms dr prof st vs etc jr sr vol gen col capt lt sgt rev hon mt ft messrs mme mlle me mm "
    "sra srta dra ud uds hr fr nr bzw ca usw evtl ggf dott sig sigg avv ing geb abs tzv např tj "
    "apod mgr inż ul им г гг т д др стр bl dvs bijv mevr dhr kol dn".split()
)
"""A full stop after these ends no sentence."""
_DOT_MAKES_ORDINALS = frozenset("de da no nb nn fi cs sk pl hu sl hr sr bs et lv is tr".split())
_IS_ORDINAL = re.compile(r"\d{1,2}\.")
_SYLLABLES = frozenset({"lo", "km", "my"})
"""Languages of which only syllables are known: most of them are inside a word."""
_NOUNS_LOOK_LIKE_NAMES = frozenset({"de", "lb", "nds"})
"""Languages that begin every noun with a capital."""


def ends_sentence(text: str, language: Language | None = None) -> bool:
    """Whether a sentence ends with this word."""
    bare = text.rstrip(_CLOSING + " \u00a0\u202f")
    if language is not None and bare.endswith((";", "\u037e")):
        return primary_of(language) == "el"
    if not bare.endswith(_ENDS) or _is_abbreviated(bare):
        return False
    ordinal = language is not None and primary_of(language) in _DOT_MAKES_ORDINALS
    return not (ordinal and bare.endswith(".") and _IS_ORDINAL.fullmatch(bare.strip()))


def _is_abbreviated(bare: str) -> bool:
    """Whether its full stop belongs to the word: ``Mr.``, ``J.``, ``z.B.``"""
    if not bare.endswith(".") or bare.endswith(".."):
        return False
    word = bare[:-1].strip(_CLOSING + " \u00a0([{«“‘¿¡-").lower()
    initial = len(word) == 1 and word.upper() != word and word not in ("i", "o")
    dotted = "." in word and all(len(part) == 1 for part in word.split("."))
    return initial or dotted or word in _ABBREVIATED


def break_cost(before: str, after: str, language: Language) -> float:
    """How bad a break between two words is: 0 after a sentence, about 1 at a comma, 4 nowhere."""
    if ends_sentence(before, language):
        return SENTENCE
    bare = before.rstrip(_CLOSING + " \u00a0\u202f")
    if bare.endswith(_CLAUSE):
        return CLAUSE
    if bare.endswith(_COMMA):
        return COMMA
    following = after.strip()
    if following.startswith(_OPENING):
        return QUOTE
    primary = primary_of(language)
    if is_spaceless(language):
        return _between_phrases(bare, after, primary)
    return _between_words(bare.strip(), following, primary)


def _between_words(before: str, after: str, primary: str) -> float:
    small = function_words(primary)
    word, following = _bare(before), _bare(after)
    if following in small.trailing:
        return APART
    if word in small.closing and following in small.conjunctions:
        # "I told you | that", "die er gesehen hatte | und".
        return CONJUNCTION
    if small.leans(word) or before.endswith(("'", "’")):
        return APART
    if _is_abbreviated(before):
        # "Mr. Smith" is one name; "z.B. das" and "U.S. troops" may part if they must.
        return NAME if "." in before[:-1] else APART
    if following in small.conjunctions:
        return CONJUNCTION
    if following in small.prepositions:
        return PREPOSITION
    if following in small.leaning:
        return PHRASE
    if (ending := _after_ending(word, primary)) != ANYWHERE:
        return ending
    if before[-1:].isdigit() or (_is_name(before, primary) and _is_name(after, primary)):
        return NAME
    return ANYWHERE


def _is_name(word: str, primary: str) -> bool:
    """Whether a word has a capital that is not for the whole word and not for being a noun."""
    return (
        word[:1].isupper()
        and (len(word) == 1 or not word.isupper())
        and primary not in _NOUNS_LOOK_LIKE_NAMES
    )


@functools.lru_cache(maxsize=16384)
def _bare(word: str) -> str:
    return word.strip(_CLOSING + " \u00a0([{«“„‘¿¡.,;:!?…-").replace("’", "'").lower()


def _between_phrases(before: str, after: str, primary: str) -> float:
    """Where words are not spaced: well at a space, badly before a particle or inside a run."""
    if after[:1].isspace() or before[-1:].isspace():
        return COMMA
    small = function_words(primary)
    if _begins(after, small.trailing):
        return APART
    if before.endswith(small.endings):
        return NAME
    if _begins(after, small.conjunctions):
        return CONJUNCTION
    if _begins(after, small.prepositions):
        return PREPOSITION
    if primary in _SYLLABLES:
        return NAME
    last, first = script_of(before[-1:]), script_of(after[:1])
    if primary == "ja" and last == first and first in ("katakana", "han"):
        return NAME
    return _after_ending(before, primary)


def _begins(phrase: str, words: frozenset[str]) -> bool:
    """A word of one character must be the whole phrase: 和 is "and", 和平 is "peace"."""
    return phrase in words or any(phrase[:length] in words for length in range(2, 7))


def _after_ending(before: str, primary: str) -> float:
    """By the ending of a word, in languages whose endings say what it does in the sentence."""
    for cost, endings in CLAUSE_ENDINGS.get(primary, ()):
        if before.endswith(endings):
            return cost
    return ANYWHERE
