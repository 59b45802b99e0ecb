"""The daemon does not load numpy to prepare sound: a process that ends does that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import hashlib, json, sys
from pathlib import Path
from subtitled.helper_process import use_helpers
from subtitled.media.clips import CutSource, write_samples
from subtitled.media.decode import decode_track
from subtitled.media.peaks import measure_peaks
from subtitled.media.probe import probe_media
from subtitled.media.vad import SpeechActivity
from subtitled.plugin import Audio, Cue, TimeSpan
from subtitled.plugin.speech_windows import find_quiet_moment
from subtitled.subtitles.quality_estimation.recogniser_signs import compute_log_odds
from subtitled.subtitles.synchronisation.media_speech import MediaSpeech
from subtitled.subtitles.synchronisation.separate_check import check_elsewhere
from subtitled.transcription.channel_mix import analyse_sides
from subtitled.transcription.media_sync import find_offset

folder, with_helpers = Path(sys.argv[1]), sys.argv[2] == "helpers"
use_helpers(20.0 if with_helpers else None)
results = []

def listen(audio):
    spans = tuple(TimeSpan(at, at + 1.5) for at in (1.0, 4.0, 7.0))
    return SpeechActivity(spans, (spans[-1],))

for name in ("quiet.flac", "turned.flac", "six.flac", "people.flac"):
    media, target = folder / name, folder / "sound"
    facts = probe_media(media)
    (track,) = facts.audio_tracks
    decoded = decode_track(media, track, target)
    results.append([name, decoded.has_unrelated_sides, find_quiet_moment(decoded, TimeSpan(0, 9))])
    if track.channels == 2:
        version = analyse_sides(media, track, target, listen)
        results.append(repr(version))
    results.append(hashlib.sha256(target.read_bytes()).hexdigest())
    source = CutSource(path=media, tracks=(track,))
    write_samples(source, TimeSpan(1.0, 4.0), target)
    results.append(hashlib.sha256(target.read_bytes()).hexdigest())
    results.append(repr(measure_peaks(source, TimeSpan(1.0, 4.0), 20, target)))
starts = [at + at % 7 / 5 for at in range(3, 300, 9)]
speech = [TimeSpan(at, at + 2.0 + at % 3) for at in starts]
late = [TimeSpan(span.start + 2.0, span.end + 2.0) for span in speech]
cues = [Cue(span.start, span.end, "Somebody says this.") for span in late]
results.append(repr(check_elsewhere(cues, MediaSpeech(speech=speech))))
results.append(repr(find_offset(speech, late)))
results.append(compute_log_odds([[0.9, 0.5, 0.8], []], (0.2, 0.3)))
left = sorted(path.name for path in folder.iterdir())
print(json.dumps([results, left, "numpy" in sys.modules]))
"""
MADE = {
    "quiet.flac": "sine=300:d=10,volume=-45dB",
    "turned.flac": "sine=300:d=10,aeval=val(0)|-val(0):c=stereo",
    "six.flac": "sine=300:d=10,pan=5.1|BL=c0|BR=-1*c0",
    "people.flac": "aevalsrc=0.2*sin(2000*t)*lt(mod(t\\,3)\\,1)|0.2*sin(3000*t)*gt(mod(t\\,3)\\,2)"
    ":d=10",
}


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for name, source in MADE.items():
        made = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, str(folder / name)]
        subprocess.run(made, check=True, stdin=subprocess.DEVNULL)
    return folder


def prepare(media: Path, who: str) -> tuple[list[object], list[str], bool]:
    command = [sys.executable, "-c", PROGRAM, str(media), who]
    # With several threads, sums of products have other last digits.
    one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=one_thread)
    assert done.returncode == 0, done.stderr
    results, left, has_numpy = json.loads(done.stdout)
    return results, left, has_numpy


def test_another_process_prepares_sound_as_a_command_does_itself(media: Path) -> None:
    results, left, has_numpy = prepare(media, "helpers")
    assert not has_numpy
    assert left == sorted(MADE), "temporary files are left"
    assert (results, left, True) == prepare(media, "none")
