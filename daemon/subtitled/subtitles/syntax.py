"""Where a sentence may be broken, and how well: punctuation, and words that lean on the next."""

from __future__ import annotations

from subtitled.plugin import Language

_ENDS = tuple(".!?…。！？؟।")
_CLAUSE = tuple(";:—；：")
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

SPACELESS = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my"})
"""Languages that put no space between words."""
_NEVER_FIRST = frozenset("、。，．：；！？）」』】〉》…ー々ゃゅょっァィゥェォッャュョ,.:;!?)]}%")
"""Kinsoku: what may not begin a line."""
_NEVER_LAST = frozenset("（「『【〈《([{")


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with this word."""
    return text.rstrip(_CLOSING + " ").endswith(_ENDS)


def break_cost(before: str, after: str, language: Language) -> float:
    """How bad a break between two words is: 0 after a sentence, about 1 at a comma, 4 nowhere."""
    bare = before.rstrip(_CLOSING + " ")
    if bare.endswith(_ENDS):
        return 0.0
    if bare.endswith(_CLAUSE):
        return 0.8
    if bare.endswith(_COMMA):
        return 1.2
    leaning = _LEANS.get(str(language.primary), frozenset())
    if bare.strip().lower() in leaning:
        return 8.0
    if after.strip().lower() in leaning:
        return 2.4
    return 4.0


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two pieces at all (kinsoku)."""
    first = after.lstrip()[:1]
    last = before.rstrip()[-1:]
    return first not in _NEVER_FIRST and last not in _NEVER_LAST
