"""A voice is in the decoded sound, however the channels of its track stand to each other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from subtitled.media.decode import decode_track
from subtitled.media.probe import probe_media
from subtitled.media.vad import detect_speech
from subtitled.plugin import Audio, TimeSpan

MUSIC = "aevalsrc='0.05*sin(2*PI*220*t)|0.05*sin(2*PI*330*t)':d=11:s=48000"
INVERTED_HALF_WAY = (
    "[0:a]aresample=48000,aformat=channel_layouts=mono,asplit=2[l][r];"
    "[r]volume='if(lt(t,5),1,-1)':eval=frame[i];[l][i]join=inputs=2:channel_layout=stereo[o]"
)
INVERTED_WITH_MUSIC = (
    f"[0:a]aresample=48000,pan=stereo|c0=c0|c1=-1*c0[v];{MUSIC}[m];"
    "[v][m]amix=inputs=2:duration=first:normalize=0[o]"
)
CENTRE_INVERTED = "[0:a]pan=5.1|FL=0.5*c0|FR=0.5*c0|FC=-0.707*c0[o]"
INVERTED_IN_SHORT_PIECES = (
    "[0:a]aresample=48000,volume='if(gt(mod(t,1),0.75),0,1)':eval=frame,"
    "pan=stereo|c0=c0|c1=-1*c0[o]"
)


def loudness(audio: Audio) -> float:
    return float(np.sqrt(np.mean(audio.read_samples(TimeSpan(0, audio.duration)) ** 2)))


def make(speech: Path, target: Path, graph: str, codec: str = "pcm_s16le") -> Path:
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y", "-i", speech / "jfk.flac"),
            *("-filter_complex", graph, "-map", "[o]", "-c:a", codec, target),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return target


def decode(media: Path, tmp_path: Path) -> Audio:
    return decode_track(media, probe_media(media).audio_tracks[0], tmp_path / "a.s16")


@pytest.mark.parametrize(
    ("name", "graph", "codec"),
    [
        ("inverted.mkv", "[0:a]pan=stereo|c0=c0|c1=-1*c0[o]", "aac"),
        ("unequal.mka", "[0:a]pan=stereo|c0=c0|c1=-0.8*c0[o]", "libopus"),
        ("half_way.wav", INVERTED_HALF_WAY, "pcm_s16le"),
        ("pieces.wav", INVERTED_IN_SHORT_PIECES, "pcm_s16le"),
        ("music.flac", INVERTED_WITH_MUSIC, "flac"),
        ("one_side.wav", "[0:a]pan=stereo|c0=c0|c1=0*c0[o]", "pcm_s16le"),
        ("centre.mka", "[0:a]pan=5.1|FC=c0[o]", "ac3"),
        ("centre_inverted.flac", CENTRE_INVERTED, "flac"),
        ("rear_inverted.flac", "[0:a]pan=5.1|BL=c0|BR=-1*c0[o]", "flac"),
        ("four.wav", "[0:a]pan=4.0|c2=c0[o]", "pcm_s16le"),
        ("sixteen.w64", "[0:a]pan=hexadecagonal|c7=c0[o]", "pcm_s16le"),
    ],
)
def test_voice_is_kept_from_beginning_to_end(
    speech: Path, tmp_path: Path, name: str, graph: str, codec: str
) -> None:
    audio = decode(make(speech, tmp_path / name, graph, codec), tmp_path)
    assert audio.duration == pytest.approx(11.0, abs=0.1)
    spans = detect_speech(audio).spans
    assert sum(span.duration for span in spans) > 7.5, spans
    assert spans[0].start < 1.0 and spans[-1].end > 10.0
    assert [path.name for path in tmp_path.iterdir()].count("a.s16") == 1
    assert len(list(tmp_path.iterdir())) == 2, "temporary files are left"


def test_ordinary_stereo_is_the_sum_of_its_sides(speech: Path, tmp_path: Path) -> None:
    media = make(speech, tmp_path / "a.wav", "[0:a]pan=stereo|c0=c0|c1=0.5*c0[o]")
    audio = decode(media, tmp_path)
    plain = tmp_path / "plain.s16"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-i", media, "-ac", "1", "-ar", "16000"),
            *("-f", "s16le", plain),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    ours, theirs = (a.read_samples(TimeSpan(0.0, 10.9)) for a in (audio, Audio(plain)))
    assert np.abs(ours - theirs).max() < 0.002


def test_what_cancels_is_as_loud_as_what_does_not(speech: Path, tmp_path: Path) -> None:
    straight = decode(make(speech, tmp_path / "a.wav", "[0:a]pan=stereo|c0=c0|c1=c0[o]"), tmp_path)
    expected = loudness(straight)
    inverted = decode(
        make(speech, tmp_path / "b.wav", "[0:a]pan=stereo|c0=c0|c1=-1*c0[o]"), tmp_path
    )
    assert loudness(inverted) == pytest.approx(expected, rel=0.1)
