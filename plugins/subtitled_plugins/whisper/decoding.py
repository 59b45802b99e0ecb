"""Decoding windows: one worker for each thread, each with small batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subtitled.plugin import SAMPLE_RATE, Audio, SegmentScores, Word

from .alignment import CLOSING_PUNCTUATION
from .rehearing import WindowTranscript
from .scoring import split_encoded
from .windows import Window, build_batches

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from faster_whisper import WhisperModel

BATCH_SIZE = 4
"""Windows that one worker decodes together. More gains little and takes memory."""
MAX_COMPRESSION_RATIO = 2.4
MAX_NO_SPEECH_PROB = 0.6
MIN_AVG_LOGPROB = -1.0
CONFIDENT_AVG_LOGPROB = -0.5
"""Whisper's own thresholds for text that is no speech: compression ratio, probability of
no speech, average log probability (openai/whisper, transcribe.py)."""


@dataclass(frozen=True, slots=True)
class DecodingTask:
    """Windows that are decoded in the same way."""

    windows: Sequence[Window]
    options: dict[str, Any]
    """Arguments of faster-whisper's ``BatchedInferencePipeline.transcribe``."""
    is_last_attempt: bool = False
    """Whether a confident loop is believed, since no other attempt follows."""
    keep_encoded: bool = False
    """Whether the transcripts keep the output of the encoder."""


class WindowDecoder:
    """Decodes windows in batches, by several workers at once."""

    def __init__(
        self,
        model: WhisperModel,
        workers: Executor,
        worker_count: int,
        on_batch: Callable[[Sequence[Window]], None],
    ) -> None:
        """Create a decoder for one chunk.

        Args:
            model: The model.
            workers: Where batches are decoded.
            worker_count: How many are decoded at the same time.
            on_batch: Is called with the windows of a batch before it is decoded. What it raises
                ends the decoding.
        """
        self._model = model
        self._workers = workers
        self._worker_count = worker_count
        self._on_batch = on_batch

    def transcribe(
        self,
        audio: Audio,
        windows: Sequence[Window],
        options: dict[str, Any],
        *,
        is_last_attempt: bool = False,
    ) -> dict[Window, WindowTranscript]:
        """Transcribe each window.

        Args:
            audio: The track that the windows are of.
            windows: What to decode, in any order.
            options: Arguments of faster-whisper's ``BatchedInferencePipeline.transcribe``.
            is_last_attempt: Whether a confident loop is believed, since no other attempt follows.

        Returns:
            The transcript of each window.
        """
        task = DecodingTask(windows, options, is_last_attempt=is_last_attempt)
        (transcripts,) = self.transcribe_all(audio, [task])
        return transcripts

    def transcribe_all(
        self, audio: Audio, tasks: Sequence[DecodingTask]
    ) -> list[dict[Window, WindowTranscript]]:
        """Transcribe the windows of several tasks, without waiting between them.

        Args:
            audio: The track that the windows are of.
            tasks: The tasks. Batches begin in their order, so the longest should come first.

        Returns:
            For each task the transcript of each of its windows.
        """

        def decode(task: DecodingTask, batch: Sequence[Window]) -> dict[Window, WindowTranscript]:
            self._on_batch(batch)
            return self._decode(audio, batch, task)

        begun = [
            [
                self._workers.submit(decode, task, batch)
                for batch in build_batches(task.windows, self._worker_count, BATCH_SIZE)
            ]
            for task in tasks
        ]
        try:
            return [
                {
                    window: transcript
                    for future in futures
                    for window, transcript in future.result().items()
                }
                for futures in begun
            ]
        finally:
            for futures in begun:
                for future in futures:
                    future.cancel()

    def _decode(
        self,
        audio: Audio,
        batch: Sequence[Window],
        task: DecodingTask,
    ) -> dict[Window, WindowTranscript]:
        """Decode some windows, whose samples are joined to one array."""
        import numpy as np

        window_samples = [window.read_samples(audio) for window in batch]
        starts, clips, first = [], [], 0
        for samples in window_samples:
            starts.append(first / SAMPLE_RATE)
            last = first + len(samples)
            # faster-whisper rounds samples down.
            clips.append({"start": (first + 0.5) / SAMPLE_RATE, "end": (last + 0.5) / SAMPLE_RATE})
            first = last
        segments, encoded = self._run(np.concatenate(window_samples), clips, task)
        transcripts = {window: WindowTranscript() for window in batch}
        if encoded is not None:
            for window, output in zip(batch, split_encoded(encoded, len(batch)), strict=True):
                transcripts[window].encoded = output
        for segment in segments:
            placed: list[tuple[Window, Word]] = []
            for word in segment.words or ():
                middle = (word.start + word.end) / 2
                number = max(n for n, start in enumerate(starts) if n == 0 or start <= middle)
                placed.append((batch[number], _place_word(word, batch[number], starts[number])))
            is_doubted = is_doubtful(segment, task.is_last_attempt)
            for window, placed_word in placed:
                transcript = transcripts[window]
                (transcript.doubtful if is_doubted else transcript.words).append(placed_word)
            if placed:
                transcripts[placed[0][0]].segment_scores.append(
                    SegmentScores(
                        start=placed[0][1].start,
                        end=placed[-1][1].end,
                        avg_logprob=float(segment.avg_logprob),
                        no_speech_prob=float(segment.no_speech_prob),
                        compression_ratio=float(segment.compression_ratio),
                    )
                )
        return transcripts

    def _run(
        self,
        samples: npt.NDArray[np.float32],
        clips: list[dict[str, float]],
        task: DecodingTask,
    ) -> tuple[list[Any], Any]:
        """Run faster-whisper on one batch.

        Returns:
            Its segments, and the output of its encoder if that is kept.
        """
        from .pipeline import WindowPipeline

        pipeline = WindowPipeline(self._model)
        segments, _ = pipeline.transcribe(
            samples, clip_timestamps=clips, batch_size=len(clips), **task.options
        )
        decoded = list(segments)
        return decoded, pipeline.encoded if task.keep_encoded else None


def is_doubtful(segment: Any, is_last_attempt: bool) -> bool:
    """Tell whether Whisper itself doubts a segment, by its own thresholds."""
    is_silent = (
        segment.no_speech_prob > MAX_NO_SPEECH_PROB and segment.avg_logprob < MIN_AVG_LOGPROB
    )
    is_looping = segment.compression_ratio > MAX_COMPRESSION_RATIO
    is_believed = is_last_attempt and segment.avg_logprob > CONFIDENT_AVG_LOGPROB
    return is_silent or (is_looping and not is_believed)


def _place_word(word: Any, window: Window, offset: float) -> Word:
    """Return a word of faster-whisper in seconds of the media file, never across a pause."""
    place = window.timeline.place(
        float(word.start) - offset,
        float(word.end) - offset,
        prefers_first=word.word[-1:] in CLOSING_PUNCTUATION,
    )
    return Word(
        text=word.word, start=place.start, end=place.end, confidence=float(word.probability)
    )
