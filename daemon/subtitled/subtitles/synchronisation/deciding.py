"""The verdict on the times of a subtitle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from subtitled.plugin import Cue, TimeSpan

from ..formats.timestamps import format_timestamp
from .comparison import TOLERANCE_SECONDS, Comparison
from .report import SyncEvidence, SyncPart, SyncReport, SyncVerdict
from .search import Explanation
from .word_evidence import WordMatch

MIN_DISTINCTNESS = 2.0
"""How far an offset must stand out from all others to be believed, in standard deviations. Between
offsets that are all wrong, the best one stands out by 0.3."""
MIN_RIGHT_DISTINCTNESS = 1.0
"""The same for the offset 0, which needs less evidence: most subtitles are right."""
MIN_GAIN = 3.5
"""How consistently the cues must prefer other times, in standard errors."""
MIN_EVIDENCE_GAIN = 12.0
"""How much more evidence there must be for other times than for the own ones."""
MIN_WRONG_SECONDS = 0.4
"""Smallest error that voice activity alone can show: cues lead and linger by less."""
MIN_WRONG_SECONDS_BY_WORDS = 0.35
"""Smallest error that words can show."""
MIN_ANCHORS = 10
"""Cues that must be found in the transcript for it to decide."""
MIN_WORDS = 150
"""Words of a subtitle from which missing ones tell that it is of another film."""
MAX_OTHER_FILM_SHARE = 0.01
"""Share of words in common, at the most, with the transcript of another film."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCues:
    """The cues that were compared, and with what."""

    cues: Sequence[Cue]
    match: WordMatch
    speech: Sequence[TimeSpan]
    has_transcript: bool


def decide(found: Comparison, checked: CheckedCues) -> SyncReport:
    """Return the verdict of a comparison."""
    best, right = found.best, found.right
    evidence = _collect_evidence(found, checked)
    if checked.has_transcript and checked.match.word_count >= MIN_WORDS:
        share = checked.match.matched_count / checked.match.word_count
        if share <= MAX_OTHER_FILM_SHARE and min(found.distinctness) < MIN_RIGHT_DISTINCTNESS:
            return SyncReport(
                verdict=SyncVerdict.OTHER_FILM,
                reason=f"of its {checked.match.word_count} words, {share:.0%} are said in the "
                "media file",
                hint="Look for a subtitle of this film, or delete it to have one made",
                evidence=evidence,
            )
    worst = _largest_error(best, checked.cues)
    by_words = evidence.anchor_count >= MIN_ANCHORS
    smallest = MIN_WRONG_SECONDS_BY_WORDS if by_words else MIN_WRONG_SECONDS
    if worst < smallest:
        if found.distinctness[0] >= MIN_RIGHT_DISTINCTNESS:
            return _in_sync(right, checked, evidence)
        return _cannot_tell("other times match the speech nearly as well", evidence)
    if (
        min(found.distinctness) >= MIN_DISTINCTNESS
        and found.gain >= MIN_GAIN
        and best.evidence - right.evidence >= MIN_EVIDENCE_GAIN
    ):
        return _wrong(best, checked, evidence)
    return _cannot_tell("the speech does not tell clearly which times are right", evidence)


def _in_sync(right: Explanation, checked: CheckedCues, evidence: SyncEvidence) -> SyncReport:
    way = "words" if evidence.anchor_count >= MIN_ANCHORS else "voice activity"
    return SyncReport(
        verdict=SyncVerdict.IN_SYNC,
        reason=f"its times are those of the speech, by {way}",
        parts=_parts_of(right, checked.cues),
        evidence=evidence,
    )


def _cannot_tell(reason: str, evidence: SyncEvidence) -> SyncReport:
    return SyncReport(verdict=SyncVerdict.CANNOT_TELL, reason=reason, evidence=evidence)


def _wrong(best: Explanation, checked: CheckedCues, evidence: SyncEvidence) -> SyncReport:
    parts = _parts_of(best, checked.cues)
    sentences = []
    verdict = SyncVerdict.OFFSET
    if not best.ratio.is_same:
        verdict = SyncVerdict.RATIO
        sentences.append(
            f"it was made for {best.ratio.subtitle_rate} frames per second, and the media file "
            f"has {best.ratio.media_rate}"
        )
    if len(parts) > 1:
        verdict = SyncVerdict.BREAKS
        first, *others = parts
        sentences.append(f"its beginning is {_describe_offset(first.offset)}")
        sentences += [
            f"from {format_timestamp(part.start, '.')} it is {_describe_offset(part.offset)}"
            for part in others
        ]
    elif best.ratio.is_same:
        sentences.append(f"it is {_describe_offset(parts[0].offset)}")
    return SyncReport(
        verdict=verdict,
        reason="; ".join(sentences),
        hint="Look for a subtitle of this version of the film, or correct the times",
        ratio=best.ratio,
        parts=parts,
        evidence=evidence,
    )


def _describe_offset(offset: float) -> str:
    if abs(offset) <= TOLERANCE_SECONDS:
        return "right"
    return f"{abs(offset):.1f} s too {'early' if offset > 0 else 'late'}"


def _parts_of(found: Explanation, cues: Sequence[Cue]) -> tuple[SyncPart, ...]:
    return tuple(
        SyncPart(start=0.0 if number == 0 else cues[part.first].start, offset=part.offset)
        for number, part in enumerate(found.segments)
    )


def _largest_error(found: Explanation, cues: Sequence[Cue]) -> float:
    """Return by how many seconds the times are wrong where they are most wrong."""
    return max(
        abs(cues[number].start * (found.ratio.factor - 1.0) + part.offset)
        for part in found.segments
        for number in (part.first, part.end - 1)
    )


def _collect_evidence(found: Comparison, checked: CheckedCues) -> SyncEvidence:
    cues, anchors = checked.cues, checked.match.anchors
    evidence = SyncEvidence(
        cue_count=len(cues),
        speech_count=len(checked.speech),
        anchor_count=len(anchors),
        distinctness=min(found.distinctness),
        gain=found.gain,
        fit_before=_measure_fit(found.right, cues, checked.speech, 0.0),
        fit_after=_measure_fit(found.best, cues, checked.speech),
    )
    if not anchors:
        return evidence
    best = found.best
    return replace(
        evidence,
        error_before=median(abs(anchor.said - cues[anchor.cue].start) for anchor in anchors),
        error_after=median(
            abs(
                anchor.said
                - cues[anchor.cue].start * best.ratio.factor
                - best.offset_of(anchor.cue)
            )
            for anchor in anchors
        ),
    )


def _measure_fit(
    found: Explanation, cues: Sequence[Cue], speech: Sequence[TimeSpan], offset: float | None = None
) -> float:
    """Return the share of the time of cues in which somebody speaks."""
    shown = inside = 0.0
    number = 0
    for part in found.segments:
        shift = part.offset if offset is None else offset
        for cue in cues[part.first : part.end]:
            start, end = (time * found.ratio.factor + shift for time in (cue.start, cue.end))
            shown += end - start
            while number and speech[number].start > start:
                number -= 1
            while number < len(speech) and speech[number].end <= start:
                number += 1
            at = number
            while at < len(speech) and speech[at].start < end:
                inside += min(end, speech[at].end) - max(start, speech[at].start)
                at += 1
            number = min(number, len(speech) - 1)
    return inside / shown if shown else 0.0
