"""Finding where a recogniser misheard a name that it can be told, and writing the name there.

Whisper stops early or writes stop-words when it decodes with a short list of hotwords in front.
So nothing is decoded with hotwords here. The speech is transcribed without any. Then each place
whose spelling is close to a hotword is compared: is the hotword there more probable, to a decoder
that was told it, than what was transcribed? Only then the words of that place are replaced, and no
other word is touched. The functions here decide; :mod:`.scoring` asks the model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

from anyascii import anyascii

from subtitled.plugin import TimeSpan, Word
from subtitled.plugin.speech_timeline import SpeechTimeline

MIN_LETTERS = 4
"""Letters of a hotword below which everything sounds like it (Neo and no, Tom and to)."""
MIN_SIMILARITY = 0.7
"""Share of letters in common from which on doubtful words may be a hotword."""
MIN_SIMILARITY_CONFIDENT = 0.75
"""The same for words that the recogniser is sure of, and that make up more of the hotword."""
DOUBTFUL = 0.8
"""Confidence of a word below which it is doubtful."""
MIN_LETTERS_CONFIDENT = 6
"""The same where the recogniser is sure of the words that are close to it."""
MAX_HOTWORD_CHARS = 60
"""Characters of a hotword; what is longer is a sentence, and nobody's name."""
MAX_HOTWORDS = 2000
MAX_CANDIDATES = 12
"""Places compared in one window of 30 s, the most similar first."""
MIN_GAIN = 2.0
"""Natural logarithm of how much more probable a hotword must be than the words it replaces."""
MIN_GAIN_CONFIDENT = 3.0
"""The same where the recogniser was sure of all words."""
MAX_PAUSE_SECONDS = 1.5
"""Seconds of silence that no name has inside."""
MAX_ROUNDS = 3
"""Times that the names found in a window are looked for in it again."""
STEM_ENDING = 3
"""Letters after a hotword that are its ending: a plural, a case, a possessive."""

_MARKUP = re.compile(r"<[^<>]*>|[{}\[\]<>|\\\r\n\t]")
_EDGES = re.compile(r"^(\W*)(.*?)(\W*)$", re.DOTALL)
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place in the words of a window that may be a hotword.

    Attributes:
        first: Index of the first word that would be replaced.
        last: Index behind the last one.
        text: What would stand there, with the space and the marks of what it replaces.
        hotword: The hotword itself.
        similarity: Share of letters in common, 0 to 1.
        is_doubtful: Whether the recogniser doubts one of the words.
    """

    first: int
    last: int
    text: str
    hotword: str
    similarity: float
    is_doubtful: bool


def usable_hotwords(hotwords: Iterable[str]) -> list[str]:
    """Return the hotwords that can be looked for: no markup, no sentences, nothing too short."""
    found: dict[str, str] = {}
    for hotword in hotwords:
        plain = " ".join(_MARKUP.sub(" ", unicodedata.normalize("NFC", hotword)).split())
        letters = fold(plain)
        if len(plain) <= MAX_HOTWORD_CHARS and len(letters) >= MIN_LETTERS:
            found.setdefault(letters, plain)
        if len(found) == MAX_HOTWORDS:
            break
    return list(found.values())


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return the letters and digits of a text in lower case Latin, whatever its script."""
    return "".join(c for c in anyascii(text).casefold() if c.isalnum())


def find_candidates(words: Sequence[Word], hotwords: Sequence[str]) -> list[Candidate]:
    """Find the places of a window whose spelling is close to a hotword.

    Args:
        words: The words of one window, in order.
        hotwords: What :func:`usable_hotwords` returned.

    Returns:
        At most :data:`MAX_CANDIDATES` candidates, the most similar first. Several may overlap.
    """
    letters = [fold(word.text) for word in words]
    longest = max((len(fold(hotword)) for hotword in hotwords), default=0)
    spans = list(_spans(words, longest))
    if not spans:
        return []
    targets = [fold(hotword) for hotword in hotwords]
    texts = ["".join(letters[first:last]) for first, last in spans]
    from rapidfuzz import fuzz, process  # only the process with the model needs it

    scores = process.cdist(
        targets, texts, scorer=fuzz.ratio, score_cutoff=100 * MIN_SIMILARITY, workers=1
    )
    found: list[Candidate] = []
    for hotword, target, row in zip(hotwords, targets, scores, strict=True):
        near = [(float(row[n]) / 100, *spans[n]) for n in row.nonzero()[0]]
        taken = [span for span in near if _has_hotword("".join(letters[span[1] : span[2]]), target)]
        for similarity, first, last in sorted(near, key=lambda one: (-one[0], one[2] - one[1])):
            if any(first < other[2] and other[1] < last for other in taken):
                continue  # the hotword stands there already, or a better place overlaps
            taken.append((similarity, first, last))
            found += _candidates(words[first:last], hotword, similarity, first)
    return sorted(found, key=lambda one: (-one.similarity, one.first))[:MAX_CANDIDATES]


def _spans(words: Sequence[Word], longest: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of words that are not much longer than the longest hotword, and no pause."""
    letters = [fold(word.text) for word in words]
    pauses = [0.0, *(after.start - before.end for before, after in pairwise(words))]
    for first in range(len(letters)):
        size = 0
        for last in range(first, len(letters)):
            size += len(letters[last])
            if size > longest * 1.5 + 1 or (last > first and pauses[last] > MAX_PAUSE_SECONDS):
                break
            if letters[first] and letters[last] and size >= MIN_LETTERS - 1:
                yield first, last + 1


def _has_hotword(text: str, target: str) -> bool:
    return text.startswith(target) and len(text) - len(target) <= STEM_ENDING


def _candidates(
    words: Sequence[Word], hotword: str, similarity: float, first: int
) -> Iterator[Candidate]:
    doubtful = any((word.confidence or 0.0) < DOUBTFUL for word in words)
    is_long = len(fold(hotword)) >= MIN_LETTERS_CONFIDENT
    if not doubtful and not (is_long and similarity >= MIN_SIMILARITY_CONFIDENT):
        return
    text = "".join(word.text for word in words)
    match = _EDGES.match(text)
    before, inside, after = match.groups() if match else ("", text, "")
    possessive = _POSSESSIVE.search(inside)
    last = first + len(words)
    endings = {"", possessive.group() if possessive and not hotword.endswith("s") else ""}
    for ending in sorted(endings):
        yield Candidate(
            first=first,
            last=last,
            text=f"{before}{hotword}{ending}{after}",
            hotword=hotword,
            similarity=similarity,
            is_doubtful=doubtful,
        )


def is_accepted(candidate: Candidate, gain: float) -> bool:
    """Tell whether a candidate is so much more probable that it replaces the words.

    Args:
        candidate: The place and what would stand there.
        gain: Natural logarithm of how much more probable it is than the words.
    """
    return gain >= (MIN_GAIN if candidate.is_doubtful else MIN_GAIN_CONFIDENT)


def choose(compared: Iterable[tuple[Candidate, float]]) -> list[Candidate]:
    """Choose the accepted candidates; of those that overlap, the most probable one."""
    chosen: list[Candidate] = []
    accepted = [pair for pair in compared if is_accepted(*pair)]
    for candidate, _ in sorted(accepted, key=lambda pair: -pair[1]):
        if all(candidate.last <= c.first or c.last <= candidate.first for c in chosen):
            chosen.append(candidate)
    return sorted(chosen, key=lambda candidate: candidate.first)


def replace_words(words: Sequence[Word], chosen: Iterable[Candidate]) -> list[Word]:
    """Return the words with those of the chosen candidates replaced, at the same times."""
    result: list[Word] = []
    at = 0
    for candidate in chosen:
        result += words[at : candidate.first]
        result += _replaced(words[candidate.first : candidate.last], candidate.text)
        at = candidate.last
    return [*result, *words[at:]]


def _replaced(words: Sequence[Word], text: str) -> Iterator[Word]:
    """Yield the words of a text over the time of other words, by their letters."""
    parts = re.findall(r"\s*\S+", text.rstrip())
    sizes = [max(1, len(part.strip())) for part in parts]
    timeline = SpeechTimeline([TimeSpan(word.start, word.end) for word in words])
    rate, start = timeline.duration / sum(sizes), 0.0
    confidences = [word.confidence for word in words if word.confidence is not None]
    confidence = max(confidences, default=None)
    for part, size in zip(parts, sizes, strict=True):
        place = timeline.place(start, start + rate * size)
        yield Word(text=part, start=place.start, end=place.end, confidence=confidence)
        start += rate * size


class Scorer(Protocol):
    """What compares candidates with the words of one window."""

    def compare(
        self, words: Sequence[Word], candidates: Sequence[Candidate]
    ) -> list[tuple[Candidate, float]]:
        """Return how much more probable each candidate is, as a natural logarithm."""


def correct_names(
    words: list[Word], hotwords: Sequence[str], make_scorer: Callable[[], Scorer]
) -> list[Word]:
    """Write hotwords where they are more probable than the words of a window.

    A name that stands in the text makes itself more probable further on. So the names that were
    found are looked for again.

    Args:
        words: The words of the window, in order.
        hotwords: What :func:`usable_hotwords` returned.
        make_scorer: Makes the scorer of the window. It is called only if there is a candidate.

    Returns:
        The words, with other words only where a hotword is.
    """
    scorer: Scorer | None = None
    wanted = hotwords
    for _ in range(MAX_ROUNDS):
        candidates = find_candidates(words, wanted)
        if not candidates:
            break
        scorer = scorer or make_scorer()
        chosen = choose(scorer.compare(words, candidates))
        if not chosen:
            break
        words = replace_words(words, chosen)
        wanted = list(dict.fromkeys(candidate.hotword for candidate in chosen))
    return words
