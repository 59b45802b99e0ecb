"""Packing speech into the half-minute windows that Whisper listens to, and finding back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import TimeSpan

WINDOW_SECONDS = 30.0
"""Seconds that Whisper hears at once."""


MIN_SPAN_SECONDS = 0.1
"""Seconds that are worth hearing: no word is shorter."""


@dataclass(frozen=True, slots=True)
class Window:
    """Intervals of speech that are heard in one go, without the silence between them."""

    parts: tuple[TimeSpan, ...]

    @property
    def duration(self) -> float:
        return sum(part.duration for part in self.parts)

    def to_media_time(self, time: float, *, is_end: bool = False) -> float:
        """A time in the window as a time in the medium.

        On a seam, an end belongs to the part before it and a start to the part after it.
        """
        for part in self.parts:
            if time < part.duration or (is_end and time <= part.duration):
                return part.start + max(0.0, time)
            time -= part.duration
        return self.parts[-1].end


def pack_windows(speech: Sequence[TimeSpan]) -> list[Window]:
    """All speech in windows that are as full as can be without cutting an interval that fits."""
    windows: list[Window] = []
    parts: list[TimeSpan] = []
    length = 0.0
    for span in speech:
        for part in _split_long_span(span):
            if parts and length + part.duration > WINDOW_SECONDS:
                windows.append(Window(tuple(parts)))
                parts, length = [], 0.0
            parts.append(part)
            length += part.duration
    return [*windows, Window(tuple(parts))] if parts else windows


def build_batches(
    windows: Sequence[Window], workers: int, max_batch_size: int
) -> list[list[Window]]:
    """The windows in batches of at most ``most``, as many and as large for each worker.

    Windows of like length go together: a batch lasts as long as its longest.
    """
    if not windows:
        return []
    rounds = -(-len(windows) // (max_batch_size * workers))
    count = min(len(windows), rounds * workers)
    ordered = sorted(windows, key=lambda window: -window.duration)
    size, larger = divmod(len(ordered), count)
    result, at = [], 0
    for number in range(count):
        end = at + size + (number < larger)
        result.append(ordered[at:end])
        at = end
    return result


def split_window(window: Window) -> list[Window]:
    """The window as two of about half its length, cut between its intervals if there are any."""
    if len(window.parts) == 1:
        (only,) = window.parts
        middle = (only.start + only.end) / 2
        return [Window((TimeSpan(only.start, middle),)), Window((TimeSpan(middle, only.end),))]
    at = max(1, min(len(window.parts) - 1, round(len(window.parts) / 2)))
    return [Window(window.parts[:at]), Window(window.parts[at:])]


def parts(window: Window) -> list[Window]:
    """The window as one for each interval of its speech, or as its halves if there is only one."""
    if len(window.parts) == 1:
        return split_window(window)
    return [Window((part,)) for part in window.parts]


def subtract_spans(speech: Sequence[TimeSpan], excluded: Sequence[TimeSpan]) -> list[TimeSpan]:
    """What of some intervals lies in none of the others; both are in order and apart."""
    remaining: list[TimeSpan] = []
    for span in speech:
        start = span.start
        for other in excluded:
            if start < other.end and other.start < span.end:
                remaining.append(TimeSpan(start, max(start, other.start)))
                start = other.end
        remaining.append(TimeSpan(start, max(start, span.end)))
    return [span for span in remaining if span.duration > MIN_SPAN_SECONDS]


def _split_long_span(span: TimeSpan) -> list[TimeSpan]:
    if span.duration <= WINDOW_SECONDS:
        return [span]
    count = int(span.duration // WINDOW_SECONDS) + 1
    size = span.duration / count
    return [TimeSpan(span.start + n * size, span.start + (n + 1) * size) for n in range(count)]
