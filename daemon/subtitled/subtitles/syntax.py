"""Where a sentence may be broken, and how well: punctuation, and words that lean on the next."""

from __future__ import annotations

import functools
import unicodedata

from subtitled.plugin import Language

_ENDS = tuple(".!?…。！？؟।۔")
_CLAUSE = tuple(";:—；：؛")
_COMMA = tuple(",，、،")
_CLOSING = "\"'”’)]}»」』】）"

_LEANING = {
    "en": "a an the of to in on at by for with from and or but as is are was were be my your his "
    "her its our their this that these those i you he she it we they not no very",
    "fr": "le la les l' un une des du de d' à au aux en dans par pour sur avec sans et ou mais que "
    "qui ne je tu il elle on nous vous ils elles mon ton son ma ta sa mes tes ses ce cette ces se",
    "es": "el la los las un una unos unas de del a al en con por para sin sobre y o pero que no mi "
    "tu su mis tus sus se me te le lo nos os es son",
    "de": "der die das den dem des ein eine einen einem einer eines in im an am auf zu zum zur von "
    "vom mit für aus bei nach und oder aber dass ist sind war nicht kein ich du er sie es wir",
    "it": "il lo la i gli le un uno una di del della a al alla da dal in nel nella con per su e o "
    "ma che non mi ti si ci vi",
    "pt": "o a os as um uma de do da dos das em no na nos nas por para com sem e ou mas que não me "
    "te se lhe meu minha seu sua",
}
_LEANS = {language: frozenset(words.split()) for language, words in _LEANING.items()}
_ABBREVIATED = frozenset(
    "mr mrs ms dr prof st vs etc jr sr no vol gen col capt lt sgt rev hon m mme mlle me sra srta "
    "dra hr fr nr bzw ca z.b d.h u.a e.g i.e sig dott".split()
)
"""A full stop after these ends no sentence."""

SPACELESS = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my"})
"""Languages that put no space between words."""
_NEVER_FIRST = frozenset(
    "、。，．：；！？）」』】〉》…ー々ゃゅょっァィゥェォッャュョぁぃぅぇぉ,.:;!?)]}%ะาำๅๆฯ"
)
"""Kinsoku: what may not begin a line; with it Thai vowels that follow their consonant."""
_NEVER_LAST = frozenset("（「『【〈《([{เแโใไ")
_JOINER = "\u200d"

_CLINGS = {
    "zh": frozenset("的了吗呢吧着过们得地么"),
    "yue": frozenset("嘅咗啦㗎喇咩呀啊"),
    "ja": frozenset("はがをにでとものやへねよかなさ"),
}
"""Characters that belong to the word before them."""


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with this word."""
    bare = text.rstrip(_CLOSING + " ")
    if not bare.endswith(_ENDS):
        return False
    if not bare.endswith("."):
        return True
    word = bare[:-1].strip(_CLOSING + " ([{«“‘").lower()
    initial = len(word) == 1 and word.isalpha() and word not in ("i", "o")
    return not initial and word not in _ABBREVIATED


def break_cost(before: str, after: str, language: Language) -> float:
    """How bad a break between two words is: 0 after a sentence, about 1 at a comma, 4 nowhere."""
    if ends_sentence(before):
        return 0.0
    bare = before.rstrip(_CLOSING + " ")
    if bare.endswith(_CLAUSE):
        return 0.8
    if bare.endswith(_COMMA):
        return 1.2
    primary = _primary(language)
    if primary in SPACELESS:
        return _between_characters(bare, after, primary)
    leaning = _LEANS.get(primary, frozenset())
    word = bare.strip().lower()
    if word in leaning or bare.endswith((".", "'", "’")):
        return 8.0
    return 2.4 if after.strip().lower() in leaning else 4.0


def _between_characters(before: str, after: str, primary: str) -> float:
    """Where words are not spaced: well at a space, badly before a particle or inside a run."""
    if after.startswith(" ") or before.endswith(" "):
        return 1.2
    last, first = before[-1:], after[:1]
    clinging = _CLINGS.get(primary, frozenset())
    if first in clinging:
        return 6.0
    if primary == "ja":
        if last in clinging and _script(first) != "hiragana":
            return 2.0
        same = _script(last) == _script(first)
        return 6.0 if same and _script(first) in ("katakana", "kanji") else 4.0
    return 4.0


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two pieces at all (kinsoku, and never inside a character)."""
    first = after.lstrip()[:1]
    last = before.rstrip()[-1:]
    return (
        first not in _NEVER_FIRST
        and last not in _NEVER_LAST
        and _JOINER not in (first, last)
        and not _attaches(after[:1])
    )


@functools.lru_cache(maxsize=4096)
def _attaches(character: str) -> bool:
    return bool(character) and unicodedata.category(character) in ("Mn", "Mc", "Me")


@functools.lru_cache(maxsize=4096)
def _script(character: str) -> str:
    name = unicodedata.name(character, "") if character else ""
    for prefix, script in (("HIRAGANA", "hiragana"), ("KATAKANA", "katakana"), ("CJK", "kanji")):
        if name.startswith(prefix):
            return script
    return ""


@functools.lru_cache(maxsize=256)
def _primary(language: Language) -> str:
    return str(language.primary)


def is_spaceless(language: Language) -> bool:
    """Whether a language puts no space between words."""
    return _primary(language) in SPACELESS
