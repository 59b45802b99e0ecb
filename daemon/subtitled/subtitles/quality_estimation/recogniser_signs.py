"""Signs from the recogniser: how sure it was, and what else was understood."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Indel

from subtitled.plugin import Word

from ..hallucination.engine_scores import (
    CONFIDENT_AVG_LOGPROB,
    MAX_COMPRESSION_RATIO,
    MIN_AVG_LOGPROB,
)
from ..hallucination.passages import normalise_text
from .alignment import align_words
from .reasons import ReasonKind
from .subtitle_view import Sign, SubtitleView

SHARES = (0.2, 0.3)
"""Shares of wrong words, whose mean log odds count: a cue with a fifth of its words wrong is nearly
as bad as one with a third."""
MIN_PROBABILITY = 1e-4
LOW_LOG_ODDS, HIGH_LOG_ODDS = -9.0, 3.0
"""Log odds that a cue is wrong by its words alone, at strengths 0 and 1."""
LOW_CONFIDENCE = 0.75
"""Mean confidence below which people are told that a file or a passage was badly understood."""
UNSURE_CONFIDENCE = 0.6
"""Confidence below which a word is named as unsure."""
MAX_NAMED_WORDS = 4
LOW_COMPRESSION_RATIO = 1.8
"""Compression ratio from which text begins to look like a loop."""
MIN_DISAGREEMENT = 0.1
"""Share of the letters in which readings may differ: an ending, a comma, a spelling."""


def find_unsure_words(view: SubtitleView) -> Iterator[Sign]:
    """Find cues by the probability that many of their words are wrong."""
    for index, by_share in enumerate(compute_log_odds(view.confidences, SHARES)):
        if not by_share:
            continue
        log_odds = sum(by_share) / len(SHARES)
        strength = (log_odds - LOW_LOG_ODDS) / (HIGH_LOG_ODDS - LOW_LOG_ODDS)
        known, words = view.confidences[index], view.words[index]
        unsure = []
        if len(known) < len(words) or min(known) < UNSURE_CONFIDENCE:
            unsure = [
                word.text.strip()
                for word in words
                if word.confidence is not None and word.confidence < UNSURE_CONFIDENCE
            ]
        more = " …" * (len(unsure) > MAX_NAMED_WORDS)
        named = ", ".join(f"“{word}”" for word in unsure[:MAX_NAMED_WORDS]) + more
        yield Sign(index, ReasonKind.UNSURE_WORDS, strength, {"words": named} if unsure else None)


def compute_log_odds(
    confidences: Sequence[Sequence[float]], shares: Sequence[float]
) -> list[list[float]]:
    """Return the log odds that at least a share of some words is wrong, for each share.

    Args:
        confidences: For each group of words, the probability of each word to be right,
            independently of the others.
        shares: The shares, above 0 and in order.

    Returns:
        For each group, the log odds by share; none for a group without words.
    """
    return [_compute_group(group, shares) if group else [] for group in confidences]


def _compute_group(group: Sequence[float], shares: Sequence[float]) -> list[float]:
    needed = [max(1, math.ceil(share * len(group) - 1e-9)) for share in shares]
    # The probabilities that exactly 0, 1, ... words are wrong.
    counts = [1.0] + [0.0] * (needed[-1] - 1)
    for right in group:
        wrong = 1.0 - right
        for number in range(len(counts) - 1, 0, -1):
            counts[number] = counts[number] * right + counts[number - 1] * wrong
        counts[0] *= right
    log_odds = []
    for count in needed:
        few = min(max(sum(counts[:count]), MIN_PROBABILITY), 1.0 - MIN_PROBABILITY)
        log_odds.append(math.log((1.0 - few) / few))
    return log_odds


def find_unsure_neighbours(view: SubtitleView) -> Iterator[Sign]:
    """Find cues whose neighbours are unsure: noise, music or a strange voice goes on."""
    means = view.mean_confidences
    for index in range(len(means)):
        beside = [
            mean
            for mean in (*means[max(0, index - 1) : index], *means[index + 1 : index + 2])
            if mean is not None
        ]
        if beside:
            mean = sum(beside) / len(beside)
            values: dict[str, str | int | float] | None = {} if mean < LOW_CONFIDENCE else None
            yield Sign(index, ReasonKind.UNSURE_AROUND, 1.0 - mean, values)


def find_unsure_file(view: SubtitleView) -> Iterator[Sign]:
    """Find the same for all cues of a recording that was understood badly."""
    known = [confidence for confidences in view.confidences for confidence in confidences]
    if not known:
        return
    mean = sum(known) / len(known)
    values = {"percent": round(100 * mean)} if mean < LOW_CONFIDENCE else None
    for index, confidences in enumerate(view.confidences):
        if confidences:
            yield Sign(index, ReasonKind.UNSURE_FILE, 1.0 - mean, values)


def find_low_scores(view: SubtitleView) -> Iterator[Sign]:
    """Find cues by the scores of their segments, near the thresholds of hallucinations."""
    scores = view.scores
    if not scores.ordered:
        return
    for index, words in enumerate(view.words):
        if not words:
            continue
        found = scores.find((words[len(words) // 2].start + words[len(words) // 2].end) / 2)
        if found is None:
            continue
        if found.avg_logprob is not None and not view.confidences[index]:
            # The confidences of the words say the same more exactly.
            strength = found.avg_logprob / MIN_AVG_LOGPROB
            yield Sign(index, ReasonKind.LOW_PROBABILITY, strength)
        if found.no_speech_prob is not None:
            yield Sign(index, ReasonKind.HARDLY_ANY_SPEECH, found.no_speech_prob)
        is_sure = found.avg_logprob is not None and found.avg_logprob >= CONFIDENT_AVG_LOGPROB
        if found.compression_ratio is not None and not is_sure:
            excess = found.compression_ratio - LOW_COMPRESSION_RATIO
            strength = excess / (MAX_COMPRESSION_RATIO - LOW_COMPRESSION_RATIO)
            yield Sign(index, ReasonKind.NEARLY_A_LOOP, strength)


def find_repeats(view: SubtitleView) -> Iterator[Sign]:
    """Find cues that say the same as the one before, as a recogniser in a loop does."""
    before = ""
    for index, cue in enumerate(view.cues):
        text = cue.text.casefold()
        if text == before:
            yield Sign(index, ReasonKind.REPEATED, 1.0)
        before = text


def find_disagreement(view: SubtitleView) -> Iterator[Sign]:
    """Find cues that another engine understood otherwise."""
    for reading in view.evidence.other_readings:
        first, last = reading.words[0].start, reading.words[-1].end
        for index, other in enumerate(align_words(view.cues, reading.words)):
            words, cue = view.words[index], view.cues[index]
            if not words or cue.start < first or cue.end > last:
                continue  # The other engine was asked about another part only.
            text, own = _join(other), _join(words)
            if text == own:
                continue  # Most are the same, and are not compared letter by letter.
            share = Indel.normalized_distance(normalise_text(own), normalise_text(text))
            if share > MIN_DISAGREEMENT:
                values = {"engine": reading.engine, "text": text.strip()}
                yield Sign(index, ReasonKind.ENGINES_DISAGREE, share, values)


def _join(words: Sequence[Word]) -> str:
    return "".join([word.text for word in words])
