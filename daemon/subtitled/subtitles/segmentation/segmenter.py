"""The segmenter: turns words into cues.

Repaired words become units, which are never split. The units are grouped into cues at the lowest
cost. The text of each cue is broken into lines. Then all cues get their display times: as spoken,
and longer where readers need it and there is time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from subtitled.plugin import Cue, Language, TimeSpan, Word

from ..rules import CueRules, measure_width
from ..scripts import is_spaceless
from .line_breaking import add_dashes, choose_dash_style, lay_out_lines
from .optimise import CueGroup, segment_optimal
from .units import split_units
from .word_repair import repair_words, restore_spaces

MIN_DISPLAY_MS = 300
"""Every cue is shown this long, even if the next one is late then."""


def max_cue_count(duration: float | None) -> float:
    """Return how many cues fit into a duration in seconds: one every two milliseconds."""
    return math.inf if duration is None else max(1, math.floor(duration * 1000) // 2)


def place_cues(
    speech_spans: Sequence[TimeSpan],
    columns: Sequence[float],
    rules: CueRules,
    duration: float | None,
) -> list[TimeSpan]:
    """Compute the display times of cues: in order, separated by the gap, in whole milliseconds.

    ``spoken`` are the times of the words of each cue, ``columns`` the length of its text. All cues
    are between 0 and ``duration`` seconds. Only if there are too many cues for the duration are
    they shown for less than :data:`MIN_DISPLAY_MS` and closer together than the gap.
    """
    count = len(speech_spans)
    gap, min_display = math.ceil(rules.min_gap * 1000), MIN_DISPLAY_MS
    latest_end: float = math.inf if duration is None else math.floor(duration * 1000)
    if count * (min_display + gap) > latest_end:
        slot = max(1, int(latest_end) // count)
        gap = min(gap, slot // 2)
        min_display = max(1, slot - gap)
    speech_ms = [(round(span.start * 1000), round(span.end * 1000)) for span in speech_spans]
    starts = _spread_starts([start for start, _ in speech_ms], min_display, gap, latest_end)
    shortest, longest = _to_ms(rules.min_duration), _to_ms(rules.max_duration)
    spans: list[TimeSpan] = []
    for number, (start, (_, speech_end)) in enumerate(zip(starts, speech_ms, strict=True)):
        last = number + 1 == count
        latest = latest_end if last else starts[number + 1] - gap
        read_until = start + round(columns[number] / rules.target_cps * 1000)
        end: float = max(
            speech_end, start + shortest, min(read_until, speech_end + _to_ms(rules.max_extension))
        )
        if not last and starts[number + 1] - end < _to_ms(rules.chain_gap):
            end = latest
        end = min(end, start + longest, latest)
        spans.append(TimeSpan(start / 1000, round(max(end, start + 1)) / 1000))
    return spans


def _spread_starts(
    speech_starts: Sequence[int], min_display: int, gap: int, latest_end: float
) -> list[int]:
    """Return the starts, moved as little as necessary to fit every cue before and after them."""
    starts: list[int] = []
    for start in speech_starts:
        starts.append(max(start, starts[-1] + min_display + gap if starts else 0))
    latest = latest_end - min_display
    for number in reversed(range(len(starts))):
        starts[number] = int(min(starts[number], latest))
        latest = starts[number] - min_display - gap
    return starts


def _to_ms(seconds: float) -> int:
    return round(seconds * 1000)


def segment_words(
    words: Sequence[Word], language: Language, rules: CueRules, duration: float | None = None
) -> tuple[Cue, ...]:
    """Segment words into cues: in order, separated by the gap, with every word in exactly one cue.

    A word that is wider than a line is cut.

    Args:
        words: The words of a transcript, in order, possibly without usable times.
        language: Language of the words.
        rules: The cue rules.
        duration: Seconds of the media file, or None if unknown. No cue is outside of it. Only if it
            is too short for :data:`MIN_DISPLAY_MS` and the gap are cues closer together.
    """
    if duration is not None and not (math.isfinite(duration) and duration >= 0.001):
        duration = None
    repaired = repair_words(words, duration)
    if not is_spaceless(language):
        repaired = restore_spaces(repaired)
    units = split_units(repaired, language, rules)
    if not units:
        return ()
    groups = _limit_group_count(segment_optimal(units, language, rules), duration)
    texts = ["\n".join(_layout_group(group, language, rules)) for group in groups]
    speech_spans = [TimeSpan(group.units[0].start, group.units[-1].end) for group in groups]
    columns = [measure_width(text, language) for text in texts]
    times = place_cues(speech_spans, columns, rules, duration)
    return tuple(Cue(time.start, time.end, text) for time, text in zip(times, texts, strict=True))


def _layout_group(group: CueGroup, language: Language, rules: CueRules) -> Sequence[str]:
    texts = [unit.text for unit in group.units]
    dash = choose_dash_style(language)
    if group.speaker_change is None or dash is None:
        return lay_out_lines(texts, language, rules)
    return add_dashes(
        "".join(texts[: group.speaker_change]), "".join(texts[group.speaker_change :]), dash
    )


def _limit_group_count(groups: list[CueGroup], duration: float | None) -> list[CueGroup]:
    """Join groups if there are more than the duration can hold, which must be absurdly short."""
    max_cues = max_cue_count(duration)
    if len(groups) <= max_cues:
        return groups
    groups_per_cue = math.ceil(len(groups) / max_cues)
    return [
        CueGroup([unit for group in groups[first : first + groups_per_cue] for unit in group.units])
        for first in range(0, len(groups), groups_per_cue)
    ]
