"""Language identification of text: by its script, then by py3langid.

There are two checks. :func:`find_language_mismatch` judges a whole text before it is published,
and must hardly ever refuse a right one. :func:`language_mismatch_of_line` judges one line of a
translation.

The check of a whole text does not object where it cannot know:

- texts of fewer than :data:`MIN_LETTERS` letters: only their script is judged;
- languages that py3langid has not learned: again only the script is judged;
- languages that are written so much alike that a few hundred words do not tell them apart
  (:data:`CONFUSABLE_GROUPS`): each is accepted for any other of its group.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subtitled.plugin import Language

from .chinese import detect_chinese_script, has_clear_script

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

MIN_LETTERS = 80
"""Letters that a verdict by words needs. A character of Chinese, Japanese or Korean counts as 3."""
MIN_SCRIPT_LETTERS = 12
"""Letters that a verdict by script alone needs."""
MAX_LATIN_RATIO = 4
"""Latin letters per letter of its own script that a text may have: names, songs, commands."""
SAMPLE_LETTERS = 240
"""Letters that are judged together: some ten cues."""
MAX_SAMPLES = 24
"""Samples that are judged, spread over the whole text."""
MIN_FOREIGN_SHARE = 0.6
"""Share of the samples that must be in other languages for the text to be refused."""
MIN_PROBABILITY = 0.8
"""Probability of the best guess and its confusable languages from which it counts as a vote."""
MIN_LINE_LETTERS = 25
"""Letters below which no language is identified for a single line."""
CLEAR_MARGIN = 25.0
"""Difference of log-probabilities from which a line is clearly in another language. Near relatives
and lines full of names stay below."""

MAX_RANKED_LETTERS = 2000
"""Letters from which languages are ranked."""

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
_TWINS = tuple(
    frozenset(group.split())
    for group in ("sr hr bs sh cnr", "id ms", "no nb nn da", "zh cmn wuu yue lzh", "fa prs")
)
_LABEL_ALIASES = {"nb": "no", "nn": "no", "yue": "zh", "fil": "tl"}
"""Labels of one language that py3langid knows under another code."""

_SCRIPTS = {
    "Arab": ("ARABIC",),
    "Armn": ("ARMENIAN",),
    "Beng": ("BENGALI",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Ethi": ("ETHIOPIC",),
    "Geor": ("GEORGIAN",),
    "Grek": ("GREEK",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Hebr": ("HEBREW",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"),
    "Khmr": ("KHMER",),
    "Knda": ("KANNADA",),
    "Kore": ("HANGUL", "CJK"),
    "Laoo": ("LAO",),
    "Latn": ("LATIN",),
    "Mlym": ("MALAYALAM",),
    "Mymr": ("MYANMAR",),
    "Sinh": ("SINHALA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Thai": ("THAI",),
}
"""By ISO 15924 code, the first words of the Unicode names of a script's letters. Texts in other
scripts are not judged by script."""
_MULTI_SCRIPT_LANGUAGES = frozenset(
    {"sr", "sh", "bs", "cnr", "uz", "az", "kk", "tk", "tg", "mn", "ku", "ks"}
)
"""Languages written in several scripts. Their script is judged only if the tag states one."""
_DENSE_SCRIPTS = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"})
"""Scripts whose characters are syllables or words."""
_FIRST_DENSE = "\u1100"
"""The first letter of those scripts in Unicode."""
_NON_SPEECH_TEXT = re.compile(r"<[^<>]*>|\{[^{}]*\}|\[[^\[\]]*\]|https?://\S+|www\.\S+|[♪♫#*_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageEvidence:
    """What a text shows of its language, whatever language it should be in."""

    scripts: Mapping[str, int]
    """Letters by script. A character of Chinese, Japanese or Korean counts as 3."""
    sample_count: int
    """Samples that were judged by their words."""
    votes: Mapping[str, int]
    """Samples by the label of the language that they are clearly in, up to what decides."""
    chinese_script: str = ""
    """``Hans`` or ``Hant``, where the text is mostly Chinese."""
    has_clear_script: bool = False
    """Whether that is certain: many words are written so, and nearly none otherwise."""

    def find_mismatch(
        self, expected_language: Language, also_allowed: Iterable[Language] = ()
    ) -> Language | str | None:
        """Compare with the language that the text should be in; see the function of this name."""
        languages = (expected_language, *also_allowed)
        if (script_mismatch := _find_script_mismatch(self.scripts, languages)) is not None:
            return script_mismatch
        if any(_labels_for(language).isdisjoint(_known_labels()) for language in languages):
            return None
        expected = frozenset().union(*(_labels_for(language) for language in languages))
        foreign = {label: count for label, count in self.votes.items() if label not in expected}
        needed = MIN_FOREIGN_SHARE * self.sample_count
        if not self.sample_count or sum(foreign.values()) < needed:
            return None
        return Language(max(foreign, key=lambda label: (foreign[label], label)))

    def language(self) -> Language | None:
        """Return the language that the text is in; None if that is not clear."""
        if not self.sample_count or not self.votes:
            return None
        best = max(self.votes, key=lambda label: (self.votes[label], label))
        relatives = _labels_for(Language(best))
        agreeing = sum(count for label, count in self.votes.items() if label in relatives)
        if agreeing < MIN_FOREIGN_SHARE * self.sample_count:
            return None
        if best in ("zh", "wuu", "yue") and self.chinese_script:
            return Language(f"{'yue' if best == 'yue' else 'zh'}-{self.chinese_script}")
        if best in ("sr", "bs", "sh") and self.scripts.get("LATIN", 0) * 2 > sum(
            self.scripts.values()
        ):
            return Language("sr-Latn" if best == "sr" else best)
        return Language(best)


def gather_evidence(
    texts: Sequence[str], max_samples: int = MAX_SAMPLES, sample_letters: int = SAMPLE_LETTERS
) -> LanguageEvidence:
    """Look at the letters and words of a text.

    Args:
        texts: The cues of the text; tags and descriptions of sounds are ignored.
        max_samples: Most samples to judge, spread over the text.
        sample_letters: Letters of each.
    """
    full_text = " ".join(_NON_SPEECH_TEXT.sub(" ", text) for text in texts)
    scripts = _count_scripts(full_text)
    votes: defaultdict[str, int] = defaultdict(int)
    samples = list(_split_samples(full_text, max_samples, sample_letters))
    for sample in samples:
        best = _identify_clearly(sample)
        if best is not None:
            votes[best] += 1
            if votes[best] >= MIN_FOREIGN_SHARE * len(samples):
                break  # no vote of the others can change the verdict
    is_chinese = scripts.get("CJK", 0) * 2 > sum(scripts.values())
    return LanguageEvidence(
        scripts=scripts,
        sample_count=len(samples),
        votes=dict(votes),
        chinese_script=detect_chinese_script(full_text[:2000]) if is_chinese else "",
        has_clear_script=is_chinese and has_clear_script(full_text[:2000]),
    )


def _identify_clearly(sample: str) -> str | None:
    """Return the label of the language that a sample is in; None if that is not clear."""
    identifier, letters = _load_identifier(), _without_capitals(sample)
    best, probability = identifier.classify(letters)
    if probability < MIN_PROBABILITY:
        relatives = _labels_for(Language(best))
        ranked = identifier.rank(letters)
        probability = sum(share for label, share in ranked if label in relatives)
    return best if best != "zxx" and probability >= MIN_PROBABILITY else None


def find_language_mismatch(
    texts: Sequence[str], expected_language: Language, also_allowed: Iterable[Language] = ()
) -> Language | str | None:
    """Check whether a text is in the language that it is published under.

    Args:
        texts: The cues of the text; tags and descriptions of sounds are ignored.
        expected_language: The language that the text should be in.
        also_allowed: Languages that parts of the text may be in.

    Returns:
        None if there is no objection. Otherwise the language that the text is in, or a
        description of what is wrong with its script.
    """
    return gather_evidence(texts).find_mismatch(expected_language, also_allowed)


def are_twins(language: Language, other: Language) -> bool:
    """Check whether two languages are written so much alike that either name is right."""
    pair = {str(language.primary), str(other.primary)}
    return any(pair <= twins for twins in _TWINS)


def rank_languages(text: str) -> list[tuple[str, float]]:
    """Return labels of languages that a text may be in with their probabilities, best first."""
    letters = _without_capitals(_NON_SPEECH_TEXT.sub(" ", text)[:MAX_RANKED_LETTERS])
    return [(label, float(share)) for label, share in _load_identifier().rank(letters)]


def _without_capitals(text: str) -> str:
    """Return a text that is all in capitals in small letters, which the identifier knows better."""
    return text.lower() if text.isupper() else text


@functools.lru_cache(maxsize=4096)
def language_mismatch_of_line(text: str, language: Language) -> Language | None:
    """Return the language that a line is in, if that is clearly not the expected one."""
    if sum(c.isalpha() for c in text) < MIN_LINE_LETTERS:
        return None
    scores = {
        _LABEL_ALIASES.get(label, label): score
        for label, score in reversed(_load_likelihoods().rank(text.casefold()))
    }
    primary = str(language.primary)
    expected_score = scores.get(_LABEL_ALIASES.get(primary, primary))
    if expected_score is None:
        return None
    best = max(scores, key=lambda label: scores[label])
    if scores[best] - expected_score <= CLEAR_MARGIN:
        return None
    try:
        return Language(best)
    except ValueError:
        return None


@functools.lru_cache(maxsize=4096)
def script_share(text: str, language: Language) -> float:
    """Return the share of letters in the language's script; 1 where the script is unknown."""
    own_scripts = _scripts_of(language)
    scripts = [_script_of(character) for character in text if character.isalpha()]
    if not own_scripts or not scripts:
        return 1.0
    return sum(script in own_scripts for script in scripts) / len(scripts)


@functools.lru_cache(maxsize=256)
def _scripts_of(language: Language) -> tuple[str, ...]:
    return _SCRIPTS.get(language.script, ())


@functools.lru_cache(maxsize=16384)
def _script_of(character: str) -> str:
    """Return the first word of a character's Unicode name, such as ``LATIN``."""
    return unicodedata.name(character, "?").partition(" ")[0]


def _count_scripts(text: str) -> dict[str, int]:
    letter_counts: defaultdict[str, int] = defaultdict(int)
    for character, count in Counter(text).items():
        if character.isalpha():
            script = _script_of(character)
            letter_counts[script] += count * _letter_weight(script)
    return dict(letter_counts)


def _find_script_mismatch(
    letter_counts: Mapping[str, int], languages: Sequence[Language]
) -> str | None:
    total = sum(letter_counts.values())
    if total < MIN_SCRIPT_LETTERS:
        return None
    allowed: set[str] = set()
    for language in languages:
        is_ambiguous = (
            str(language.primary) in _MULTI_SCRIPT_LANGUAGES and not language.has_explicit_script
        )
        if is_ambiguous or not _scripts_of(language):
            return None
        allowed.update(_scripts_of(language))
    own = sum(letter_counts.get(script, 0) for script in allowed)
    latin = 0 if "LATIN" in allowed else letter_counts.get("LATIN", 0)
    if own >= total - own - latin and own * MAX_LATIN_RATIO >= latin:
        return None
    most_frequent = max(letter_counts, key=lambda script: letter_counts[script])
    return f"letters of another script ({most_frequent.lower()})"


def _split_samples(text: str, max_samples: int, sample_letters: int) -> Iterator[str]:
    """Yield samples of whole words, spread over the text; none if there are too few letters."""
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
        if letters >= sample_letters:
            samples.append(current)
            current, letters = [], 0
    if letters >= MIN_LETTERS or not samples:
        samples.append(current)
    step = max(1.0, len(samples) / max_samples)
    for number in range(min(len(samples), max_samples)):
        yield " ".join(samples[int(number * step)])


def _count_letters(word: str) -> int:
    if word.isascii() or max(word) < _FIRST_DENSE:
        return len(word) if word.isalpha() else sum(map(str.isalpha, word))
    return sum(map(_weigh_character, word))


@functools.lru_cache(maxsize=16384)
def _weigh_character(character: str) -> int:
    return _letter_weight(_script_of(character)) if character.isalpha() else 0


def _letter_weight(script: str) -> int:
    """Return how many letters a character of a script counts as."""
    return 3 if script in _DENSE_SCRIPTS else 1


@functools.cache
def _labels_for(language: Language) -> frozenset[str]:
    """Return the labels that the identifier may give a text in this language."""
    primary = str(language.primary)
    names = frozenset({primary, _LABEL_ALIASES.get(primary, primary)})
    return names.union(*(group for group in CONFUSABLE_GROUPS if primary in group))


@functools.cache
def _known_labels() -> frozenset[str]:
    return frozenset(_load_identifier().labels)


@functools.cache
def _load_identifier() -> LanguageIdentifier:
    """Load the model with normalised probabilities: about 0.5 s and 70 MB, once a process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@functools.cache
def _load_likelihoods() -> LanguageIdentifier:
    """Return an identifier that gives log-likelihoods. It shares the tables of the other one."""
    from py3langid.langid import LanguageIdentifier

    loaded = _load_identifier()
    return LanguageIdentifier(
        loaded.nb_ptc,
        loaded.nb_pc,
        loaded.nb_classes,
        loaded.tk_nextmove,
        loaded.tk_output,
        tk_row=loaded.tk_row,
    )
