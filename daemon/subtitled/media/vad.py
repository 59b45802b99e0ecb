"""Voice activity detection (VAD): speech spans, and faint speech such as whispers."""

from __future__ import annotations

import contextlib
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from subtitled.plugin import SAMPLE_RATE, Audio, TimeSpan
from subtitled.plugin.files import write_atomic

from .growing_pcm import follow_pcm
from .vad_model import FRAME_SAMPLES, SpeechModel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

BLOCK_SECONDS = 600.0
"""Seconds that are processed at once, so that memory does not grow with the duration."""
PIECE_SECONDS = 12.0
"""Seconds of a block that the model is asked about at once, as soon as they are decoded. A block
has whole pieces, and each has whole frames."""
THRESHOLD = 0.5
"""Probability from which a frame is speech. Silero's own default."""
LOW_ENERGY_THRESHOLD = 0.25
"""The threshold where the spectrum is that of a voice. Whispers, radio and speech under noise do
not reach more. Instrumental music stays below it."""
HYSTERESIS = 0.15
"""Speech ends when the probability is this much below the threshold."""
MIN_SILENCE_SECONDS = 0.3
"""Seconds of silence that separate two speech spans."""
PADDING_SECONDS = 0.3
"""Seconds added on both sides, because the first consonant is quiet."""
OPEN_SECONDS = 2.0
"""Seconds before the end of the sound searched so far in which speech may still change."""
MIN_LOW_ENERGY_SECONDS = 0.4
"""Shortest faint speech that is kept."""
VOICE_BAND_HZ = (100.0, 4000.0)
"""Frequencies between which a voice has its energy."""
MIN_VOICE_SHARE = 0.5
"""Share of a frame's energy in that band from which it may be a voice."""
MIN_FLOOR_RATIO = 4.0
"""Ratio of the energy in the voice band to that of the quietest tenth of frames: 6 dB."""

R = TypeVar("R")
FrameRange = tuple[int, int]
"""First frame, and the frame after the last one."""


@dataclass(frozen=True, slots=True)
class SpeechActivity:
    """The speech of a track."""

    spans: tuple[TimeSpan, ...] = ()
    """Speech spans, in order and without overlap."""
    low_energy: tuple[TimeSpan, ...] = ()
    """Faint parts of the spans. A transcript is little evidence of speech there."""


@dataclass(frozen=True, slots=True)
class KnownSpeech:
    """The speech of a track that is still being decoded, up to some second."""

    seconds: float
    """The seconds that were searched."""
    speech: tuple[TimeSpan, ...]
    """The speech spans that no later sound can change."""
    low_energy: tuple[TimeSpan, ...]

    @classmethod
    def create(cls, seconds: float, activity: SpeechActivity) -> KnownSpeech:
        """Leave out what may become longer or join with later speech."""
        end = seconds - OPEN_SECONDS
        speech = tuple(span for span in activity.spans if span.end < end)
        low_energy = tuple(span for span in activity.low_energy if span.end < end)
        return cls(seconds, speech, low_energy)

    def write(self, target: Path) -> None:
        """Write it beside the file into which the track is decoded."""
        write_atomic(known_speech_path(target), _KNOWN_SPEECH.dump_json(self))

    @classmethod
    def read(cls, target: Path) -> KnownSpeech | None:
        """Return what :func:`detect_speech_while_decoding` knows now; None if that is nothing."""
        try:
            return _KNOWN_SPEECH.validate_json(known_speech_path(target).read_bytes())
        except (OSError, ValidationError):
            return None


_KNOWN_SPEECH: TypeAdapter[KnownSpeech] = TypeAdapter(KnownSpeech)


def known_speech_path(target: Path) -> Path:
    """Return the file in which the speech is that is known while a track is decoded."""
    return target.with_name(target.name + ".speech")


def detect_speech(audio: Audio, threads: int = 1) -> SpeechActivity:
    """Detect the speech of a track with Silero VAD, in one pass.

    This loads a model. Call it in a process that can be killed.

    Args:
        audio: The decoded track.
        threads: How many blocks are processed at the same time. The result is the same.
    """
    duration = audio.duration
    starts = (number * PIECE_SECONDS for number in range(math.ceil(duration / PIECE_SECONDS)))
    pieces = (
        audio.read_samples(TimeSpan(start, min(duration, start + PIECE_SECONDS)))
        for start in starts
    )
    return _detect_in_blocks(pieces, threads)


def detect_speech_while_decoding(target: Path, threads: int = 1) -> SpeechActivity:
    """Detect the speech of a track while it is being decoded into a file.

    What is known after each block is written beside the file; see :class:`KnownSpeech`.

    Args:
        target: The file, for which :func:`.growing_pcm.announce` was called.
        threads: How many blocks are processed at the same time. The result is the same.

    Raises:
        TransientError: Decoding failed or was started again.
    """

    def tell(seconds: float, activity: SpeechActivity) -> None:
        with contextlib.suppress(OSError):  # nobody needs it
            KnownSpeech.create(seconds, activity).write(target)

    return _detect_in_blocks(follow_pcm(target, PIECE_SECONDS), threads, tell)


def _ignore(seconds: float, activity: SpeechActivity) -> None:
    return


def _detect_in_blocks(
    pieces: Iterable[Floats],
    threads: int,
    tell: Callable[[float, SpeechActivity], None] = _ignore,
) -> SpeechActivity:
    clear_spans: list[TimeSpan] = []
    faint_spans: list[TimeSpan] = []
    start = 0.0
    block_samples = round(BLOCK_SECONDS * SAMPLE_RATE)
    blocks = map_blocks(_detect_block, pieces, block_samples, threads)
    for sample_count, clear_ranges, faint_ranges in blocks:
        end = start + sample_count / SAMPLE_RATE
        clear_spans += [_to_time_span(frames, start, end) for frames in clear_ranges]
        faint_spans += [_to_time_span(frames, start, end) for frames in faint_ranges]
        start = end
        tell(start, _merge(clear_spans, faint_spans, start))
    return _merge(clear_spans, faint_spans, start)


def map_blocks(
    work: Callable[[Iterator[Floats]], R],
    pieces: Iterable[Floats],
    block_samples: int,
    threads: int,
) -> Iterator[R]:
    """Yield what a function makes of each block, in their order, with some threads.

    A block is worked on while its pieces arrive. No more pieces are taken than belong to the blocks
    that threads work on, so that memory does not grow with their number.

    Args:
        work: Is given the pieces of one block.
        pieces: The pieces of all blocks, in order. They are read in the calling thread.
        block_samples: The samples of a block, which has whole pieces.
        threads: How many blocks are worked on at the same time.
    """
    pending: deque[Future[R]] = deque()
    block: SimpleQueue[Floats | None] | None = None
    count = 0
    with ThreadPoolExecutor(threads, "vad") as pool:
        try:
            for piece in pieces:
                if block is None:
                    block, count = SimpleQueue(), 0
                    pending.append(pool.submit(work, _take(block)))
                block.put(piece)
                count += len(piece)
                if count >= block_samples:
                    block.put(None)
                    block = None
                    if len(pending) >= threads:
                        yield pending.popleft().result()
        finally:
            if block is not None:
                block.put(None)  # The thread waits for more otherwise.
        while pending:
            yield pending.popleft().result()


def _take(pieces: SimpleQueue[Floats | None]) -> Iterator[Floats]:
    """Yield pieces as they arrive, up to None."""
    while (piece := pieces.get()) is not None:
        yield piece


def _detect_block(pieces: Iterator[Floats]) -> tuple[int, list[FrameRange], list[FrameRange]]:
    """Return the number of samples, the frame ranges of speech, and those of what may be faint."""
    import numpy as np

    model = SpeechModel()
    probabilities: list[float] = []
    read: list[Floats] = []
    for piece in pieces:
        read.append(piece)
        probabilities += model.predict(piece)
    probabilities += model.finish()
    samples = np.concatenate(read)
    clear = find_frame_ranges(probabilities, THRESHOLD)
    candidates = _subtract(find_frame_ranges(probabilities, LOW_ENERGY_THRESHOLD), clear)
    if candidates:
        candidates = _filter_voiced(samples, candidates)
    return len(samples), clear, candidates


def find_frame_ranges(probabilities: Sequence[float], threshold: float) -> list[FrameRange]:
    """Return the ranges of frames that reach a threshold, ignoring dips shorter than a silence."""
    silence = round(MIN_SILENCE_SECONDS * SAMPLE_RATE / FRAME_SAMPLES)
    ranges: list[FrameRange] = []
    begin, end = -1, -1
    for number, probability in enumerate(probabilities):
        if probability >= threshold:
            begin, end = (number if begin < 0 else begin), -1
        elif begin >= 0 and probability < threshold - HYSTERESIS:
            end = number if end < 0 else end
            if number - end >= silence:
                ranges.append((begin, end))
                begin, end = -1, -1
    if begin >= 0:
        ranges.append((begin, len(probabilities) if end < 0 else end))
    return ranges


def _subtract(wide: Iterable[FrameRange], narrow: Sequence[FrameRange]) -> list[FrameRange]:
    """Return the parts of the wide ranges that are in none of the narrow ones."""
    remainder: list[FrameRange] = []
    for start, end in wide:
        for first, last in narrow:
            if last <= start or first >= end:
                continue
            if first > start:
                remainder.append((start, first))
            start = max(start, last)
        if start < end:
            remainder.append((start, end))
    return remainder


def _filter_voiced(samples: Floats, candidates: Sequence[FrameRange]) -> list[FrameRange]:
    """Keep the ranges in which most frames have a voice's energy in its band, above the floor."""
    import numpy as np

    frames = len(samples) // FRAME_SAMPLES
    if frames == 0:
        return []
    voice, share = np.empty(frames), np.empty(frames)
    hertz = np.fft.rfftfreq(FRAME_SAMPLES, 1 / SAMPLE_RATE)
    inside, audible = (
        (hertz >= VOICE_BAND_HZ[0]) & (hertz <= VOICE_BAND_HZ[1]),
        hertz > VOICE_BAND_HZ[0] / 2,
    )
    window = np.hanning(FRAME_SAMPLES)
    for first in range(0, frames, 2048):
        last = min(frames, first + 2048)
        block = samples[first * FRAME_SAMPLES : last * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        power = np.abs(np.fft.rfft(block * window, axis=1)) ** 2
        voice[first:last] = power[:, inside].sum(axis=1)
        share[first:last] = voice[first:last] / (power[:, audible].sum(axis=1) + 1e-12)
    is_voiced = (share >= MIN_VOICE_SHARE) & (voice > MIN_FLOOR_RATIO * np.quantile(voice, 0.1))
    return [(a, b) for a, b in candidates if is_voiced[a:b].size and is_voiced[a:b].mean() > 0.5]


def _to_time_span(frames: FrameRange, start: float, end: float) -> TimeSpan:
    first, last = (start + frame * FRAME_SAMPLES / SAMPLE_RATE for frame in frames)
    return TimeSpan(first, min(last, end))


def _merge(clear: list[TimeSpan], faint: list[TimeSpan], duration: float) -> SpeechActivity:
    """Pad the spans of both kinds and join those that nearly touch."""
    clear_spans = _join(_pad(clear, duration))
    faint_spans = [
        TimeSpan(first, last)
        for part in _join(_pad(_join(faint), duration))
        for first, last in _iter_gaps(part, clear_spans)
        if last - first >= MIN_LOW_ENERGY_SECONDS + PADDING_SECONDS
    ]
    return SpeechActivity(tuple(_join(sorted([*clear_spans, *faint_spans]))), tuple(faint_spans))


def _pad(parts: Iterable[TimeSpan], duration: float) -> list[TimeSpan]:
    return [
        TimeSpan(max(0.0, part.start - PADDING_SECONDS), min(duration, part.end + PADDING_SECONDS))
        for part in parts
        if part.end > part.start
    ]


def _join(parts: Iterable[TimeSpan]) -> list[TimeSpan]:
    merged: list[TimeSpan] = []
    for part in parts:
        if merged and part.start - merged[-1].end < MIN_SILENCE_SECONDS:
            merged[-1] = TimeSpan(merged[-1].start, max(merged[-1].end, part.end))
        else:
            merged.append(part)
    return merged


def _iter_gaps(part: TimeSpan, taken: Sequence[TimeSpan]) -> Iterable[tuple[float, float]]:
    """Yield the parts of a span outside the spans ``taken``, which are in order."""
    start = part.start
    for other in taken:
        if other.end <= start or other.start >= part.end:
            continue
        if other.start > start:
            yield start, other.start
        start = other.end
    if start < part.end:
        yield start, part.end
