"""File in, sidecar out, against what others do with the same model on the same sound.

Baselines, all with Whisper base, beam 5, word times and the language detected:

* faster-whisper's BatchedInferencePipeline as it comes, and once more with the compute type that
  is our default, so that its part in the difference can be seen;
* the incumbent's way: stable-ts over faster-whisper, sequential. Where stable-ts is not installed
  its engine is measured alone; stable-ts adds its own work to that.

The baselines do not pay for starting Python and importing; our pipeline is a process of its own
and does. Rows that were begun while something else ran on the machine are marked. Ratios with such
rows are void, and flattering: the baselines' threads wait for each other, our workers do not.

Takes about 8 minutes on 2 cores. An argument gives other seconds of sound than 660.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from material import Cost, costs, generate, looped, model, own_folder
from subtitled.media.vad import detect_speech
from subtitled.plugin import Audio, ComponentContext, Language, TranscriptionRequest
from subtitled.plugin.speech_windows import chunk_speech
from subtitled.subtitles.formats import read_cues
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings

STRETCH = 480.0
NAMES = ["sonnet.en.mp3", "jfk.flac", "apollo11.mp3"]
BATCHED = "raw batched, defaults"
SEQUENTIAL = "sequential, beam 5"


def batched(path: Path, folder: Path, compute_type: str) -> str:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    whisper = WhisperModel(str(folder), device="cpu", compute_type=compute_type)
    segments, _ = BatchedInferencePipeline(whisper).transcribe(str(path), word_timestamps=True)
    return joined(segments)


def sequential(path: Path, folder: Path) -> str:
    if importlib.util.find_spec("stable_whisper"):
        stable_whisper: Any = importlib.import_module("stable_whisper")
        whisper = stable_whisper.load_faster_whisper(str(folder), device="cpu")
        return str(whisper.transcribe(str(path), beam_size=5).text)
    from faster_whisper import WhisperModel

    segments, _ = WhisperModel(str(folder), device="cpu").transcribe(
        str(path), beam_size=5, word_timestamps=True, vad_filter=False
    )
    return joined(segments)


def joined(segments: Iterable[Any]) -> str:
    return "".join(segment.text for segment in segments)


def pipeline(path: Path, folder: Path, beam: int) -> str:
    sidecar = generate(path, folder, beam)
    return " ".join(cue.text for cue in read_cues(sidecar.read_bytes(), "srt"))


def engine_call(path: Path, folder: Path, weights: Path, beam: int) -> Callable[[], str]:
    """The engine loaded, the sound decoded, the speech found: what is left is its call."""
    raw = folder / "speech.s16"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y", "-i", str(path)),
            *("-ac", "1", "-ar", "16000", "-f", "s16le", str(raw)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    audio = Audio(raw)
    speech = detect_speech(audio)
    stretches = chunk_speech(speech.spans, STRETCH, audio.duration, speech.low_energy)
    threads = len(os.sched_getaffinity(0))
    engine = WhisperEngine(
        WhisperSettings(beam_size=beam),
        ComponentContext("whisper", threads=threads, models={"base": weights}),
    )
    engine.load()

    def call() -> str:
        english = Language("en")
        return " ".join(
            engine.transcribe(audio, TranscriptionRequest(chunk=stretch, language=english)).text
            for stretch in stretches
        )

    return call


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 660.0
    other = "stable-ts" if importlib.util.find_spec("stable_whisper") else "engine of stable-ts"
    weights = model()
    rows: dict[str, Cost] = {}
    words: dict[str, int] = {}

    def row(name: str, work: Callable[[], str]) -> None:
        rows[name] = costs(lambda: words.__setitem__(name, len(work().split())))
        print(f"  {name}: {rows[name]}, {words[name]} words", file=sys.stderr, flush=True)

    with own_folder() as folder:
        sound = looped(NAMES, seconds, folder / "speech.flac")
        import faster_whisper  # noqa: F401  (the import is not part of the first row)

        row(BATCHED, lambda: batched(sound, weights, "default"))
        row("subtitled, whole, beam 5", lambda: pipeline(sound, folder, 5))
        row("subtitled, whole, beam 1", lambda: pipeline(sound, folder, 1))
        row("subtitled, engine call, beam 5", engine_call(sound, folder, weights, 5))
        row("subtitled, engine call, beam 1", engine_call(sound, folder, weights, 1))
        row("raw batched, compute type auto", lambda: batched(sound, weights, "auto"))
        row(SEQUENTIAL, lambda: sequential(sound, weights))

    print(f"{seconds:.0f} s of speech, Whisper base; sequential is {other}")
    print(
        f"{'':31} {'wall s':>7} {'x real':>7} {'cpu s':>7} {'words':>6} "
        f"{'x batched':>10} {'x sequential':>13}"
    )
    for name, cost in rows.items():
        print(
            f"{name:31} {cost.seconds:7.1f} {seconds / cost.seconds:7.1f} {cost.cpu:7.1f} "
            f"{words[name]:6} {rows[BATCHED].seconds / cost.seconds:10.2f} "
            f"{rows[SEQUENTIAL].seconds / cost.seconds:13.2f}"
            + (f"  not alone: {cost.others} others ran" if cost.others else "")
        )
    print(
        json.dumps(
            {
                "audio_seconds": seconds,
                "sequential": other,
                "rows": {
                    name: {
                        "wall_seconds": round(cost.seconds, 2),
                        "cpu_seconds": round(cost.cpu, 2),
                        "words": words[name],
                        "others_running": cost.others,
                    }
                    for name, cost in rows.items()
                },
            }
        )
    )


if __name__ == "__main__":
    main()
