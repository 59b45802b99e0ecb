"""The files that openai-whisper writes, of an answer of subtitled."""

from __future__ import annotations

import json
from typing import Any

from subtitled.daemon.audio_requests.questions import AudioAnswer
from subtitled.subtitles.formats import render_subtitle
from subtitled.web.endpoints.transcripts import (
    TSV_HEAD,
    list_segments,
    to_lines,
    to_tsv,
    whisper_code,
)

_WITHOUT_SPEECH = {"txt": b"", "vtt": b"WEBVTT\n\n", "srt": b"", "tsv": TSV_HEAD.encode()}
"""The files of audio in which nobody speaks."""


def render_file(answer: AudioAnswer, file_format: str, *, has_words: bool) -> bytes:
    """Return the content of one file.

    Args:
        answer: The text with its times, or that nobody speaks.
        file_format: txt, vtt, srt, tsv or json.
        has_words: Whether the segments of the JSON have their words.

    Raises:
        RoundTripError: The file would not read back as it is written.
    """
    subtitle = answer.subtitle
    if file_format == "json":
        return json.dumps(_to_document(answer, has_words)).encode()
    if subtitle is None:
        return _WITHOUT_SPEECH[file_format]
    if file_format == "txt":
        return to_lines(subtitle).encode()
    if file_format == "tsv":
        return to_tsv(subtitle).encode()
    return render_subtitle(subtitle, file_format)


def describe_segments(answer: AudioAnswer) -> list[str]:
    """Return the lines that openai-whisper prints: times and text of each segment."""
    return [
        f"[{_clock(segment['start'])} --> {_clock(segment['end'])}] {segment['text']}"
        for segment in _list_whisper_segments(answer)
    ]


def _to_document(answer: AudioAnswer, has_words: bool) -> dict[str, Any]:
    segments = _list_whisper_segments(answer)
    if not has_words:
        for segment in segments:
            del segment["words"]
    language = answer.subtitle.language if answer.subtitle is not None else answer.spoken
    return {
        "text": "".join(segment["text"] for segment in segments),
        "segments": segments,
        "language": whisper_code(answer.spoken or language) if language is not None else "",
    }


def _list_whisper_segments(answer: AudioAnswer) -> list[dict[str, Any]]:
    """Return the cues as segments. Their texts together are the whole one, in every script."""
    segments = []
    for segment in list_segments(answer):
        words = segment["words"]
        text = segment["text"]
        if not words or words[0]["word"].startswith(" "):
            text = f" {text}"
        segments.append(
            {
                "id": segment["id"],
                "seek": 0,
                "start": segment["start"],
                "end": segment["end"],
                "text": text,
                "tokens": [],
                "temperature": 0.0,
                "avg_logprob": segment["avg_logprob"],
                "compression_ratio": segment["compression_ratio"],
                "no_speech_prob": segment["no_speech_prob"],
                "words": words,
            }
        )
    return segments


def _clock(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    hours = f"{thousandths // 3_600_000:02d}:" if thousandths >= 3_600_000 else ""
    minutes = thousandths // 60_000 % 60
    return f"{hours}{minutes:02d}:{thousandths // 1000 % 60:02d}.{thousandths % 1000:03d}"
