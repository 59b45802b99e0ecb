"""Media sync and transcript reuse between two versions of a programme."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.media.decode import decode_track
from subtitled.media.probe import probe_media
from subtitled.media.vad import SpeechActivity, detect_speech
from subtitled.plugin import Language, TimeSpan, Transcript, Word
from subtitled.plugin.speech_windows import chunk_speech
from subtitled.transcription.media_sync import MIN_SPEECH_SPANS, find_offset
from subtitled.transcription.transcript_reuse import (
    ReuseTarget,
    distribute,
    reuse_transcript,
    shift,
)
from subtitled.transcripts.assembly import assemble_chunks
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore

EN = Language("en")


def talk(seed: int, count: int, start: float = 0.0) -> list[TimeSpan]:
    """Return ``count`` spans of speech with natural pauses."""
    chance, at, speech = random.Random(seed), start, []
    for _ in range(count):
        at += chance.uniform(0.4, 6.0)
        end = at + chance.uniform(0.6, 8.0)
        speech.append(TimeSpan(at, end))
        at = end
    return speech


def detected_later(
    speech: list[TimeSpan], offset: float, seed: int, jitter: float = 0.05
) -> list[TimeSpan]:
    """Return the spans later, as a detector finds them in another encoding."""
    chance = random.Random(seed)
    return [
        TimeSpan(
            one.start + offset + chance.uniform(-jitter, jitter),
            one.end + offset + chance.uniform(-jitter, jitter),
        )
        for one in speech
    ]


seeds = st.integers(0, 10**6)


@given(seeds, st.integers(25, 150), st.floats(-40, 200))
@settings(max_examples=30, deadline=None)
def test_the_same_speech_later_is_found_to_a_twentieth_of_a_second(
    seed: int, count: int, offset: float
) -> None:
    old = talk(seed, count, start=45.0)
    found = find_offset(old, detected_later(old, offset, seed + 1))
    assert found is not None
    assert found.is_convincing, found
    assert abs(found.offset - offset) < 0.05


@given(seeds, st.integers(MIN_SPEECH_SPANS, 150), st.integers(MIN_SPEECH_SPANS, 150))
@settings(max_examples=30, deadline=None)
def test_offset_of_other_speech_is_not_convincing(seed: int, count: int, other: int) -> None:
    found = find_offset(talk(seed, count), talk(seed + 1, other))
    assert found is not None
    assert not found.is_convincing, found


@given(seeds, st.integers(30, 150), st.floats(0.1, 0.9), st.floats(2.0, 90.0))
@settings(max_examples=30, deadline=None)
def test_offset_of_another_cut_is_not_convincing(
    seed: int, count: int, share: float, scene: float
) -> None:
    """Insert or remove a scene in the middle."""
    old = talk(seed, count)
    cut = round(count * share)
    longer = old[:cut] + [TimeSpan(o.start + scene, o.end + scene) for o in old[cut:]]
    for one, two in ((old, longer), (longer, old)):
        found = find_offset(one, detected_later(two, 3.0, seed))
        assert found is not None
        assert not found.is_convincing, found


@given(seeds, st.integers(40, 150))
@settings(max_examples=30, deadline=None)
def test_offset_at_another_speed_is_not_convincing(seed: int, count: int) -> None:
    """Cinema films run 4 % faster on European television."""
    old = talk(seed, count)
    found = find_offset(old, [TimeSpan(o.start * 24 / 25, o.end * 24 / 25) for o in old])
    assert found is not None
    assert not found.is_convincing, found


def test_offset_of_regular_speech_is_not_convincing() -> None:
    old = [TimeSpan(at, at + 1.0) for at in range(0, 300, 3)]
    found = find_offset(old, detected_later(old, 9.0, 1))
    assert found is not None
    assert "another offset matches nearly as well" in found.rejection_reason


@pytest.mark.parametrize("where", ["old", "new"])
def test_offset_with_speech_missing_in_one_version_is_not_convincing(where: str) -> None:
    """A scene after the credits: every part agrees, but there are no words for it."""
    old = talk(7, 60)
    more = [*old, TimeSpan(old[-1].end + 20, old[-1].end + 32)]
    found = find_offset(more, old) if where == "old" else find_offset(old, more)
    assert found is not None
    assert "are in one file only" in found.rejection_reason


def test_too_little_speech_has_no_offset() -> None:
    few = talk(1, MIN_SPEECH_SPANS - 1)
    assert find_offset(few, few) is None
    assert find_offset([], talk(1, 30)) is None


words = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 2)).map(
        lambda w: Word(text=" w", start=w[0], end=w[0] + w[1])
    ),
    max_size=40,
)


@given(words, st.floats(-50, 50), st.floats(20, 120), seeds)
def test_no_word_is_lost_doubled_or_moved_out_of_the_film(
    answer: list[Word], offset: float, end: float, seed: int
) -> None:
    answer = sorted(answer, key=lambda word: word.start)
    later = shift(answer, offset, end)
    assert all(0 <= word.start <= word.end <= end for word in later)
    inside = [word for word in answer if word.start + offset > 0 and word.end + offset < end]
    assert len(inside) <= len(later) <= len(answer)
    speech = [one for one in talk(seed, 20) if one.end < end]
    chunks = chunk_speech(speech, 15.0, end)
    if chunks:
        shares = distribute(later, chunks)
        assert [word for share in shares for word in share] == list(later)


def _kept(store: TranscriptStore, content: str, speech: list[TimeSpan], variant: str) -> None:
    """Return a transcript with one word for each span, in chunks of 30 s."""
    duration = speech[-1].end + 10
    store.save_analysis(
        content,
        1,
        TrackAnalysis(
            duration=duration,
            speech=tuple(speech),
            language=EN,
            confidence=0.9,
            language_reason="heard",
        ),
    )
    for chunk in chunk_speech(speech, 30.0, duration):
        output = tuple(
            Word(text=f" {one.start:.1f}", start=one.start, end=one.end) for one in chunk.speech
        )
        store.save_chunk(
            content,
            1,
            variant,
            chunk,
            Transcript(language=EN, words=output, engine="e", variant=variant),
        )


def _target(track: int, analysis: TrackAnalysis, language: str = "en") -> ReuseTarget:
    return ReuseTarget(
        fingerprint="bb02",
        track=track,
        analysis=analysis,
        language=Language(language),
        chunk_seconds=60.0,
    )


def test_better_copy_reuses_every_complete_variant(tmp_path: Path) -> None:
    store, old = TranscriptStore(tmp_path), talk(3, 80)
    _kept(store, "aa01", old, "whole")
    _kept(store, "aa01", old, "torn")
    next((tmp_path / "aa" / "aa01" / "1" / "torn").iterdir()).unlink()
    new = detected_later(old, 12.5, 4)
    analysed = TrackAnalysis(duration=new[-1].end + 10, speech=tuple(new))
    output = reuse_transcript(store, _target(2, analysed), ["cc03", "aa01"])
    assert output is not None
    assert output == store.reuse("bb02", 2)
    assert store.variants("bb02", 2) == ["whole"]
    whole = assemble_chunks(store, "bb02", 2, "whole", chunk_speech(new, 60.0, analysed.duration))
    assert whole is not None
    assert [word.text for word in whole.words] == [f" {one.start:.1f}" for one in old]
    for word, one in zip(whole.words, new, strict=True):
        assert abs(word.start - one.start) < 0.15
    assert "taken over from aa01, track 1, +12.5" in str(output)


def test_version_that_does_not_match_is_transcribed_again_and_the_reason_kept(
    tmp_path: Path,
) -> None:
    store, old = TranscriptStore(tmp_path), talk(3, 80)
    _kept(store, "aa01", old, "whole")
    new = talk(99, 80)
    analysed = TrackAnalysis(duration=new[-1].end + 10, speech=tuple(new))
    assert reuse_transcript(store, _target(1, analysed), ["aa01"]) is None
    assert store.variants("bb02", 1) == []
    assert "the speech does not match" in str(store.reuse("bb02", 1))


def test_a_dub_does_not_get_the_words_of_the_original(tmp_path: Path) -> None:
    """The speech is in the same places."""
    store, old = TranscriptStore(tmp_path), talk(3, 80)
    _kept(store, "aa01", old, "whole")
    analysed = TrackAnalysis(duration=old[-1].end + 10, speech=tuple(old))
    assert reuse_transcript(store, _target(1, analysed, "de"), ["aa01"]) is None
    assert reuse_transcript(store, _target(1, analysed, "en-GB"), ["aa01"]) is not None


def _programme(speech: Path, target: Path, *names: str) -> Path:
    """Join recordings with pauses between them, into minutes of many voices."""
    inputs = [argument for name in names for argument in ("-i", str(speech / name))]
    padded = "".join(
        f"[{n}]aformat=r=16000:cl=mono,apad=pad_dur=2[p{n}];" for n in range(len(names))
    )
    joined = "".join(f"[p{n}]" for n in range(len(names)))
    return _ffmpeg(target, *inputs, "-filter_complex", f"{padded}{joined}concat={len(names)}:0:1")


def _ffmpeg(target: Path, *arguments: str) -> Path:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *arguments, str(target)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return target


def _speech_of(media: Path) -> SpeechActivity:
    pcm = media.with_name(media.name + ".s16")
    return detect_speech(decode_track(media, probe_media(media).audio_tracks[0], pcm))


@pytest.mark.slow
def test_recorded_speech_in_another_container_and_codec_after_black_is_recognised(
    speech: Path, tmp_path: Path
) -> None:
    names = ("apollo11.mp3", "sonnet.en.mp3", "prologue.es.mp3", "multilingual.mp3", "jfk.flac")
    old = _programme(speech, tmp_path / "old.flac", *names)
    picture = ("-f", "lavfi", "-i", "color=black:s=160x90:r=5", "-map", "0:a", "-map", "1:v")
    sound = ("-af", "adelay=7300:all=1", "-c:a", "aac", "-b:a", "48k", "-ac", "2", "-ar", "44100")
    new = _ffmpeg(tmp_path / "new.mp4", "-i", str(old), *picture, *sound, "-shortest")
    before = _speech_of(old)
    poor = ("-af", "adelay=12345:all=1", "-c:a", "libopus", "-b:a", "16k")
    worse = _ffmpeg(tmp_path / "worse.opus", "-i", str(old), *poor)
    for media, late in ((new, 7.3), (worse, 12.345)):
        after = _speech_of(media)
        found = find_offset(before.spans, after.spans, before.low_energy, after.low_energy)
        assert found is not None
        assert found.is_convincing, found
        assert found.offset == pytest.approx(late, abs=0.05)
    without = _programme(speech, tmp_path / "cut.flac", *names[:2], *names[3:])
    cut = find_offset(before.spans, _speech_of(without).spans)
    assert cut is not None
    assert not cut.is_convincing
