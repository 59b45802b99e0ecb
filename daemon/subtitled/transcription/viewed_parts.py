"""The parts of a film that somebody watches: shorter chunks, from where the viewers are.

The words of a chunk are stored under its times. So the cuts that were made for viewers are stored
too, and chunks that were transcribed before keep theirs: nothing is transcribed again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from subtitled.plugin import Chunk, TimeSpan

from .language_segments import clip_to

PART_SECONDS = 120.0
"""Seconds of speech in a chunk while somebody watches, at most."""
_LONG_PART_SECONDS = 1.25 * PART_SECONDS
"""Seconds of speech from which on a chunk is cut for viewers."""
_SLACK_SECONDS = 0.001
"""Times that are this close are the same: chunks are stored by milliseconds."""

CutPart = Callable[[Sequence[TimeSpan], float, Sequence[TimeSpan], float], list[Chunk]]
"""Cuts speech with its faint parts, up to a time and from another one on, into chunks."""


def choose_part(
    parts: Sequence[TimeSpan], remaining: Collection[int], positions: Sequence[float]
) -> int:
    """Return which part is transcribed next.

    It is the next one of the viewer with the fewest seconds ahead, so that several are served in
    turn. If all of them have everything that follows, the rest comes from the beginning.

    Args:
        parts: The spans of all parts, in order.
        remaining: The numbers of those that are not transcribed yet; at least one.
        positions: Where the viewers are, in seconds.
    """
    waiting = sorted(remaining)
    chosen: tuple[float, int] | None = None
    for position in positions:
        following = next((one for one in waiting if parts[one].end > position), None)
        if following is not None:
            lead = max(0.0, parts[following].start - position)
            chosen = min(chosen, (lead, following)) if chosen else (lead, following)
    return chosen[1] if chosen else waiting[0]


def cut_for_viewers(
    chunks: Sequence[Chunk],
    is_stored: Callable[[Chunk], bool],
    shorten: Callable[[Chunk], Sequence[Chunk]],
) -> list[TimeSpan] | None:
    """Return the spans of shorter chunks; None if the chunks are short enough.

    Args:
        chunks: All chunks of the track.
        is_stored: Whether the words of a chunk are stored. Its span stays.
        shorten: Cuts a chunk into ones of :data:`PART_SECONDS`.
    """
    spans: list[TimeSpan] = []
    is_cut = False
    for chunk in chunks:
        seconds = sum(span.duration for span in chunk.speech)
        pieces: Sequence[Chunk] = [chunk]
        if seconds > _LONG_PART_SECONDS and not is_stored(chunk):
            pieces = shorten(chunk)
            is_cut = is_cut or len(pieces) > 1
        spans += [piece.span for piece in pieces]
    return spans if is_cut else None


def cut_at_parts(
    parts: Sequence[TimeSpan],
    speech: Sequence[TimeSpan],
    total: float,
    quiet: Sequence[TimeSpan],
    cut: CutPart,
) -> list[Chunk]:
    """Cut a track so that each of some parts is one chunk.

    Args:
        parts: The parts, in order and apart.
        speech: The spans of speech.
        total: Where the track ends.
        quiet: The faint parts of the speech.
        cut: Cuts what lies between two parts.

    Returns:
        Chunks without gaps from 0 on.
    """
    if not parts:
        return cut(speech, total, quiet, 0.0)
    chunks: list[Chunk] = []
    begin = 0.0

    def fill(end: float) -> None:
        gap = TimeSpan(begin, end)
        between = cut(clip_to(speech, gap), end, clip_to(quiet, gap), begin)
        chunks.extend(between or [Chunk(gap, ())])

    for part in parts:
        if part.end > total + _SLACK_SECONDS or part.start < begin - _SLACK_SECONDS:
            continue  # it belongs to another analysis of the track
        if part.start > begin + _SLACK_SECONDS:
            fill(part.start)
        chunks.append(Chunk(part, tuple(clip_to(speech, part)), tuple(clip_to(quiet, part))))
        begin = part.end
    if begin < total - _SLACK_SECONDS:
        fill(total)
    return chunks


class PartOrder:
    """The order in which the chunks of a track are transcribed, decided again before each."""

    def __init__(
        self, chunks: Sequence[Chunk], find_positions: Callable[[], Sequence[float]]
    ) -> None:
        """Create it before the first chunk.

        Args:
            chunks: The chunks of the track, in order.
            find_positions: Returns where viewers are, in seconds.
        """
        self._spans = [chunk.span for chunk in chunks]
        self._find_positions = find_positions
        self._remaining = set(range(len(chunks)))
        self._has_news = False

    @property
    def has_more(self) -> bool:
        """Whether a chunk is not transcribed yet."""
        return bool(self._remaining)

    @property
    def done(self) -> list[int]:
        """The numbers of the chunks that are transcribed, in order."""
        return [number for number in range(len(self._spans)) if number not in self._remaining]

    @property
    def leading(self) -> int:
        """How many chunks from the first one on are transcribed without a gap."""
        return min(self._remaining, default=len(self._spans))

    def next(self, count: int) -> list[int]:
        """Return the numbers of the next chunks, as it is now."""
        self._has_news = True
        positions, remaining = self._find_positions(), set(self._remaining)
        numbers: list[int] = []
        while remaining and len(numbers) < count:
            numbers.append(choose_part(self._spans, remaining, positions))
            remaining.discard(numbers[-1])
        return numbers

    def start_of(self, number: int) -> int:
        """Return the start of a chunk in milliseconds, by which the result of a step names it."""
        return round(self._spans[number].start * 1000)

    def mark_done(self, start: int) -> None:
        """Say that a chunk is transcribed, now or in an earlier run of the job.

        Args:
            start: Where it begins, in milliseconds.
        """
        self._remaining = {number for number in self._remaining if self.start_of(number) != start}

    def take_news(self) -> bool:
        """Return whether viewers wait for more words than they were given, and others follow."""
        has_news, self._has_news = self._has_news, False
        return has_news and bool(self._remaining) and bool(self._find_positions())
