"""Whisper: windows map back exactly; real speech is recognised; nothing is heard in noise."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.media.vad import detect_speech
from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    Language,
    SpeechWindow,
    TimeSpan,
    TranscriptionRequest,
)
from subtitled.plugin.testing import check_engine, check_transcript
from subtitled.subtitles.hallucination import FilterContext, filter_hallucinations, load_phrases
from subtitled_plugins.whisper import encoder
from subtitled_plugins.whisper.encoded_windows import EncodedWindows
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings
from subtitled_plugins.whisper.windows import build_batches, pack_windows, split_window

_gaps = st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 70)), min_size=1, max_size=40)


@given(_gaps, st.integers(1, 8))
def test_windows_hold_all_speech_and_times_map_back(
    gaps: list[tuple[float, float]], workers: int
) -> None:
    speech, now = [], 0.0
    for pause, spoken in gaps:
        speech.append(TimeSpan(now + pause, now + pause + spoken))
        now += pause + spoken
    windows = pack_windows(speech)
    assert all(window.duration <= 30.001 for window in windows)
    total = sum(part.duration for part in speech)
    assert sum(window.duration for window in windows) == pytest.approx(total)
    dealt = [window for batch in build_batches(windows, workers, 4) for window in batch]
    assert sorted(dealt, key=lambda w: w.parts[0].start) == windows
    for window in windows:
        assert window.timeline.to_media_time(0.0) == window.parts[0].start
        assert window.timeline.to_media_time(window.duration, is_end=True) == pytest.approx(
            window.parts[-1].end
        )
        assert sum(half.duration for half in split_window(window)) == pytest.approx(window.duration)


def _pcm(source: list[str], target: Path) -> Audio:
    subprocess.run(
        ["ffmpeg", "-v", "error", *source, "-ar", "16000", "-ac", "1", "-f", "s16le", target],
        check=True,
    )
    return Audio(target)


@pytest.fixture(scope="module")
def engine(model_base: Path) -> WhisperEngine:
    whisper_engine = WhisperEngine(
        WhisperSettings(), ComponentContext("whisper", 2, {"base": model_base})
    )
    whisper_engine.load()
    return whisper_engine


@pytest.mark.model
def test_recorded_speech_is_transcribed_word_by_word(
    engine: WhisperEngine, speech: Path, tmp_path: Path
) -> None:
    audio = _pcm(["-i", str(speech / "jfk.flac")], tmp_path / "a")
    whole = TimeSpan(0, audio.duration)
    whole_chunk = Chunk(whole, (whole,))
    transcript = engine.transcribe(
        audio, TranscriptionRequest(chunk=whole_chunk, language=Language("en"))
    )
    assert "ask not what your country can do for you" in transcript.text
    check_transcript(transcript, whole_chunk)
    (sure,) = transcript.segment_scores
    assert (sure.start, sure.end) == (transcript.words[0].start, transcript.words[-1].end)
    assert sure.avg_logprob is not None and -1 < sure.avg_logprob < 0
    assert sure.no_speech_prob is not None and sure.no_speech_prob < 0.5
    assert sure.compression_ratio is not None and 0.5 < sure.compression_ratio < 2.4
    (guess,) = engine.detect_language(audio, [SpeechWindow(0, audio.duration)])
    assert guess.probabilities[Language("en")] > 0.8


@pytest.mark.model
def test_a_window_is_encoded_once_for_its_language_and_its_words(
    model_base: Path, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []

    class CountedWindows(EncodedWindows):
        def __init__(self, encode: Callable[[Any], Any]) -> None:
            super().__init__(lambda window: (encoded.append(len(window)), encode(window))[1])

    monkeypatch.setattr(encoder, "EncodedWindows", CountedWindows)
    counted = WhisperEngine(WhisperSettings(), ComponentContext("whisper", 2, {"base": model_base}))
    counted.load()
    audio = _pcm(["-i", str(speech / "jfk.flac")], tmp_path / "a")
    spans = (TimeSpan(0.31, 2.2), TimeSpan(3.1, 7.713), TimeSpan(8.03, audio.duration))
    (guess,) = counted.detect_language(audio, [SpeechWindow(0.31, audio.duration, spans)])
    assert max(guess.probabilities, key=guess.probabilities.__getitem__) == "en"
    assert len(encoded) == 1
    chunk = Chunk(TimeSpan(0, audio.duration), spans)
    request = TranscriptionRequest(chunk=chunk, language=Language("en"))
    transcript = counted.transcribe(audio, request)
    assert "ask not what your country can do for you" in transcript.text
    assert len(encoded) == 1


@pytest.mark.model
@pytest.mark.parametrize(
    "pause", ["anoisesrc=r=16000:a=0.00126:d=60:seed=1", "anullsrc=r=16000:d=60"]
)
def test_long_pauses_cost_no_word_and_move_none(
    engine: WhisperEngine, speech: Path, tmp_path: Path, pause: str
) -> None:
    cuts = ((0.0, 2.6), (2.9, 7.6), (7.6, 11.0))
    parts = ";".join(
        f"[0:a]aformat=sample_rates=16000:channel_layouts=mono,atrim={first}:{last},"
        f"asetpts=N/SR/TB[p{n}];{pause},aformat=channel_layouts=mono[n{n}]"
        for n, (first, last) in enumerate(cuts)
    )
    graph = f"{parts};[p0][n0][p1][n1][p2][n2]concat=n=6:v=0:a=1[o]"
    source = ["-i", str(speech / "jfk.flac"), "-filter_complex", graph, "-map", "[o]"]
    audio = _pcm(source, tmp_path / "a")
    activity = detect_speech(audio)
    chunk = Chunk(TimeSpan(0, audio.duration), activity.spans, activity.low_energy)
    transcript = engine.transcribe(
        audio, TranscriptionRequest(chunk=chunk, language=Language("en"))
    )
    context = FilterContext(
        language=Language("en"), duration=audio.duration, phrases=load_phrases(None)
    )
    words, gone = filter_hallucinations(transcript, context, activity.spans, activity.low_energy)
    assert gone == ()
    chunks = ((0.0, 2.6), (62.6, 67.3), (127.3, 130.7))
    counts = [sum(a <= w.start < w.end <= b for w in words) for a, b in chunks]
    assert counts == [5, 9, 8]
    # In the recording "ask" is said at 3.2 s and at 8.1 s.
    first, second = (word for word in words if word.text.strip() == "ask")
    assert first.start == pytest.approx(62.6 + 0.3, abs=0.45)
    assert second.start == pytest.approx(127.3 + 0.6, abs=0.3)


@pytest.mark.model
def test_spanish_is_put_into_english(engine: WhisperEngine, speech: Path, tmp_path: Path) -> None:
    audio = _pcm(["-t", "20", "-i", str(speech / "prologue.es.mp3")], tmp_path / "a")
    whole = TimeSpan(0, audio.duration)
    request = TranscriptionRequest(
        chunk=Chunk(whole, (whole,)), language=Language("es"), translate_to=Language("en")
    )
    transcript = engine.transcribe(audio, request)
    assert transcript.language == "en"
    assert "Academy" in transcript.text


@pytest.mark.model
def test_what_whisper_itself_doubts_is_given_with_its_evidence_and_not_dropped(
    engine: WhisperEngine, tmp_path: Path
) -> None:
    audio = _pcm(["-f", "lavfi", "-i", "anoisesrc=c=brown:a=0.5:d=20:seed=1"], tmp_path / "a")
    whole = TimeSpan(0, audio.duration)
    whole_chunk = Chunk(whole, (whole,))
    transcript = engine.transcribe(
        audio, TranscriptionRequest(chunk=whole_chunk, language=Language("en"))
    )
    check_transcript(transcript, whole_chunk)
    assert bool(transcript.words) == bool(transcript.segment_scores)
    for word in transcript.words:
        assert any(e.start <= word.start and word.end <= e.end for e in transcript.segment_scores)


@pytest.mark.model
def test_hotwords_never_stand_in_front_of_a_decoder_that_can_stop_early(
    engine: WhisperEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from faster_whisper import BatchedInferencePipeline

    prompts: list[object] = []

    def listening(self: object, *args: object, **options: object) -> object:
        prompts.extend((options.get("hotwords"), options.get("initial_prompt")))
        return iter(()), None

    monkeypatch.setattr(BatchedInferencePipeline, "transcribe", listening)
    audio = Audio(tmp_path / "a")
    audio.path.write_bytes(b"\0\0" * 16000 * 5)
    whole = TimeSpan(0, 5)
    for quiet in ((whole,), ()):
        whole_chunk = Chunk(whole, (whole,), quiet)
        engine.transcribe(
            audio,
            TranscriptionRequest(
                chunk=whole_chunk, language=Language("en"), hotwords=("Rivendell",)
            ),
        )
    assert prompts and set(prompts) == {None}


@pytest.mark.model
@pytest.mark.parametrize(
    "hotwords",
    [
        ("Moby Dick",),
        ("The Matrix",),
        ("Pilot", "Breaking Bad"),
        ("W",),
        ("ask not what your country can do for you",),
        ("<i>Fellow</i> {\\an8} [Americans]", "x" * 300),
        ("白鲸", "Война и мир", "ウィンターフェル"),
        tuple(f"Name {n} Surname" for n in range(3000)),
    ],
    ids=lambda hotwords: hotwords[0][:20],
)
def test_wrong_hotwords_change_no_word(
    engine: WhisperEngine, speech: Path, tmp_path: Path, hotwords: tuple[str, ...]
) -> None:
    audio = _pcm(["-i", str(speech / "jfk.flac")], tmp_path / "a")
    whole_chunk = Chunk(TimeSpan(0, audio.duration), (TimeSpan(0, audio.duration),))
    without = engine.transcribe(
        audio, TranscriptionRequest(chunk=whole_chunk, language=Language("en"))
    )
    with_hotwords = engine.transcribe(
        audio, TranscriptionRequest(chunk=whole_chunk, language=Language("en"), hotwords=hotwords)
    )
    assert with_hotwords.text == without.text


@pytest.mark.model
def test_the_engine_keeps_the_contract(model_base: Path) -> None:
    check_engine(WhisperEngine, {}, {"base": model_base})
