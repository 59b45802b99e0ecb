"""Write recordings down with stable-ts or whisperX. Runs in their own environment (``words.py``).

``words_peer.py WAY --version`` prints the versions; ``words_peer.py WAY MODEL FILE ...`` writes one
line of JSON for each file. Both tools run with int8 and their defaults. WhisperX's alignment is
left out: it changes times only, and needs a model for each language.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

PACKAGES = {"stable-ts": "stable-ts", "whisperx": "whisperx"}


def load_stable_ts(model: str) -> Callable[[str], dict[str, Any]]:
    """Return stable-ts over faster-whisper, with its default regrouping."""
    import stable_whisper
    from whisper.tokenizer import TO_LANGUAGE_CODE

    whisper = stable_whisper.load_faster_whisper(
        model, device="cpu", compute_type="int8", cpu_threads=1
    )

    def transcribe(path: str) -> dict[str, Any]:
        result = whisper.transcribe(path, verbose=None)
        return {
            # It writes "czech" where faster-whisper writes "cs".
            "language": TO_LANGUAGE_CODE.get(result.language, result.language),
            "cues": [(each.start, each.end, each.text.strip()) for each in result.segments],
        }

    return transcribe


def load_whisperx(model: str) -> Callable[[str], dict[str, Any]]:
    """Return whisperX: its own batches and voice activity detection."""
    import whisperx

    pipeline = whisperx.load_model(model, "cpu", compute_type="int8", threads=1)

    def transcribe(path: str) -> dict[str, Any]:
        result = pipeline.transcribe(path)
        return {
            "language": result["language"],
            "cues": [
                (each["start"], each["end"], each["text"].strip()) for each in result["segments"]
            ],
        }

    return transcribe


def main() -> None:
    """Print versions, or what was heard in each file."""
    way, *arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"{version(PACKAGES[way])}-fw{version('faster-whisper')}")
        return
    model, *paths = arguments
    # The tools print to stdout, too.
    said, sys.stdout = sys.stdout, sys.stderr
    transcribe = {"stable-ts": load_stable_ts, "whisperx": load_whisperx}[way](model)
    for path in paths:
        before = time.process_time()
        heard = transcribe(path)
        heard["cpu_seconds"] = round(time.process_time() - before, 2)
        print(json.dumps(heard), file=said, flush=True)


if __name__ == "__main__":
    main()
