"""The first chunk, known before all speech is: it is the one that the whole track has."""

from __future__ import annotations

import math
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from subtitled.media.chunking import chunks_for_engine
from subtitled.media.vad import KnownSpeech, SpeechActivity, known_speech_path
from subtitled.plugin import EngineCapabilities, TimeSpan
from subtitled.transcription.early_chunk import find_first_chunk

CHUNK_SECONDS = 60.0
DURATION = 2000.0
tenths = st.integers(4, 300).map(lambda number: number / 10)


@st.composite
def tracks(draw: st.DrawFn) -> tuple[TimeSpan, ...]:
    """Draw the speech of a track, in order and apart."""
    spans, time = [], 0.0
    for pause, length in draw(st.lists(st.tuples(tenths, tenths), min_size=2, max_size=40)):
        spans.append(TimeSpan(time + pause, time + pause + length))
        time += pause + length
    return tuple(spans)


@given(tracks(), st.floats(0.05, 1.0))
def test_the_first_chunk_of_what_is_known_is_that_of_the_whole_track(
    speech: tuple[TimeSpan, ...], share: float
) -> None:
    seconds = share * speech[-1].end
    known = KnownSpeech.create(seconds, SpeechActivity(speech, speech[1:2]))
    capabilities = EngineCapabilities()
    first = find_first_chunk(known, capabilities, CHUNK_SECONDS)
    if first is not None:
        whole = chunks_for_engine(capabilities, speech, CHUNK_SECONDS, DURATION, speech[1:2])
        assert first == whole[0]
        assert first.span.end < seconds


def test_a_chunk_is_known_as_soon_as_the_next_one_has_begun() -> None:
    speech = tuple(TimeSpan(start, start + 20.0) for start in (0.0, 21.0, 42.0, 63.0))
    activity = SpeechActivity(speech)
    capabilities = EngineCapabilities()
    assert find_first_chunk(KnownSpeech.create(64.0, activity), capabilities, 60.0) is None
    first = find_first_chunk(KnownSpeech.create(86.0, activity), capabilities, 60.0)
    assert first is not None
    assert first.speech == speech[:3]


def test_speech_that_has_to_be_cut_and_engines_that_take_whole_films_wait() -> None:
    long = SpeechActivity((TimeSpan(0.0, 90.0), TimeSpan(91.0, 140.0), TimeSpan(141.0, 200.0)))
    known = KnownSpeech.create(math.inf, long)
    assert find_first_chunk(known, EngineCapabilities(), 60.0) is None
    assert find_first_chunk(known, EngineCapabilities(), 95.0) is not None
    assert find_first_chunk(known, EngineCapabilities(whole_file=True), 95.0) is None


def test_speech_that_later_sound_may_change_is_not_known_yet() -> None:
    activity = SpeechActivity((TimeSpan(1.0, 5.0), TimeSpan(6.0, 9.5)), (TimeSpan(6.0, 9.5),))
    assert KnownSpeech.create(10.0, activity) == KnownSpeech(10.0, (TimeSpan(1.0, 5.0),), ())


def test_what_is_known_is_read_while_it_is_written_anew_and_not_if_it_is_damaged(
    tmp_path: Path,
) -> None:
    target = tmp_path / "a.s16"
    assert KnownSpeech.read(target) is None
    for content in (b"", b"{", b"[]", b'{"seconds": "x", "speech": [], "low_energy": []}'):
        known_speech_path(target).write_bytes(content)
        assert KnownSpeech.read(target) is None
