"""Cutting speech where it is quiet: into chunks of the core, and into windows of an engine.

Speech is cut in pauses. Where nobody pauses for longer than an engine listens, it is cut at the
moment with the least energy, which is between two words.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, pairwise

from .types import SAMPLE_RATE, SPEECH_PADDING_SECONDS, Audio, Chunk, TimeSpan

CutSpan = Callable[[TimeSpan, float], Sequence[float]]
"""Returns the times at which a span is cut so that no piece is longer than the seconds given."""

FRAME_SECONDS = 0.01
"""Seconds of audio whose energy is one number."""
QUIET_SECONDS = 0.2
"""Seconds over which the energy is averaged. A stop consonant, which is silent too, is shorter."""
SEARCH_SECONDS = 7.0
"""Seconds before the limit in which a cut is looked for, or a quarter of a longer limit. In so much
speech somebody breathes."""
BLOCK_SECONDS = 30.0
"""Seconds of audio that are in memory at a time."""


def cut_windows(
    audio: Audio,
    chunk: Chunk,
    max_seconds: float,
    padding_seconds: float = SPEECH_PADDING_SECONDS,
) -> list[Chunk]:
    """Cut a chunk into windows for a recogniser that takes only so much audio at a time.

    The windows hold all speech of the chunk. They are cut in pauses, as full as possible. Speech
    without a pause is cut at its quietest moment, see :func:`find_quiet_moment`.

    Args:
        audio: The decoded track.
        chunk: What to cut.
        max_seconds: The longest window, in seconds.
        padding_seconds: Seconds of silence to keep before and after the speech, where they fit.

    Returns:
        The windows in order, apart from each other, each with its speech. None for a chunk without
        speech.
    """
    windows = chunk_speech(
        split_long_spans(chunk.speech, max_seconds, partial(quiet_cuts, audio)),
        max_seconds,
        chunk.span.end,
        chunk.low_energy,
        max_seconds,
        chunk.span.start,
    )
    return [window.trimmed(padding_seconds) for window in windows if window.speech]


def find_quiet_moment(audio: Audio, span: TimeSpan) -> float:
    """Find the best moment to cut speech: the middle of the 0.2 s with the least energy.

    The audio is read block by block, so memory does not grow with the span.

    Args:
        audio: The decoded track.
        span: Where to look, in seconds of the track.

    Returns:
        A time inside ``span``. Its middle, if the track has no audio there.
    """
    best, quietest = (span.start + span.end) / 2, math.inf
    width = round(QUIET_SECONDS / FRAME_SECONDS)
    start = max(0.0, span.start)
    while start < span.end:
        # Each block begins where the last means of the one before it begin.
        block = TimeSpan(start, min(start + BLOCK_SECONDS + QUIET_SECONDS, span.end))
        samples = _read_integers(audio, block)
        frame = round(FRAME_SECONDS * len(samples) / block.duration) if len(samples) else 0
        start += BLOCK_SECONDS
        if not frame or len(samples) < frame * width:
            continue
        # Without numpy, which the daemon does not load for so little.
        frames = [samples[at : at + frame] for at in range(0, len(samples) - frame + 1, frame)]
        sums = [0, *accumulate(sum([value * value for value in part]) for part in frames)]
        energies = [end - begin for begin, end in zip(sums, sums[width:], strict=False)]
        lowest = min(energies)
        if lowest / frame < quietest:
            quietest = lowest / frame
            best = block.start + (energies.index(lowest) + width / 2) * FRAME_SECONDS
    return min(max(best, span.start), span.end)


def _read_integers(audio: Audio, span: TimeSpan) -> array[int]:
    """Read the samples of a span as they are in the file."""
    first, last = (max(0, round(seconds * SAMPLE_RATE)) for seconds in (span.start, span.end))
    with audio.path.open("rb") as file:
        file.seek(first * 2)
        raw = file.read(max(0, last - first) * 2)
    samples = array("h", raw[: len(raw) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def quiet_cuts(audio: Audio, span: TimeSpan, max_seconds: float) -> list[float]:
    """Return the quietest times at which a span is cut so that no piece is too long.

    Args:
        audio: The decoded track.
        span: Speech without a pause, in seconds of the track.
        max_seconds: The longest piece, in seconds.

    Returns:
        Times inside the span, in order. None if it is short enough.
    """
    cuts: list[float] = []
    start = span.start
    search = min(max_seconds / 2, max(max_seconds / 4, SEARCH_SECONDS))
    while span.end - start > max_seconds:
        limit = start + max_seconds
        start = find_quiet_moment(audio, TimeSpan(limit - search, limit))
        cuts.append(start)
    return cuts


def chunk_speech(
    speech: Sequence[TimeSpan],
    target_seconds: float,
    duration: float,
    low_energy: Sequence[TimeSpan] = (),
    max_chunk_seconds: float = math.inf,
    begin: float = 0.0,
) -> list[Chunk]:
    """Cut a track in pauses into chunks of about the same amount of speech.

    The chunks follow each other without a gap from ``begin`` to ``duration``. From three quarters
    of the target on, the longest pause is chosen. Speech without a pause is cut at the
    target, unless :func:`split_long_spans` has cut it before.

    Args:
        speech: Speech spans, in order and apart.
        target_seconds: Seconds of speech in a chunk.
        duration: Seconds of the whole track.
        low_energy: Faint parts of the speech. Each chunk gets those that overlap it.
        max_chunk_seconds: Longest chunk, including silence. Chunks without speech may be longer.
        begin: Where the first chunk begins.

    Returns:
        The chunks in order. None without speech.
    """
    pieces = split_long_spans(speech, min(target_seconds, max_chunk_seconds), _cut_at_limit)
    groups: list[list[TimeSpan]] = []
    while pieces:
        count = _count_for_chunk(pieces, target_seconds, max_chunk_seconds)
        groups.append(pieces[:count])
        pieces = pieces[count:]
    chunks: list[Chunk] = []
    for number, spans in enumerate(groups):
        first, last = spans[0].start, spans[-1].end
        margin = max(0.0, (max_chunk_seconds - (last - first)) / 2)
        if first - begin > margin:
            chunks.append(Chunk(TimeSpan(begin, first - margin), ()))
            begin = first - margin
        if number + 1 < len(groups):
            end = (last + groups[number + 1][0].start) / 2
        else:
            end = max(duration, last)
        end = min(end, last + margin)
        chunk_low_energy = tuple(
            TimeSpan(max(part.start, begin), min(part.end, end))
            for part in low_energy
            if part.start < end and part.end > begin
        )
        chunks.append(Chunk(TimeSpan(begin, end), tuple(spans), chunk_low_energy))
        begin = end
    if groups and begin < duration:
        chunks.append(Chunk(TimeSpan(begin, duration), ()))
    return chunks


def _cut_at_limit(span: TimeSpan, max_seconds: float) -> list[float]:
    """Return the latest times at which a span can be cut."""
    cuts: list[float] = []
    start = span.start
    while span.end - start > max_seconds:
        start += max_seconds
        cuts.append(start)
    return cuts


def split_long_spans(
    speech: Sequence[TimeSpan], max_seconds: float, cut_span: CutSpan
) -> list[TimeSpan]:
    """Cut spans that are too long into pieces that follow each other.

    Args:
        speech: Speech spans, in order and apart.
        max_seconds: The longest piece, in seconds.
        cut_span: Says where a span is cut.

    Returns:
        The other spans as they are, and the pieces.
    """
    pieces = []
    for span in speech:
        cuts = cut_span(span, max_seconds) if span.duration > max_seconds else ()
        bounds = [span.start, *cuts, span.end]
        pieces += [TimeSpan(start, end) for start, end in pairwise(bounds) if end > start]
    return pieces


def _count_for_chunk(
    pieces: Sequence[TimeSpan], target_seconds: float, max_chunk_seconds: float
) -> int:
    """Return how many pieces, from the first one, make the next chunk."""
    speech_seconds = 0.0
    best, longest_pause = 1, -1.0
    for number, piece in enumerate(pieces):
        speech_seconds += piece.duration
        fill_ratio = max(
            speech_seconds / target_seconds, (piece.end - pieces[0].start) / max_chunk_seconds
        )
        if fill_ratio > 1.0 and number > 0:
            return best
        if number + 1 == len(pieces):
            return number + 1
        pause = pieces[number + 1].start - piece.end
        if fill_ratio < 0.75:
            best = number + 1
        elif pause > longest_pause:
            best, longest_pause = number + 1, pause
    return len(pieces)
