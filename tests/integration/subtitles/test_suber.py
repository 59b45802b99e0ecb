"""SubER equals the result of the authors' package (subtitle-edit-rate on PyPI)."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from suber.data_types import LineBreak, Subtitle, TimedWord
from suber.metrics.suber import calculate_SubER

from subtitled.plugin import Cue, Language
from subtitled.subtitles.evaluation.suber import compute_suber

EN = Language("en")
FEW = "a b c d".split()
MANY = "the a of house we they went home and it was long way dark now nobody saw us leave".split()


def published(hypothesis: Sequence[Cue], reference: Sequence[Cue]) -> float:
    return calculate_SubER(_subtitles(hypothesis), _subtitles(reference))


def _subtitles(cues: Sequence[Cue]) -> list[Subtitle]:
    created = []
    for number, cue in enumerate(cues, 1):
        words: list[TimedWord] = []
        for line in cue.text.split("\n"):
            words += (
                TimedWord(word, subtitle_start_time=cue.start, subtitle_end_time=cue.end)
                for word in line.split()
            )
            words[-1].line_break = LineBreak.END_OF_LINE
        words[-1].line_break = LineBreak.END_OF_BLOCK
        created.append(Subtitle(words, number, cue.start, cue.end))
    return created


def _cues(words: Sequence[str], chance: random.Random) -> list[Cue]:
    """Make cues of one or two lines, some after a pause."""
    cues: list[Cue] = []
    now, left = 0.0, list(words)
    while left:
        count = chance.randint(2, 9)
        output, left = left[:count], left[count:]
        first = chance.randint(1, len(output))
        lines = [" ".join(part) for part in (output[:first], output[first:]) if part]
        start = now + chance.choice([0, 0.1, 0.5, 1.5])
        now = start + chance.uniform(1, 4)
        cues.append(Cue(start, now, "\n".join(lines)))
    return cues


def _misheard(words: Sequence[str], vocabulary: Sequence[str], chance: random.Random) -> list[str]:
    """Delete, replace and insert words, and move a phrase."""
    transcript = list[str]()
    for word in words:
        luck = chance.random()
        if luck >= 0.08:
            transcript.append(chance.choice(vocabulary) if luck < 0.18 else word)
        if luck > 0.95:
            transcript.append(chance.choice(vocabulary))
    if len(transcript) > 8:
        first = chance.randrange(len(transcript) - 4)
        phrase = transcript[first : first + chance.randint(1, 4)]
        del transcript[first : first + len(phrase)]
        place = chance.randrange(len(transcript))
        transcript[place:place] = phrase
    return transcript


@pytest.mark.parametrize("vocabulary", [FEW, MANY], ids=["few words", "many words"])
def test_the_rate_is_that_of_the_authors_tool(vocabulary: Sequence[str]) -> None:
    chance = random.Random(2022)
    for _ in range(120):
        words = [chance.choice(vocabulary) for _ in range(chance.randint(5, 40))]
        reference = _cues(words, chance)
        hypothesis = _cues(_misheard(words, vocabulary, chance), chance)
        expected = published(hypothesis, reference)
        assert compute_suber(hypothesis, reference, EN) == pytest.approx(expected, abs=6e-4)


@pytest.mark.slow
def test_a_long_passage_without_a_pause_is_rated_the_same() -> None:
    chance = random.Random(7)
    words = [chance.choice(MANY) for _ in range(160)]
    reference = [Cue(at, at + 2, " ".join(words[at : at + 2])) for at in range(0, 160, 2)]
    misheard = _misheard(words, MANY, chance)
    hypothesis = [
        Cue(at, at + 3.1, " ".join(misheard[at : at + 3])) for at in range(0, len(misheard), 3)
    ]
    expected = published(hypothesis, reference)
    assert compute_suber(hypothesis, reference, EN) == pytest.approx(expected, abs=6e-4)
