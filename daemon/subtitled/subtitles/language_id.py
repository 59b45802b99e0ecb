"""Language identification of text: by its script, then by py3langid.

There are two checks. :func:`find_language_mismatch` judges a whole text before it is published,
and must hardly ever refuse a right one. :func:`language_mismatch_of_line` judges one line of a
translation.

The check of a whole text does not object where it cannot know:

- texts of fewer than :data:`MIN_LETTERS` letters: only their script is judged;
- languages that py3langid has not learned: again only the script is judged;
- languages that are written so much alike that a few hundred words do not tell them apart: each is
  accepted for any other of its group in ``language_model.CONFUSABLE_GROUPS``.

Where nobody says which of these a text is in, :mod:`.close_languages` may tell by its words.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from subtitled.plugin import Language

from .chinese import detect_chinese_script, has_clear_script
from .close_languages import SERBO_CROATIAN, find_close_language
from .language_model import (
    LABEL_ALIASES,
    classify_text,
    known_labels,
    labels_for,
    rank_labels,
    rank_likelihoods,
)
from .letters import count_letters, count_scripts, find_script_mismatch

MIN_LETTERS = 80
"""Letters that a verdict by words needs. A character of Chinese, Japanese or Korean counts as 3."""
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
    close_language: str = ""
    """Which of the languages that are written like it its words tell; empty if they do not."""

    def find_mismatch(
        self, expected_language: Language, also_allowed: Iterable[Language] = ()
    ) -> Language | str | None:
        """Compare with the language that the text should be in; see the function of this name."""
        languages = (expected_language, *also_allowed)
        if (script_mismatch := find_script_mismatch(self.scripts, languages)) is not None:
            return script_mismatch
        if any(labels_for(language).isdisjoint(known_labels()) for language in languages):
            return None
        expected = frozenset().union(*(labels_for(language) for language in languages))
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
        relatives = labels_for(Language(best))
        agreeing = sum(count for label, count in self.votes.items() if label in relatives)
        if agreeing < MIN_FOREIGN_SHARE * self.sample_count:
            return None
        best = self._name_close(best)
        if best in ("zh", "wuu", "yue") and self.chinese_script:
            return Language(f"{'yue' if best == 'yue' else 'zh'}-{self.chinese_script}")
        if best in SERBO_CROATIAN.labels:
            if self._is_mostly("CYRILLIC"):
                return Language("sr")
            if best == "sr" and self._is_mostly("LATIN"):
                return Language("sr-Latn")
        return Language(best)

    def _name_close(self, label: str) -> str:
        """Return a label, or the one of a language written like it that the words tell."""
        if not self.close_language or LABEL_ALIASES.get(label) == self.close_language:
            return label
        return self.close_language

    def _is_mostly(self, script: str) -> bool:
        return self.scripts.get(script, 0) * 2 > sum(self.scripts.values())


def gather_evidence(
    texts: Sequence[str],
    max_samples: int = MAX_SAMPLES,
    sample_letters: int = SAMPLE_LETTERS,
    *,
    is_recognised: bool = False,
) -> LanguageEvidence:
    """Look at the letters and words of a text.

    Args:
        texts: The cues of the text; tags and descriptions of sounds are ignored.
        max_samples: Most samples to judge, spread over the text.
        sample_letters: Letters of each.
        is_recognised: Whether a recogniser wrote it, whose spelling tells nothing of the speaker.
    """
    full_text = " ".join(_NON_SPEECH_TEXT.sub(" ", text) for text in texts)
    scripts = count_scripts(full_text)
    votes: defaultdict[str, int] = defaultdict(int)
    samples = list(_split_samples(full_text, max_samples, sample_letters))
    for sample in samples:
        best = _identify_clearly(sample)
        if best is not None:
            votes[best] += 1
            if votes[best] >= MIN_FOREIGN_SHARE * len(samples):
                break  # no vote of the others can change the verdict
    close = None
    if votes:
        label = max(votes, key=lambda label: (votes[label], label))
        close = find_close_language(full_text, label, is_recognised=is_recognised)
    is_chinese = scripts.get("CJK", 0) * 2 > sum(scripts.values())
    return LanguageEvidence(
        scripts=scripts,
        sample_count=len(samples),
        votes=dict(votes),
        chinese_script=detect_chinese_script(full_text[:2000]) if is_chinese else "",
        has_clear_script=is_chinese and has_clear_script(full_text[:2000]),
        close_language=str(close) if close is not None else "",
    )


def _identify_clearly(sample: str) -> str | None:
    """Return the label of the language that a sample is in; None if that is not clear."""
    letters = _without_capitals(sample)
    best, probability = classify_text(letters)
    if probability < MIN_PROBABILITY:
        relatives = labels_for(Language(best))
        probability = sum(share for label, share in rank_labels(letters) if label in relatives)
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


def rank_languages(text: str) -> list[tuple[str, float]]:
    """Return labels of languages that a text may be in with their probabilities, best first."""
    letters = _without_capitals(_NON_SPEECH_TEXT.sub(" ", text)[:MAX_RANKED_LETTERS])
    return rank_labels(letters)


def _without_capitals(text: str) -> str:
    """Return a text that is all in capitals in small letters, which the identifier knows better."""
    return text.lower() if text.isupper() else text


@functools.lru_cache(maxsize=4096)
def language_mismatch_of_line(text: str, language: Language) -> Language | None:
    """Return the language that a line is in, if that is clearly not the expected one."""
    if sum(c.isalpha() for c in text) < MIN_LINE_LETTERS:
        return None
    scores = {
        LABEL_ALIASES.get(label, label): score
        for label, score in reversed(rank_likelihoods(text.casefold()))
    }
    primary = str(language.primary)
    expected_score = scores.get(LABEL_ALIASES.get(primary, primary))
    if expected_score is None:
        return None
    best = max(scores, key=lambda label: scores[label])
    if scores[best] - expected_score <= CLEAR_MARGIN:
        return None
    try:
        return Language(best)
    except ValueError:
        return None


def _split_samples(text: str, max_samples: int, sample_letters: int) -> Iterator[str]:
    """Yield samples of whole words, spread over the text; none if there are too few letters."""
    words = text.split()
    weights = [count_letters(word) for word in words]
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
