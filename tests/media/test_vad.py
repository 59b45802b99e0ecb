"""Voice activity: speech is found, noise is not."""

from __future__ import annotations

import subprocess
from pathlib import Path

from subtitled.media.decode import decode
from subtitled.media.probe import probe
from subtitled.media.vad import find_speech
from subtitled.plugin import Audio


def test_speech_is_found_and_noise_is_not(speech: Path, tmp_path: Path) -> None:
    jfk = speech / "jfk.flac"
    audio = decode(jfk, probe(jfk).audio[0], tmp_path / "jfk.s16")
    found = find_speech(audio)
    assert sum(part.duration for part in found) > 6
    assert all(a.end < b.start for a, b in zip(found, found[1:], strict=False))
    for sound in ("anoisesrc=c=pink:a=0.2:d=20", "sine=d=20", "anullsrc=d=20"):
        pcm = tmp_path / "noise.s16"
        subprocess.run(
            [
                "ffmpeg",
                "-v",
                "error",
                "-y",
                "-f",
                "lavfi",
                "-i",
                sound,
                "-t",
                "20",
                "-ar",
                "16000",
                "-ac",
                "1",
                "-f",
                "s16le",
                pcm,
            ],
            check=True,
        )
        assert find_speech(Audio(pcm)) == []
