"""Words of speech under music, a crowd, an engine and reverberation, by level; ours beside peers.

Recordings of ``shared/speech`` are mixed with sounds at 20, 10, 5 and 0 dB, by the mean power of
both over the whole recording. Music is ``xx-music`` of the same part. A crowd is six other
recordings of the part at once. An engine is generated: harmonics of a changing pitch below noise.
Reverberation is a generated impulse response of one second; its level is that of the direct sound
over the rest. Seeds are fixed, so each run mixes the same.

Ways, peers, ``--label`` and the cache are those of ``words.py``. ``removed`` are words that the
engine heard rightly and a guard took out; ``outside`` are words of the reference, of cues with
times, where voice activity detection found no speech.

The default is a sample, because sixteen mixes of each recording cost sixteen times its length.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import wave
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from noise_sounds import RATE, SEED, Samples, add_reverberation, make_crowd, make_engine, mix
from words import Results, Score, add_way_options, listen, parse_ways, score
from words_losses import count_words_outside_speech, count_words_removed
from words_material import Recording, load_recordings
from words_ways import CACHE, OURS, RAW

LEVELS = (20, 10, 5, 0)
SAMPLES = {
    "tuning": ("en-fleurs-a", "de-fleurs-a", "es-fleurs-a"),
    "reporting": ("en-sense", "de-fleurs-b", "es-clips"),
}
"""Clear read speech, so that the errors come from the noise."""
MUSIC = {"tuning": "xx-music-a", "reporting": "xx-music-b"}
CROWD_VOICES = 6


def decode(media: Path) -> Samples:
    """Return the sound of a file, 16 kHz mono, from -1 to 1."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(media),
        "-ac",
        "1",
        "-ar",
        str(RATE),
        "-f",
        "s16le",
    ]
    done = subprocess.run([*command, "-"], capture_output=True, check=True)
    return np.frombuffer(done.stdout, "<i2") / 32768


def make_mixes(part: str, recordings: Sequence[Recording], folder: Path) -> list[Recording]:
    """Write each recording with each sound at each level; return them as recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    others = load_recordings(part)
    chosen = {each.name for each in recordings}
    voices = [each for each in others if each.is_scored and each.name not in chosen]
    crowd = [decode(each.media) for each in voices[:: len(voices) // CROWD_VOICES][:CROWD_VOICES]]
    music = decode(next(each.media for each in others if each.name == MUSIC[part]))
    mixes = []
    for recording in recordings:
        speech = decode(recording.media)
        count = len(speech)
        sounds: dict[str, Callable[[float], Samples]] = {
            "music": partial(mix, speech, music),
            "crowd": partial(mix, speech, make_crowd(crowd, count)),
            "engine": partial(mix, speech, make_engine(count)),
            "reverberation": partial(add_reverberation, speech),
        }
        for kind, make in sounds.items():
            for level in LEVELS:
                name = f"{recording.name}-{kind}-{level}"
                media = folder / f"{name}.wav"
                _write(media, make(level))
                mixes.append(replace(recording, name=name, media=media, kind=f"{kind} {level}"))
    return mixes


def _write(media: Path, sound: Samples) -> None:
    with wave.open(str(media), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def print_curve(recordings: Sequence[Recording], results: Results) -> None:
    """Print errors, lost and inserted words of each way by sound and level."""
    table = Table(box=None, pad_edge=False)
    table.add_column("sound, dB", no_wrap=True)
    table.add_column("words", justify="right")
    for way in results:
        table.add_column(f"{way}: errors (lost, inserted)", justify="right")
    for way in results:
        if way in OURS:
            table.add_column(f"{way}: removed, outside", justify="right")
    for kind in dict.fromkeys(each.kind for each in recordings):
        members = [each for each in recordings if each.kind == kind]
        cells, guards, words = [], [], 0
        for way, heard in results.items():
            present = [each for each in members if each.name in heard]
            total = sum((score(each, heard[each.name]) for each in present), Score()).errors
            words = max(words, total.reference)
            rates = [
                100 * count / max(1, total.reference)
                for count in (total.errors, total.lost, total.inserted)
            ]
            cells.append("{:.1f} ({:.1f}, {:.1f})".format(*rates))
            if way in OURS:
                removed = sum(count_words_removed(each, heard[each.name]) for each in present)
                outside = sum(
                    count_words_outside_speech(each, heard[each.name]) for each in present
                )
                guards.append(f"{removed}, {outside}")
        table.add_row(kind, str(words), *cells, *guards)
    Console(width=int(os.environ.get("COLUMNS", "150"))).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ways", default=f"ours-unnamed,{RAW[0]}", help="by commas")
    add_way_options(parser)
    options = parser.parse_args()
    names = [name for name in options.only.split(",") if name] or SAMPLES[options.part]
    recordings = [each for each in load_recordings(options.part, names) if each.is_scored]
    mixes = make_mixes(options.part, recordings, CACHE / "noise" / options.part)
    material = [*(replace(each, kind="as recorded") for each in recordings), *mixes]
    results: Results = {}
    for way, recording, heard in listen(parse_ways(options.ways), material, options):
        results.setdefault(way, {})[recording.name] = heard
    print(f"{options.part}: {' '.join(each.name for each in recordings)}, seed {SEED}")
    print_curve(material, results)


if __name__ == "__main__":
    main()
