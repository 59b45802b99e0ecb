"""Packing speech into windows of half a minute, the length that Whisper decodes at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from subtitled.plugin import Audio, TimeSpan
from subtitled.plugin.speech_timeline import SpeechTimeline

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

WINDOW_SECONDS = 30.0
"""The length of the audio that Whisper decodes at once."""

MIN_SPAN_SECONDS = 0.1
"""Seconds below which a span is dropped: no word is shorter."""


@dataclass(frozen=True)
class Window:
    """Spans of speech that are decoded at once, without the silence between them."""

    parts: tuple[TimeSpan, ...]

    @property
    def duration(self) -> float:
        """The seconds that the recogniser hears."""
        return sum(part.duration for part in self.parts)

    def read_samples(self, audio: Audio) -> npt.NDArray[np.float32]:
        """Read the sound of the spans, one after the other, each sample -1 to 1."""
        import numpy as np

        return np.concatenate([audio.read_samples(part) for part in self.parts])

    @cached_property
    def timeline(self) -> SpeechTimeline:
        """The map between seconds of the window and seconds of the media."""
        return SpeechTimeline(self.parts)


def pack_windows(speech: Sequence[TimeSpan]) -> list[Window]:
    """Pack speech into windows, as full as possible without cutting a span that fits."""
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
    """Split windows into batches, as many and as large for each worker.

    Windows of similar length go together, since a batch takes as long as its longest window.
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
    """Split a window into two of about half its length, between its spans if it has several."""
    if len(window.parts) == 1:
        (only,) = window.parts
        middle = (only.start + only.end) / 2
        return [Window((TimeSpan(only.start, middle),)), Window((TimeSpan(middle, only.end),))]
    at = max(1, min(len(window.parts) - 1, round(len(window.parts) / 2)))
    return [Window(window.parts[:at]), Window(window.parts[at:])]


def split_at_pauses(window: Window) -> list[Window]:
    """Split a window into one for each span of its speech, or into halves if it has only one."""
    if len(window.parts) == 1:
        return split_window(window)
    return [Window((part,)) for part in window.parts]


def subtract_spans(speech: Sequence[TimeSpan], excluded: Sequence[TimeSpan]) -> list[TimeSpan]:
    """Return the parts of ``speech`` outside ``excluded``. Both are in order and do not overlap."""
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
