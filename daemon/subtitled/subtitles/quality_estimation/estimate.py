"""Quality estimation: the probability that each cue is wrong, with the reasons."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from subtitled.plugin import Cue, TimeSpan

from . import recogniser_signs, speech_signs, text_signs
from .evidence import Evidence
from .reasons import Reason, ReasonKind
from .subtitle_view import Sign, SubtitleView
from .weights import BIAS, FLAGGED, MIN_REASON, WEIGHTS


@dataclass(frozen=True, slots=True)
class CueEstimate:
    """How likely one cue is wrong, and why."""

    index: int
    probability: float
    """0 to 1."""
    reasons: tuple[Reason, ...]
    """The weightiest first."""

    @property
    def is_flagged(self) -> bool:
        """Whether somebody should look at it."""
        return self.probability >= FLAGGED


@dataclass(frozen=True, slots=True)
class Gap:
    """Speech in which nothing is written."""

    span: TimeSpan

    @property
    def text(self) -> str:
        """What is to be told of it, in English."""
        return f"Somebody speaks for {self.span.duration:.1f} s, and nothing is written."

    def to_json(self) -> dict[str, Any]:
        """Return the gap for the database and the API."""
        span = self.span
        return {"kind": "gap", "start": span.start, "end": span.end, "text": self.text}


@dataclass(frozen=True, slots=True)
class FileEstimate:
    """How likely the cues of a subtitle are wrong."""

    cues: tuple[CueEstimate, ...]
    """Every cue, in order."""
    gaps: tuple[Gap, ...]
    """Where somebody speaks and nothing is written."""

    @property
    def expected_errors(self) -> float:
        """The expected number of wrong cues. Gaps count by the cues beside them."""
        return sum(cue.probability for cue in self.cues)

    @property
    def flagged_count(self) -> int:
        """The number of cues that somebody should look at."""
        return sum(cue.is_flagged for cue in self.cues)


SignFinder = Callable[[SubtitleView], Iterator[Sign]]
_FINDERS: tuple[SignFinder, ...] = (
    recogniser_signs.find_unsure_words,
    recogniser_signs.find_unsure_neighbours,
    recogniser_signs.find_unsure_file,
    recogniser_signs.find_low_scores,
    recogniser_signs.find_repeats,
    recogniser_signs.find_disagreement,
    speech_signs.find_left_out,
    speech_signs.find_words_without_speech,
    speech_signs.find_odd_pace,
    speech_signs.find_estimated_times,
    text_signs.find_broken_rules,
    text_signs.find_missed_terms,
    text_signs.find_untranslated,
    text_signs.find_odd_lengths,
    text_signs.find_other_languages,
    text_signs.find_odd_names,
)


_WEIGH = {kind: weight.weigh for kind, weight in WEIGHTS.items()}


def estimate_quality(cues: Sequence[Cue], evidence: Evidence) -> FileEstimate:
    """Estimate how likely each cue is wrong.

    Wrong means that about three of ten of the words are wrong, missing or too many. From there on
    people delete a text and write their own (Gaur et al. 2016).

    Args:
        cues: The cues in order of time.
        evidence: What is known beside them. A sign whose evidence is missing counts nothing.

    Returns:
        The estimates, which are the same for the same arguments.
    """
    view = SubtitleView(cues, evidence)
    gaps = speech_signs.find_gaps(view)
    by_cue = find_signs(view, gaps)
    return FileEstimate(
        cues=tuple(_estimate_cue(index, by_cue[index]) for index in range(len(cues))),
        gaps=tuple(Gap(span) for span in gaps),
    )


def find_signs(view: SubtitleView, gaps: Sequence[TimeSpan]) -> list[dict[ReasonKind, Sign]]:
    """Return the strongest sign of each kind, by cue."""
    by_cue: list[dict[ReasonKind, Sign]] = [{} for _ in view.cues]
    finders = [*(find(view) for find in _FINDERS), speech_signs.find_speech_left(view, gaps)]
    for sign in chain.from_iterable(finders):
        cue, kind, strength, _ = sign
        signs = by_cue[cue]
        if kind not in signs or strength > signs[kind].strength:
            signs[kind] = sign
    return by_cue


def _estimate_cue(index: int, signs: dict[ReasonKind, Sign]) -> CueEstimate:
    log_odds = BIAS
    told: list[tuple[float, Reason]] = []
    for kind, (_, _, strength, values) in signs.items():
        added = _WEIGH[kind](strength)
        log_odds += added
        if added >= MIN_REASON and values is not None:
            told.append((added, Reason(kind, values)))
    told.sort(key=lambda item: -item[0])
    probability = 1.0 / (1.0 + math.exp(-log_odds))
    return CueEstimate(index, probability, tuple(reason for _, reason in told))
