"""Whether a text is in the language that its name will say: by script, then by py3langid.

It is asked of every text before it is published, so it must hardly ever be wrong about a right
one. Where it cannot know, it does not object:

- texts of fewer than :data:`LEAST` letters, of which only a wrong script is said;
- languages that it has not learned, of which again only the script is looked at;
- languages that are written so much alike that a few hundred words do not tell them apart
  (:data:`ALIKE`): one of them is taken for any other of its group.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from subtitled.plugin import Language

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LEAST = 80
"""Letters that a verdict by words needs; signs of Chinese, Japanese and Korean count thrice."""
LEAST_BY_SCRIPT = 12
"""Letters that a verdict by script alone needs."""
LATIN = 4
"""Latin letters to one of its own that a text in another script may have: names, songs, commands.
"""
PIECE = 240
"""Letters that are judged together: some ten cues."""
PIECES = 24
"""Pieces, spread over the whole text, that are judged."""
FOREIGN = 0.6
"""The share of the pieces that must be in other languages for the text to be refused."""
CERTAIN = 0.8
"""How probable the best guess, with its relatives, must be to count against the text."""

ALIKE = tuple(
    frozenset(group.split())
    for group in (
        "no nb nn da",
        "sr hr bs sh cnr me",
        "id ms",
        "zh cmn yue wuu lzh",
        "hi ur mr ne",
        "cs sk",
        "bg mk",
        "gl pt",
        "ca oc an es ext",
        "af nl",
        "fa prs tg",
        "fr gcf gcr wa",
        "en pcm",
        "de lb",
        "lv ltg",
        "uz uzs",
        "gn gug",
        "zu xh st nso sn rw",
        "ar ary arz",
        "az tr tk crh",
        "it vec lij",
    )
)
"""Groups of languages whose texts are not told apart."""

_SCRIPTS = {
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"),
    "Kore": ("HANGUL", "CJK"),
    "Latn": ("LATIN",),
    "Cyrl": ("CYRILLIC",),
    "Grek": ("GREEK",),
    "Arab": ("ARABIC",),
    "Hebr": ("HEBREW",),
    "Thai": ("THAI",),
    "Deva": ("DEVANAGARI",),
    "Beng": ("BENGALI",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Geor": ("GEORGIAN",),
    "Armn": ("ARMENIAN",),
}
"""How the Unicode names of a script's letters begin. Of other scripts nothing is said."""
_BOTH_WAYS = frozenset({"sr", "sh", "bs", "cnr", "uz", "az", "kk", "tk", "tg", "mn", "ku", "ks"})
"""Languages written in several scripts: the script is looked at only if the tag states one."""
_NO_WORDS = re.compile(r"<[^>]*>|\{[^}]*\}|\[[^\]]*\]|https?://\S+|www\.\S+|[♪♫#*_]")
_ORTHOGRAPHIES_OF_CHINESE = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"})


def objection(
    texts: Sequence[str], named: Language, also: Iterable[Language] = ()
) -> Language | str | None:
    """Why a text is not in the language that it is named by, or None.

    The language that it is in instead, or what is wrong with its script, in words. ``also`` are
    languages that parts of it are in by right.
    """
    whole = " ".join(_NO_WORDS.sub(" ", text) for text in texts)
    languages = (named, *also)
    if (wrong := _wrong_script(whole, languages)) is not None:
        return wrong
    if any(_labels(language).isdisjoint(_known()) for language in languages):
        return None
    expected = frozenset().union(*(_labels(language) for language in languages))
    pieces = list(_pieces(whole))
    against: defaultdict[str, int] = defaultdict(int)
    for piece in pieces:
        ranked = _identifier().rank(piece)
        best = ranked[0][0]
        its = _labels(Language(best))
        probability = sum(share for label, share in ranked if label in its)
        if best not in expected and best != "zxx" and probability >= CERTAIN:
            against[best] += 1
    if not pieces or sum(against.values()) < FOREIGN * len(pieces):
        return None
    return Language(max(against, key=lambda label: (against[label], label)))


def _wrong_script(text: str, languages: Sequence[Language]) -> str | None:
    counted: defaultdict[str, int] = defaultdict(int)
    for character in filter(str.isalpha, text):
        script = unicodedata.name(character, "?").split(" ")[0]
        counted[script] += _worth(script)
    total = sum(counted.values())
    if total < LEAST_BY_SCRIPT:
        return None
    allowed: set[str] = set()
    for language in languages:
        script = language.script
        several = str(language.primary) in _BOTH_WAYS and not language.states_script
        if several or script not in _SCRIPTS:
            return None
        allowed.update(_SCRIPTS[script])
    own = sum(counted[name] for name in allowed)
    latin = 0 if "LATIN" in allowed else counted["LATIN"]
    if own >= total - own - latin and own * LATIN >= latin:
        return None
    return f"letters of another script ({max(counted, key=lambda name: counted[name]).lower()})"


def _pieces(text: str) -> Iterator[str]:
    """Pieces of whole words, spread over the text; none if there are too few letters."""
    words = text.split()
    weights = [_weight(word) for word in words]
    total = sum(weights)
    if total < LEAST:
        return
    pieces: list[list[str]] = []
    open_piece: list[str] = []
    filled = 0
    for word, weight in zip(words, weights, strict=True):
        open_piece.append(word)
        filled += weight
        if filled >= PIECE:
            pieces.append(open_piece)
            open_piece, filled = [], 0
    if filled >= LEAST or not pieces:
        pieces.append(open_piece)
    step = max(1.0, len(pieces) / PIECES)
    for number in range(min(len(pieces), PIECES)):
        yield " ".join(pieces[int(number * step)])


def _weight(word: str) -> int:
    return sum(_worth(unicodedata.name(one, "?").split(" ")[0]) for one in word if one.isalpha())


def _worth(script: str) -> int:
    """How many letters a sign of a script counts for."""
    return 3 if script in _ORTHOGRAPHIES_OF_CHINESE else 1


@functools.cache
def _labels(language: Language) -> frozenset[str]:
    """What the identifier may call a text in this language."""
    primary = str(language.primary)
    return frozenset({primary}).union(*(group for group in ALIKE if primary in group))


@functools.cache
def _known() -> frozenset[str]:
    return frozenset(_identifier().labels)


@functools.cache
def _identifier() -> LanguageIdentifier:
    """Half a second, and some 40 MB, the first time that a text is looked at."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
