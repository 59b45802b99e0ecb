"""Word error rate of our sidecars next to raw faster-whisper, same model. About a minute.

The recordings are short: one word more or less is 0.6 % of the prologue and 0.9 % of the sonnet,
so the table counts wrong words too. A difference of two or three words says nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jiwer

from material import SPEECH, generate, model, normalised, own_folder
from subtitled.subtitles.formats import read_cues

CUT_SHORT = "prologue.es.mp3"
"""The one recording that ends before its text does."""
NAMES = ["sonnet.en.mp3", "jfk.flac", CUT_SHORT]


def references() -> dict[str, str]:
    listed: list[dict[str, Any]] = json.loads((SPEECH / "manifest.json").read_text("utf-8"))
    return {
        entry["file"]: entry.get("reference")
        or (SPEECH / entry["reference_file"]).read_text("utf-8")
        for entry in listed
        if entry["file"] in NAMES
    }


def recorded(reference: str, hearings: list[str]) -> str:
    """The part of a text that a recording reaches: the longest prefix that fits a hearing best.

    One for all hearings, so that none is forgiven for having stopped early.
    """
    words = reference.split()
    ends = []
    for heard in hearings:
        count = len(heard.split())
        lengths = range(max(1, count - 25), min(len(words), count + 25) + 1)
        fits = {n: jiwer.wer(" ".join(words[:n]), heard) for n in lengths}
        ends.append(min(fits, key=lambda n: (fits[n], -n)) if fits else len(words))
    return " ".join(words[: max(ends)])


def raw(path: Path, weights: Path, compute_type: str, batched: bool) -> str:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    whisper = WhisperModel(str(weights), device="cpu", compute_type=compute_type)
    engine = BatchedInferencePipeline(whisper) if batched else whisper
    segments, _ = engine.transcribe(str(path))
    return "".join(segment.text for segment in segments)


def ours(path: Path, folder: Path, beam: int) -> str:
    sidecar = generate(path, folder, beam)
    return " ".join(cue.text for cue in read_cues(sidecar.read_bytes(), "srt"))


def main() -> None:
    weights = model()
    results: dict[str, dict[str, dict[str, float]]] = {}
    print(f"{'':18} {'':29} {'WER':>6}  wrong/words  (replaced, missing, added)")
    with own_folder() as folder:
        for name, reference in references().items():
            path = SPEECH / name
            heard = {
                "raw sequential": raw(path, weights, "default", False),
                "raw batched": raw(path, weights, "default", True),
                "raw batched, compute auto": raw(path, weights, "auto", True),
                "subtitled, beam 5": ours(path, folder, 5),
                "subtitled, beam 1": ours(path, folder, 1),
            }
            texts = {way: normalised(text) for way, text in heard.items()}
            truth = normalised(reference)
            if name == CUT_SHORT:
                truth = recorded(truth, list(texts.values()))
            results[name] = {}
            for way, text in texts.items():
                found = jiwer.process_words(truth, text)
                count = found.hits + found.substitutions + found.deletions
                wrong = found.substitutions + found.deletions + found.insertions
                print(
                    f"{name:18} {way:29} {found.wer:6.1%}  {wrong:3}/{count:<3}      "
                    f"({found.substitutions}, {found.deletions}, {found.insertions})",
                    flush=True,
                )
                results[name][way] = {"wer": round(found.wer, 4), "wrong": wrong, "words": count}
    print(json.dumps(results))


if __name__ == "__main__":
    main()
