"""Subtitles that other tools make of given words. Runs in its own environment, see ``quality.py``.

Reads ``{"language": ..., "segments": [...]}`` as Whisper writes it from stdin, and writes SubRip
texts by the name of the tool as JSON. Modules that the tools only import (torch, models) are
replaced by empty ones: they take no part in the segmentation.
"""

from __future__ import annotations

import copy
import io
import json
import sys
import types
from importlib.util import find_spec
from typing import Any


class Empty(types.ModuleType):
    """A module in which every name exists and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Empty(name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else Empty("")


def without_models() -> None:
    """Make the parts of the tools that segment text importable on their own."""
    for name in (
        *("torch", "torch.nn", "torch.nn.functional", "stable_whisper.audio"),
        *("stable_whisper.audio.utils", "stable_whisper.whisper_compatibility"),
        *("stable_whisper.stabilization.nonvad", "stable_whisper.stabilization.silero_vad"),
    ):
        sys.modules[name] = Empty(name)
    for name in ("whisper", "stable_whisper"):
        package = types.ModuleType(name)
        found = find_spec(name)
        assert found is not None
        package.__path__ = list(found.submodule_search_locations or ())
        sys.modules[name] = package


def whisper_writer(heard: dict[str, Any], **options: int) -> str:
    from whisper.utils import WriteSRT

    text = io.StringIO()
    WriteSRT("").write_result(heard, text, **options)
    return text.getvalue()


def stable_ts(heard: dict[str, Any], regroup: str | bool) -> str:
    from stable_whisper.result import WhisperResult

    # The words of a recogniser may overlap slightly, which it refuses otherwise.
    result = WhisperResult(heard, force_order=True)
    result.regroup(regroup)
    return str(result.to_srt_vtt(None, word_level=False))


def whisperx(heard: dict[str, Any]) -> str:
    from whisperx.SubtitlesProcessor import SubtitlesProcessor, format_timestamp

    for segment in heard["segments"]:
        for word in segment["words"]:
            # Its aligner returns words without the leading space.
            word["word"] = word["word"].strip()
    cues = SubtitlesProcessor(heard["segments"], heard["language"]).process_segments()
    return "\n".join(
        f"{number}\n{format_timestamp(cue['start'])} --> {format_timestamp(cue['end'])}\n"
        f"{cue['text'].strip()}\n"
        for number, cue in enumerate(cues, 1)
    )


def main() -> None:
    heard = json.load(sys.stdin)
    without_models()
    peers = {
        "whisper": lambda h: whisper_writer(h),
        "whisper 42x2": lambda h: whisper_writer(h, max_line_width=42, max_line_count=2),
        "stable-ts": lambda h: stable_ts(h, True),
        "subgen": lambda h: stable_ts(h, "cm_sl=84_sl=42++++++1"),
        "whisperX": whisperx,
    }
    said = sys.stdout
    sys.stdout = sys.stderr
    made = {name: make(copy.deepcopy(heard)) for name, make in peers.items()}
    json.dump(made, said)


if __name__ == "__main__":
    main()
