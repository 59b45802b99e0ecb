"""Word error rate of our sidecars next to raw faster-whisper, same model. About a minute."""

from __future__ import annotations

import json

import jiwer

from material import SPEECH, generate, model, normalised, own_folder
from subtitled.subtitles.formats import read

JFK = (
    "And so, my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country."
)


def best_wer(reference: str, heard: str) -> float:
    """The error rate against the part of the reference that was recorded."""
    words = normalised(reference).split()
    said = normalised(heard)
    count = len(said.split())
    lengths = {len(words), *(n for n in range(count - 25, count + 25) if 0 < n <= len(words))}
    return min(float(jiwer.wer(" ".join(words[:n]), said)) for n in lengths)


def raw(path: str, batched: bool) -> str:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    whisper = WhisperModel(str(model()), device="cpu")
    engine = BatchedInferencePipeline(whisper) if batched else whisper
    segments, _ = engine.transcribe(path)
    return "".join(segment.text for segment in segments)


def main() -> None:
    material = {
        "sonnet.en.mp3": (SPEECH / "sonnet.en.txt").read_text("utf-8"),
        "jfk.flac": JFK,
        "prologue.es.mp3": (SPEECH / "prologue.es.txt").read_text("utf-8"),
    }
    results: dict[str, dict[str, float]] = {}
    with own_folder() as folder:
        for name, reference in material.items():
            path = SPEECH / name
            row = {
                "raw sequential": best_wer(reference, raw(str(path), False)),
                "raw batched": best_wer(reference, raw(str(path), True)),
            }
            for beam in (5, 1):
                sidecar = generate(path, folder, beam)[1]
                text = " ".join(cue.text for cue in read(sidecar.read_bytes(), "srt"))
                row[f"subtitled, beam {beam}"] = best_wer(reference, text)
            results[name] = row
            shown = "  ".join(f"{key} {value:6.1%}" for key, value in row.items())
            print(f"{name:18} {shown}", flush=True)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
