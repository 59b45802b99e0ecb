"""How many times a recogniser gets a name right that it was told, and that it was not.

The embedded Whisper on a recording that names a product, through the engine itself; then what it
costs to be told words that are never said: word error rate of two recordings with a known text.
About two minutes.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jiwer

from material import SPEECH, model, normalised, own_folder
from subtitled.media.vad import detect_speech
from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    Language,
    TimeSpan,
    TranscriptionRequest,
)
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings

EN = Language("en")
NAME = "ComfyUI"
SAID = 2
"""Times that it is said."""
OTHERS = (
    *("Tyrion Lannister", "Winterfell", "Daenerys Targaryen", "Fringe", "Olivia Dunham"),
    *("Kubernetes", "PostgreSQL", "Peter Bishop", "Gollum", "Minas Tirith"),
)
"""Words that nobody says in any of the recordings."""


def heard(engine: WhisperEngine, name: str, folder: Path, terms: tuple[str, ...]) -> str:
    raw = folder / f"{name}.s16"
    if not raw.exists():
        subprocess.run(
            [
                *("ffmpeg", "-v", "error", "-y", "-i", str(SPEECH / name)),
                *("-ac", "1", "-ar", "16000", "-f", "s16le", str(raw)),
            ],
            check=True,
            stdin=subprocess.DEVNULL,
        )
    audio = Audio(raw)
    found = detect_speech(audio)
    stretch = Chunk(TimeSpan(0.0, audio.duration), found.spans, found.low_energy)
    return engine.transcribe(audio, TranscriptionRequest(stretch, EN, hotwords=terms)).text


def main() -> None:
    engine = WhisperEngine(WhisperSettings(), ComponentContext("whisper", 2, {"base": model()}))
    engine.load()
    lists: dict[str, tuple[str, ...]] = {
        "told nothing": (),
        "told the name": (NAME,),
        "told it and ten others": (NAME, *OTHERS),
        "told ten others": OTHERS,
    }
    results: dict[str, dict[str, object]] = {}
    references = json.loads((SPEECH / "manifest.json").read_text("utf-8"))
    known = {
        one["file"]: one.get("reference") or (SPEECH / one["reference_file"]).read_text("utf-8")
        for one in references
        if one["file"] in ("jfk.flac", "sonnet.en.mp3")
    }
    with own_folder() as folder:
        for what, terms in lists.items():
            text = heard(engine, "hotwords.mp3", folder, terms)
            hits = text.count(NAME)
            row: dict[str, object] = {"hits": hits, "said": SAID, "text": text}
            for name, reference in known.items():
                said = normalised(heard(engine, name, folder, terms))
                row[name] = round(jiwer.wer(normalised(reference), said), 4)
            results[what] = row
            print(f"{what:24} {hits} of {SAID}: {text}", flush=True)
            print(f"{'':24} {', '.join(f'{name} WER {row[name]:.1%}' for name in known)}")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
