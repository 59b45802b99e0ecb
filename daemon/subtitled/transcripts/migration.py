"""The one-time conversion of transcript folders that versions before 0.1.0 wrote.

Older versions used other names for the files of a fingerprint and for the JSON keys in them. The
store converts the folder of a fingerprint when it first opens it. Each file is replaced atomically
and every step can be repeated, so a conversion that was killed continues at the next start.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from subtitled.plugin.files import write_atomic

JsonKeys = dict[str, str]
"""Old key -> new key of one JSON object."""

_SUFFIXES = {
    ".course.json": ".fallback.json",
    ".said.json": ".draft.json",
    ".memo.json": ".checkpoint.json",
    ".memo": ".checkpoint.json",
}
"""Endings of the files of a chunk, and of a summary's checkpoint."""
_FILES = {
    "retimed.json": "reuse.json",
    "removed.json": "hallucinations.json",
    "kept.json": "untranslated.json",
    "terms.json": "hotwords.json",
    "shots.json": "shot_cuts.json",
    "listened.json": "analysis.json",
}

_ANALYSIS_KEYS = {"why": "language_reason", "quiet": "quiet_speech", "runs": "language_segments"}
_REUSE_KEYS = {
    "content": "source_fingerprint",
    "track": "source_track",
    "rival": "rival_peak",
    "parts": "part_count",
    "agreeing": "agreeing_parts",
    "doubt": "rejection_reason",
}
_FALLBACK_KEYS = {"recipe": "variant", "times": "timing_note"}
_ATTEMPT_KEYS = {"why": "reason", "for_good": "is_permanent"}
_TRANSCRIPT_KEYS = {
    "recipe": "variant",
    "evidence": "segment_scores",
    "sent": "usage",
    "word_times": "word_timestamps",
}
_WORD_KEYS = {"estimated": "is_estimated"}
_SCORE_KEYS = {
    "log_probability": "avg_logprob",
    "no_speech": "no_speech_prob",
    "compression": "compression_ratio",
}


def migrate_fingerprint(folder: Path) -> bool:
    """Convert the folder of one fingerprint to the names of this version.

    Args:
        folder: ``transcripts/ab/ab12...``; it may be missing.

    Returns:
        Whether anything was in the old form.

    Raises:
        OSError: A file could not be read or written. What was converted stays so.
    """
    old_files = sorted(path for path in _files(folder) if _new_name(path.name) is not None)
    if not old_files:
        return False
    # Chunks keep their names. A file with an old name tells that they are not converted yet, so
    # they come first and the analysis, which every track has, last.
    for path in _files(folder):
        if _is_chunk(path.name) or path.name == "lines.json":
            _convert(path, path)
    for path in sorted(old_files, key=lambda path: path.name == "listened.json"):
        target = path.with_name(_new_name(path.name) or path.name)
        if not target.exists():
            _convert(path, target)
        path.unlink(missing_ok=True)
    return True


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _is_chunk(name: str) -> bool:
    start, _, end = name.removesuffix(".json").partition("-")
    return name.endswith(".json") and start.isdecimal() and end.isdecimal()


def _new_name(name: str) -> str | None:
    """Return the name that a file has in this version, or None if it keeps its name."""
    if name in _FILES:
        return _FILES[name]
    for old, new in _SUFFIXES.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return None


def _convert(source: Path, target: Path) -> None:
    """Write a file under its new name and with its new keys; leave a damaged file out."""
    try:
        payload = json.loads(source.read_bytes())
    except (FileNotFoundError, ValueError):
        return
    convert = _converter(target.name)
    converted = convert(payload) if convert is not None else payload
    if target == source and converted == payload:
        return
    content = json.dumps(converted, indent=1, ensure_ascii=False).encode()
    write_atomic(target, content, target.with_name(f".{target.name}.{os.getpid()}.tmp"))


def _converter(name: str) -> Callable[[Any], Any] | None:
    """Return what converts the content of a file with this new name; None: it stays."""
    if name.endswith(".draft.json") or _is_chunk(name):
        return _convert_transcript
    if name.endswith(".fallback.json"):
        return _convert_fallback
    return {
        "analysis.json": _convert_analysis,
        "reuse.json": lambda payload: _rename_keys(payload, _REUSE_KEYS),
        "lines.json": _convert_lines,
    }.get(name)


def _rename_keys(payload: Any, keys: JsonKeys) -> Any:
    if not isinstance(payload, dict):
        return payload
    return {keys.get(key, key): value for key, value in payload.items()}


def _rename_in_list(payload: Any, keys: JsonKeys) -> Any:
    return [_rename_keys(item, keys) for item in payload] if isinstance(payload, list) else payload


def _convert_analysis(payload: Any) -> Any:
    analysis = _rename_keys(payload, _ANALYSIS_KEYS)
    if isinstance(analysis, dict) and "language_segments" in analysis:
        analysis["language_segments"] = _rename_in_list(
            analysis["language_segments"], {"interval": "span"}
        )
    return analysis


def _convert_fallback(payload: Any) -> Any:
    fallback = _rename_keys(payload, _FALLBACK_KEYS)
    if isinstance(fallback, dict) and "attempts" in fallback:
        fallback["attempts"] = _rename_in_list(fallback["attempts"], _ATTEMPT_KEYS)
    return fallback


def _convert_transcript(payload: Any) -> Any:
    transcript = _rename_keys(payload, _TRANSCRIPT_KEYS)
    if isinstance(transcript, dict):
        for key, keys in (
            ("words", {"estimated": "is_estimated"}),
            ("segment_scores", _SCORE_KEYS),
        ):
            if key in transcript:
                transcript[key] = _rename_in_list(transcript[key], keys)
    return transcript


def _convert_lines(payload: Any) -> Any:
    if not isinstance(payload, dict):
        return payload
    return {key: _rename_keys(line, {"slight": "is_minor"}) for key, line in payload.items()}
