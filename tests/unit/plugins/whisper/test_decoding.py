"""The order in which windows are decoded, without a model."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from subtitled.plugin import TimeSpan, TransientError
from subtitled_plugins.whisper.decoding import DecodingTask, WindowDecoder
from subtitled_plugins.whisper.rehearing import WindowTranscript
from subtitled_plugins.whisper.windows import Window

SECONDS = 20.0
AUDIO: Any = None


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def _window(start: float) -> Window:
    return Window((TimeSpan(start, start + 1.0),))


class Decoder(WindowDecoder):
    """Notes what it decodes, and waits before it decodes the window at 0."""

    def __init__(self, workers: ThreadPoolExecutor, on_batch: Any = lambda batch: None) -> None:
        super().__init__(AUDIO, workers, 2, on_batch)
        self.other_begun = threading.Event()
        self.decoded: list[tuple[float, int]] = []

    def _decode(
        self, audio: Any, batch: Sequence[Window], task: DecodingTask
    ) -> dict[Window, WindowTranscript]:
        for window in batch:
            if window == _window(0.0):
                assert self.other_begun.wait(SECONDS)
            else:
                self.other_begun.set()
            self.decoded.append((window.parts[0].start, task.options["beam_size"]))
        return {window: WindowTranscript() for window in batch}


def test_faint_speech_is_decoded_while_the_last_clear_speech_is(
    workers: ThreadPoolExecutor,
) -> None:
    decoder = Decoder(workers)
    clear, faint = decoder.transcribe_all(
        AUDIO,
        [
            DecodingTask([_window(0.0)], {"beam_size": 5}),
            DecodingTask([_window(10.0)], {"beam_size": 1}),
        ],
    )
    assert (list(clear), list(faint)) == ([_window(0.0)], [_window(10.0)])
    assert decoder.decoded == [(10.0, 1), (0.0, 5)]


def test_a_cancelled_call_decodes_nothing_more(workers: ThreadPoolExecutor) -> None:
    def cancel(batch: Sequence[Window]) -> None:
        raise TransientError("the call was cancelled")

    decoder = Decoder(workers, cancel)
    many = [_window(float(start)) for start in range(1, 100)]
    with pytest.raises(TransientError, match="cancelled"):
        decoder.transcribe_all(AUDIO, [DecodingTask(many, {}), DecodingTask(many, {})])
    workers.shutdown()
    assert decoder.decoded == []
