"""When cues come and go: as spoken, longer where the reader needs it and may have it.

From words to cues.

Repaired words become atoms, which no line parts; the atoms are grouped into cues in the cheapest
way; each cue's text is laid out in lines, and all are given their times on the screen.
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
"""Milliseconds that every cue is shown, even if the next one then comes late."""


def max_cue_count(duration: float | None) -> float:
    """How many cues a medium of so many seconds can hold at all: one every two milliseconds."""
    return math.inf if duration is None else max(1, math.floor(duration * 1000) // 2)


def place_cues(
    speech_spans: Sequence[TimeSpan],
    columns: Sequence[float],
    rules: CueRules,
    duration: float | None,
) -> list[TimeSpan]:
    """The times of cues, in order, the gap apart, inside 0 to ``duration``; whole milliseconds.

    ``spoken`` says when the words of each cue are heard, ``columns`` how much there is to read.
    Only where the medium is too short for so many cues are they shown for less than
    :data:`MIN_DISPLAY_MS`, and closer together than the gap.
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
    """The starts, moved as little as makes room for every cue before and after them."""
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
    """Cues in order, apart by at least the gap, with every word in exactly one of them.

    ``duration`` is the length of the medium in seconds: no cue lies outside it. Only a medium
    with less room than :data:`.timing.FLASH` and the gap for each cue has them closer together.
    A word that is wider than a line is cut.
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
    """As many cues as a medium has room for; only absurdly short ones have too little."""
    max_cues = max_cue_count(duration)
    if len(groups) <= max_cues:
        return groups
    groups_per_cue = math.ceil(len(groups) / max_cues)
    return [
        CueGroup([unit for group in groups[first : first + groups_per_cue] for unit in group.units])
        for first in range(0, len(groups), groups_per_cue)
    ]
