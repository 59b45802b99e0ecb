"""JSON as Whisper writes it, with timecode: where the programme begins, and each cue's labels."""

from __future__ import annotations

import json
from typing import Any

from subtitled.media.timecode import StartTimecode
from subtitled.plugin import Subtitle

from ..formats import whisper_json


def write(subtitle: Subtitle, start: StartTimecode) -> str:
    """Render a file. Each segment and cue has its first frame, and the one at which it is gone.

    Args:
        subtitle: Its cues, and its words if they are known.
        start: The timecode at 0 seconds.
    """
    document = json.loads(whisper_json.write(subtitle))
    fps = start.rate.fps
    timecode = {
        "start": str(start),
        "rate": f"{fps.numerator}/{fps.denominator}",
        "drop_frame": start.rate.is_drop_frame,
    }
    for part in (*document["segments"], *document["cues"]):
        part |= _label(part, start)
    return json.dumps({"timecode": timecode} | document, ensure_ascii=False, indent=1) + "\n"


def _label(part: dict[str, Any], start: StartTimecode) -> dict[str, str]:
    return {
        "start_timecode": start.label_at(part["start"]),
        "end_timecode": start.label_at(part["end"]),
    }
