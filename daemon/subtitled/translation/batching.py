"""Batching: words are joined into sentences across cues, and sentences into batches by scene."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Language, Word
from subtitled.subtitles.segmentation.syntax import compute_break_cost, is_sentence_end

MAX_PAUSE_SECONDS = 2.0
"""Seconds of silence that end a sentence. Style guides treat it as a pause of its own."""
BREATH_SECONDS = 0.7
"""The same for engines that write no full stops."""
MAX_SENTENCE_CHARS = 300
"""Characters above which a sentence is cut, where it reads best."""
MAX_WORDS_PER_MARK = 40
"""Words per full stop up to which an engine counts as writing full stops."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Consecutive words that are translated as one text."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The text of the sentence."""
        return "".join(word.text for word in self.words).strip()

    @property
    def start(self) -> float:
        """The start of its first word, in seconds."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """The end of its last word, in seconds."""
        return self.words[-1].end


def split_into_sentences(words: Sequence[Word], language: Language) -> list[Sentence]:
    """Split repaired words into sentences, each word into exactly one."""
    full_stops = sum(is_sentence_end(word.text, language) for word in words)
    pause = MAX_PAUSE_SECONDS if full_stops * MAX_WORDS_PER_MARK >= len(words) else BREATH_SECONDS
    sentences: list[Sentence] = []
    first = 0
    for last in range(1, len(words) + 1):
        if last == len(words) or _ends_sentence(words[first:last], words[last], language, pause):
            sentences += _cut_long_sentence(words[first:last], language)
            first = last
    return sentences


def _ends_sentence(
    sentence_words: Sequence[Word], next_word: Word, language: Language, pause: float
) -> bool:
    """Return whether a sentence ends before ``next_word``."""
    if (
        next_word.speaker != sentence_words[-1].speaker
        or next_word.start - sentence_words[-1].end > pause
    ):
        return True
    after = next_word.text.strip()
    if after[0].islower() or not any(map(str.isalnum, after)):
        return False  # The sentence continues, or a mark closes it.
    return is_sentence_end(_last_word(sentence_words), language)


def _last_word(sentence_words: Sequence[Word]) -> str:
    """Return the last word with the marks behind it, which may be separate words."""
    text = ""
    for word in reversed(sentence_words):
        text = word.text + text
        if any(map(str.isalnum, word.text)):
            break
    return text


def _cut_long_sentence(words: Sequence[Word], language: Language) -> list[Sentence]:
    """Return the sentence, or its parts if it is too long, cut where that costs least."""
    lengths = list(itertools.accumulate(len(word.text) for word in words))
    if lengths[-1] <= MAX_SENTENCE_CHARS or len(words) < 2:
        return [Sentence(tuple(words))]

    def cost(at: int) -> float:
        before, after = words[at - 1], words[at]
        uneven = abs(lengths[at - 1] / lengths[-1] - 0.5)
        silence = min(after.start - before.end, 1.0)
        return compute_break_cost(before.text, after.text, language) + 8 * uneven - 4 * silence

    at = min(range(1, len(words)), key=cost)
    return [*_cut_long_sentence(words[:at], language), *_cut_long_sentence(words[at:], language)]


MAX_BATCH_CHARS = 4000
"""Characters of one batch. A model's answer to a longer one may be cut off."""


def scene_batches(sentences: Sequence[Sentence], size: int) -> list[range]:
    """Group sentences into batches by scene.

    Args:
        sentences: All sentences, in order.
        size: The most sentences in a batch.

    Returns:
        The numbers of the sentences of each batch. A batch ends in the longest silence of its
        second
        half.
    """
    size = max(1, size)
    batches: list[range] = []
    first = 0
    while first < len(sentences):
        last = _batch_end(sentences, first, size)
        if last < len(sentences):
            candidates = range(first + max(1, (last - first) // 2), last + 1)
            last = max(candidates, key=lambda at: (sentences[at].start - sentences[at - 1].end, at))
        batches.append(range(first, last))
        first = last
    return batches


def _batch_end(sentences: Sequence[Sentence], start: int, size: int) -> int:
    """Return the number after the last sentence that fits into a batch."""
    letters = 0
    for number in range(start, min(start + size, len(sentences))):
        letters += len(sentences[number].text)
        if letters > MAX_BATCH_CHARS and number > start:
            return number
    return min(start + size, len(sentences))
