"""Speech in which nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from subtitled.plugin import TimeSpan


def find_uncovered_speech(
    speech: Sequence[TimeSpan], covered: Iterable[tuple[float, float]], min_seconds: float
) -> list[TimeSpan]:
    """Find the speech that nothing covers.

    Args:
        speech: Where voice activity detection found speech, in order.
        covered: Start and end of what covers it, in any order: words, cues, faint speech.
        min_seconds: The shortest time that counts.

    Returns:
        The spans, in order.
    """
    covers = sorted(covered)
    uncovered: list[TimeSpan] = []
    next_cover, at = 0, 0.0
    for span in speech:
        at = max(at, span.start)
        while next_cover < len(covers) and covers[next_cover][0] < span.end:
            start, end = covers[next_cover]
            if start - at >= min_seconds:
                uncovered.append(TimeSpan(at, start))
            at = end if end > at else at
            next_cover += 1
        if span.end - at >= min_seconds:
            uncovered.append(TimeSpan(at, span.end))
    return uncovered
