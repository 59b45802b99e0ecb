"""Harness of the tests of the Qwen plugin: audio, components without waits, requests."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from subtitled.plugin import (
    SAMPLE_RATE,
    Audio,
    Checkpoint,
    Chunk,
    ComponentContext,
    Language,
    TimeSpan,
    TranscriptionRequest,
)
from subtitled_plugins.qwen.engine import QwenEngine
from subtitled_plugins.qwen.file_transcription import FileTranscription, TaskTimeouts
from subtitled_plugins.qwen.rate_limit import RateLimiter
from subtitled_plugins.qwen.settings import QwenMtSettings, QwenSettings
from subtitled_plugins.qwen.translator import QwenTranslator
from support.fakes.dashscope import KEY, FakeDashScope

FAST = TaskTimeouts(first_interval=0.02, max_interval=0.1, min_wait=20.0, wait_per_audio_second=0.0)


def sound(folder: Path, seconds: float) -> Audio:
    """Write a decoded track with a tone."""
    path = folder / "sound.s16"
    moments = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    (8000 * np.sin(2 * np.pi * 300 * moments)).astype("<i2").tofile(path)
    return Audio(path)


def options(service: FakeDashScope, **more: object) -> dict[str, Any]:
    """Build the settings of a section that uses the fake service."""
    return {"base_url": service.url, "api_key": {"env": "QWEN_KEY"}, "timeout": 5.0, **more}


def engine(service: FakeDashScope, **more: object) -> QwenEngine:
    """Create an engine that uses the fake service, without its waits."""
    settings = QwenSettings.model_validate(options(service, requests_per_minute=60_000, **more))
    qwen_engine = QwenEngine(settings, ComponentContext("qwen"))
    qwen_engine.load()
    pace = RateLimiter(60_000, sleep=lambda seconds: None)
    if isinstance(qwen_engine._recogniser, FileTranscription):
        qwen_engine._recogniser = FileTranscription(
            qwen_engine._service, settings, pace, FAST, sleep=_briefly
        )
    else:
        qwen_engine._recogniser._rate_limiter = pace
    return qwen_engine


def translator(service: FakeDashScope, **more: object) -> QwenTranslator:
    settings = QwenMtSettings.model_validate(options(service, requests_per_minute=60_000, **more))
    qwen_translator = QwenTranslator(settings, ComponentContext("qwen"))
    qwen_translator.__dict__["_rate_limiter"] = RateLimiter(60_000, sleep=lambda seconds: None)
    return qwen_translator


def _briefly(seconds: float) -> None:
    time.sleep(min(seconds, 0.05))


def request(
    seconds: float,
    memo: Checkpoint | None = None,
    terms: tuple[str, ...] = (),
    speech: tuple[TimeSpan, ...] = (),
    language: str = "en",
) -> TranscriptionRequest:
    """Build a request for a chunk from 0 on, with speech everywhere or in the given spans."""
    bounds = TimeSpan(0.0, seconds)
    return TranscriptionRequest(
        chunk=Chunk(bounds, speech or (bounds,)),
        language=Language(language),
        hotwords=terms,
        checkpoint=memo,
    )


__all__ = ["KEY", "engine", "options", "request", "sound", "translator"]
