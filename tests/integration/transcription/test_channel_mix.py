"""Speech on one of several tracks, or on two of them, is found and mixed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from subtitled.media.probe import probe_media
from subtitled.media.track_sets import find_track_set
from subtitled.media.vad import SpeechActivity, detect_speech
from subtitled.plugin import Audio, TimeSpan
from subtitled.transcription.channel_mix import analyse_channels, mix_channels

MUSIC = "aevalsrc='0.15*sin(2*PI*220*t)*(0.6+0.4*sin(4*PI*t))+0.1*sin(2*PI*330*t)':d=14:s=48000"
NOISE = "anoisesrc=r=48000:a=0.003:d=14:seed=3"
VOICE = "[0:a]aresample=48000,aformat=channel_layouts=mono,apad=whole_dur=14"
FOUR = (
    f"{VOICE},asplit=2[v][w];{MUSIC}[m];{NOISE},asplit=2[n][q];"
    "[w]volume=0.1,lowpass=1500,aecho=0.8:0.7:60:0.4[e];[e][n]amix=inputs=2:normalize=0[r]"
)
TWO = (
    f"{VOICE},asplit=2[x][y];[x]volume='if(lt(t,5),1,0.02)':eval=frame[a];"
    "[y]volume='if(lt(t,5),0.02,1)':eval=frame[b]"
)


def make(speech: Path, target: Path, graph: str, *outputs: str) -> Path:
    maps = [word for name in outputs for word in ("-map", f"[{name}]")]
    picture = ["-f", "lavfi", "-i", "color=c=gray:s=320x240:r=25:d=14"]
    video = ["-map", "1:v", "-c:v", "mpeg2video"] if target.suffix == ".mxf" else []
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y", "-i", str(speech / "jfk.flac"), *picture),
            *("-filter_complex", graph, *video, *maps, "-c:a", "pcm_s16le", "-ar", "48000"),
            str(target),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return target


def level(audio: Audio, start: float, end: float) -> float:
    return float(np.sqrt(np.mean(audio.read_samples(TimeSpan(start, end)) ** 2)))


@pytest.mark.parametrize(
    ("name", "graph", "outputs", "taken"),
    [
        ("stems.mxf", FOUR, ("m", "r", "v", "q"), [3]),
        ("two.mov", TWO, ("a", "b"), [0, 1]),
        ("unequal.mov", f"{TWO};[a]atrim=0:6[c]", ("c", "b"), [0, 1]),
        ("poly.wav", f"{TWO};{MUSIC}[m];[m][a][b]amerge=inputs=3[o]", ("o",), [2, 3]),
    ],
)
def test_the_tracks_with_speech_are_taken_and_every_word_is_in_the_mix(
    speech: Path, tmp_path: Path, name: str, graph: str, outputs: tuple[str, ...], taken: list[int]
) -> None:
    media = make(speech, tmp_path / name, graph, *outputs)
    facts = probe_media(media)
    tracks = find_track_set(facts, facts.audio_tracks[0])
    target = tmp_path / "a.s16"
    (analysed,) = analyse_channels(
        media, tracks, tracks[0].index, lambda index: target, detect_speech
    )
    activity, shares = analysed.speech, analysed.shares
    numbers = [share.channel or share.track for share in shares if share.gain > 0]
    assert numbers == taken, [share.reason for share in shares]
    assert activity.spans[0].start < 1.0 and activity.spans[-1].end > 10.0
    audio = Audio(target)
    first, second = level(audio, 0.5, 2.0), level(audio, 8.5, 10.0)
    assert 0.25 < first / second < 4.0
    assert level(audio, 12.0, 13.5) < 0.1 * second
    again = mix_channels(media, tracks, shares, tmp_path / "b.s16")
    assert again.path.read_bytes() == audio.path.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "a.s16", "b.s16"])


def test_silent_tracks_and_copies_are_not_searched_for_speech(speech: Path, tmp_path: Path) -> None:
    graph = (
        f"{VOICE},asplit=3[a][x][y];[x]anull[b];[y]volume=-1[c];{NOISE}[d];"
        "anullsrc=r=48000:cl=mono:d=14[e]"
    )
    media = make(speech, tmp_path / "copies.mov", graph, "e", "a", "b", "c", "d")
    tracks = probe_media(media).audio_tracks
    searched: list[float] = []

    def find_speech(audio: Audio) -> SpeechActivity:
        searched.append(audio.duration)
        return detect_speech(audio)

    (analysed,) = analyse_channels(media, tracks, 0, lambda index: tmp_path / "a.s16", find_speech)
    assert len(searched) == 2  # the voice and the noise
    silent, *copies, noise = analysed.shares
    assert "no speech" in silent.reason and not noise.gain
    assert sorted(share.gain for share in copies) == [0.0, 0.0, 1.0]
    assert sum("hears the same speech" in share.reason for share in copies) == 2
