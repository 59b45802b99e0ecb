"""Whether a text is in the language that its name will say: by script, then by py3langid.

It is asked of every text before it is published, so it must hardly ever be wrong about a right
one. Where it cannot know, it does not object:

- texts of fewer than :data:`MIN_LETTERS` letters, of which only a wrong script is said;
- languages that it has not learned, of which again only the script is looked at;
- languages that are written so much alike that a few hundred words do not tell them apart
  (:data:`CONFUSABLE_GROUPS`): one of them is taken for any other of its group.

In which script and language a line is, as far as can be told of a line.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import langcodes

from subtitled.plugin import Language

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


MIN_LETTERS = 80
"""Letters that a verdict by words needs; signs of Chinese, Japanese and Korean count thrice."""
MIN_SCRIPT_LETTERS = 12
"""Letters that a verdict by script alone needs."""
MAX_LATIN_RATIO = 4
"""Latin letters to one of its own that a text in another script may have: names, songs, commands.
"""
SAMPLE_LETTERS = 240
"""Letters that are judged together: some ten cues."""
MAX_SAMPLES = 24
"""Pieces, spread over the whole text, that are judged."""
MIN_FOREIGN_SHARE = 0.6
"""The share of the pieces that must be in other languages for the text to be refused."""
MIN_PROBABILITY = 0.8
"""How probable the best guess, with its relatives, must be to count against the text."""

CONFUSABLE_GROUPS = tuple(
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

_SCRIPT_PREFIXES = {
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
_MULTI_SCRIPT_LANGUAGES = frozenset(
    {"sr", "sh", "bs", "cnr", "uz", "az", "kk", "tk", "tg", "mn", "ku", "ks"}
)
"""Languages written in several scripts: the script is looked at only if the tag states one."""
_NON_SPEECH_TEXT = re.compile(r"<[^>]*>|\{[^}]*\}|\[[^\]]*\]|https?://\S+|www\.\S+|[♪♫#*_]")
_DENSE_SCRIPTS = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"})


def find_language_mismatch(
    texts: Sequence[str], expected_language: Language, also_allowed: Iterable[Language] = ()
) -> Language | str | None:
    """Why a text is not in the language that it is named by, or None.

    The language that it is in instead, or what is wrong with its script, in words. ``also`` are
    languages that parts of it are in by right.
    """
    full_text = " ".join(_NON_SPEECH_TEXT.sub(" ", text) for text in texts)
    languages = (expected_language, *also_allowed)
    if (script_mismatch := _find_script_mismatch(full_text, languages)) is not None:
        return script_mismatch
    if any(_labels_for(language).isdisjoint(_known_labels()) for language in languages):
        return None
    expected = frozenset().union(*(_labels_for(language) for language in languages))
    samples = list(_split_samples(full_text))
    votes: defaultdict[str, int] = defaultdict(int)
    for sample in samples:
        ranked = _load_identifier().rank(sample)
        best = ranked[0][0]
        best_labels = _labels_for(Language(best))
        probability = sum(share for label, share in ranked if label in best_labels)
        if best not in expected and best != "zxx" and probability >= MIN_PROBABILITY:
            votes[best] += 1
    if not samples or sum(votes.values()) < MIN_FOREIGN_SHARE * len(samples):
        return None
    return Language(max(votes, key=lambda label: (votes[label], label)))


def _find_script_mismatch(text: str, languages: Sequence[Language]) -> str | None:
    letter_counts: defaultdict[str, int] = defaultdict(int)
    for character in filter(str.isalpha, text):
        script = unicodedata.name(character, "?").split(" ")[0]
        letter_counts[script] += _letter_value(script)
    total = sum(letter_counts.values())
    if total < MIN_SCRIPT_LETTERS:
        return None
    allowed: set[str] = set()
    for language in languages:
        script = language.script
        is_ambiguous = (
            str(language.primary) in _MULTI_SCRIPT_LANGUAGES and not language.has_explicit_script
        )
        if is_ambiguous or script not in _SCRIPT_PREFIXES:
            return None
        allowed.update(_SCRIPT_PREFIXES[script])
    own = sum(letter_counts[name] for name in allowed)
    latin = 0 if "LATIN" in allowed else letter_counts["LATIN"]
    if own >= total - own - latin and own * MAX_LATIN_RATIO >= latin:
        return None
    return f"letters of another script ({max(letter_counts, key=lambda name: letter_counts[name]).lower()})"


def _split_samples(text: str) -> Iterator[str]:
    """Pieces of whole words, spread over the text; none if there are too few letters."""
    words = text.split()
    weights = [_count_letters(word) for word in words]
    total = sum(weights)
    if total < MIN_LETTERS:
        return
    samples: list[list[str]] = []
    current: list[str] = []
    letters = 0
    for word, weight in zip(words, weights, strict=True):
        current.append(word)
        letters += weight
        if letters >= SAMPLE_LETTERS:
            samples.append(current)
            current, letters = [], 0
    if letters >= MIN_LETTERS or not samples:
        samples.append(current)
    step = max(1.0, len(samples) / MAX_SAMPLES)
    for number in range(min(len(samples), MAX_SAMPLES)):
        yield " ".join(samples[int(number * step)])


def _count_letters(word: str) -> int:
    return sum(
        _letter_value(unicodedata.name(character, "?").split(" ")[0])
        for character in word
        if character.isalpha()
    )


def _letter_value(script: str) -> int:
    """How many letters a sign of a script counts for."""
    return 3 if script in _DENSE_SCRIPTS else 1


@functools.cache
def _labels_for(language: Language) -> frozenset[str]:
    """What the identifier may call a text in this language."""
    primary = str(language.primary)
    return frozenset({primary}).union(*(group for group in CONFUSABLE_GROUPS if primary in group))


@functools.cache
def _known_labels() -> frozenset[str]:
    return frozenset(_load_identifier().labels)


@functools.cache
def _load_identifier() -> LanguageIdentifier:
    """Half a second, and some 40 MB, the first time that a text is looked at."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


MIN_LINE_LETTERS = 25
"""Letters below which no language is told."""
CLEAR_MARGIN = 25.0
"""By how much the logarithm of another language's probability must be higher: near relatives, and
lines full of names, stay below."""

_SCRIPTS = {
    "Latn": ("LATIN",),
    "Cyrl": ("CYRILLIC",),
    "Grek": ("GREEK",),
    "Arab": ("ARABIC",),
    "Hebr": ("HEBREW",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA"),
    "Kore": ("HANGUL", "CJK"),
    "Thai": ("THAI",),
    "Laoo": ("LAO",),
    "Khmr": ("KHMER",),
    "Mymr": ("MYANMAR",),
    "Deva": ("DEVANAGARI",),
    "Beng": ("BENGALI",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Knda": ("KANNADA",),
    "Mlym": ("MALAYALAM",),
    "Sinh": ("SINHALA",),
    "Geor": ("GEORGIAN",),
    "Armn": ("ARMENIAN",),
    "Ethi": ("ETHIOPIC",),
}
"""What the Unicode names of a script's letters begin with, by its ISO 15924 code."""
_SAME_LANGUAGE = {"nb": "no", "nn": "no", "yue": "zh", "fil": "tl"}
"""Languages that are told as another."""


@functools.lru_cache(maxsize=256)
def _script_prefixes(language: Language) -> tuple[str, ...]:
    script = langcodes.Language.get(language).maximize().script or ""
    return _SCRIPTS.get(script, ())


@functools.lru_cache(maxsize=4096)
def script_share(text: str, language: Language) -> float:
    """The share of letters that are of the language's script; 1 where the script is unknown."""
    beginnings = _script_prefixes(language)
    names = [unicodedata.name(c, "") for c in text if unicodedata.category(c)[0] == "L"]
    if not beginnings or not names:
        return 1.0
    return sum(name.startswith(beginnings) for name in names) / len(names)


@functools.lru_cache(maxsize=4096)
def language_mismatch_of_line(text: str, language: Language) -> Language | None:
    """The language that a text is in, if that is clearly not the one it should be in."""
    if sum(c.isalpha() for c in text) < MIN_LINE_LETTERS:
        return None
    import py3langid

    scores = {
        _unicode_name(name): score for name, score in reversed(py3langid.rank(text.casefold()))
    }
    mine = scores.get(_unicode_name(str(language.primary)))
    if mine is None:
        return None
    best = max(scores, key=lambda name: scores[name])
    if scores[best] - mine <= CLEAR_MARGIN:
        return None
    try:
        return Language(best)
    except ValueError:
        return None


def _unicode_name(name: str) -> str:
    return _SAME_LANGUAGE.get(name, name)
