"""File in, sidecar out, against what others do with the same model on the same sound.

Baselines: faster-whisper's BatchedInferencePipeline as it comes, and the incumbent's way, stable-ts
over faster-whisper, sequential with beam 5. Where stable-ts is not installed its engine is measured
alone: stable-ts only adds to that. Takes about 6 minutes.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time

from material import generate, looped, model, own_folder


def raw_batched(path: str) -> float:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    begin = time.perf_counter()
    pipeline = BatchedInferencePipeline(WhisperModel(str(model()), device="cpu"))
    segments, _ = pipeline.transcribe(path, word_timestamps=True)
    for _ in segments:
        pass
    return time.perf_counter() - begin


def incumbent(path: str) -> tuple[float, str]:
    begin = time.perf_counter()
    if importlib.util.find_spec("stable_whisper"):
        import stable_whisper

        stable_whisper.load_faster_whisper(str(model())).transcribe(path, beam_size=5)
        return time.perf_counter() - begin, "stable-ts"
    from faster_whisper import WhisperModel

    segments, _ = WhisperModel(str(model()), device="cpu").transcribe(
        path, beam_size=5, word_timestamps=True
    )
    for _ in segments:
        pass
    return time.perf_counter() - begin, "faster-whisper sequential (engine of stable-ts)"


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 660.0
    names = ["sonnet.en.mp3", "jfk.flac", "apollo11.mp3"]
    with own_folder() as folder:
        sound = looped(names, seconds, folder / "speech.flac")
        model()
        batched = raw_batched(str(sound))
        ours = {beam: generate(sound, folder, beam)[0] for beam in (5, 1)}
        sequential, name = incumbent(str(sound))
        rows = {
            "raw BatchedInferencePipeline": batched,
            name: sequential,
            "subtitled, beam 5": ours[5],
            "subtitled, beam 1": ours[1],
        }
    for row, took in rows.items():
        print(
            f"{row:50} {took:7.1f} s  {seconds / took:5.1f} x real time  "
            f"{batched / took:5.2f} x batched  {sequential / took:5.2f} x sequential"
        )
    print(json.dumps({"audio_seconds": seconds, **rows}))


if __name__ == "__main__":
    main()
