"""Recognition within the request: pieces of a few minutes as text, without times."""

from __future__ import annotations

import base64
import math
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from subtitled.plugin import (
    ENDINGS,
    Audio,
    Interval,
    Language,
    Note,
    Rejected,
    Request,
    Sent,
    Stretch,
    Transcript,
    Word,
    encode,
)

from .catalogue import code_of
from .pace import Pace
from .service import Answer, Service
from .settings import QwenSettings

LONGEST = 120.0
"""Seconds of a piece. The service takes 300; its own toolkit cuts at 120, since longer ones lose
text (Qwen3-ASR-Toolkit 1.0.4)."""
SHORTEST = 10.0
"""Seconds of a piece that is not parted once more because its text was cut off."""
EDGE = 0.3
"""Seconds of sound that are sent before and after the speech."""
LARGEST = 10_000_000
"""Bytes of a request's sound in base64, by the API reference."""
ENCODED_AHEAD = 2
"""Pieces that are made ready to be sent while others are on their way."""
MOST_CONTEXT = 8_000
"""Characters of context; it takes about 10 000 tokens."""
TOKENS = 25
"""Tokens a second of sound, for answers that bring no seconds."""


class Pieces:
    """Short pieces recognised by one account. Several threads may use it."""

    def __init__(self, service: Service, settings: QwenSettings, pace: Pace) -> None:
        self._service = service
        self._settings = settings
        self._pace = pace
        self._lines = threading.BoundedSemaphore(settings.concurrency)

    def transcribe(self, audio: Audio, request: Request) -> Transcript:
        """The text of a stretch: a word for each piece that was sent, with all it says."""
        words: list[Word] = []
        notes: list[Note] = []
        sent: list[Sent] = []
        for piece in cut(request.stretch, LONGEST):
            for interval, answer in self._heard(audio, request, piece):
                text, language, emotion = _said(answer)
                sent.append(self._receipt(answer, interval))
                if text:
                    words.append(Word(f" {text}", interval.start, interval.end))
                if language is not None or emotion:
                    notes.append(Note(interval.start, interval.end, language, emotion))
        spoken = next((note.language for note in notes if note.language), request.language)
        return Transcript(
            language=request.language if request.language.is_known else spoken,
            words=tuple(words),
            engine=f"qwen {self._settings.name}",
            sent=tuple(sent),
            notes=tuple(notes),
        )

    def _heard(
        self, audio: Audio, request: Request, piece: Stretch
    ) -> Iterator[tuple[Interval, Answer]]:
        """What a piece says; one whose text was cut off is parted and heard again."""
        interval = narrowed(piece)
        address = self._encoded(audio, interval)
        messages: list[dict[str, Any]] = [{"role": "user", "content": [{"audio": address}]}]
        faint = sum(part.duration for part in piece.quiet)
        if request.terms and faint < sum(part.duration for part in piece.speech) / 2:
            # Where hardly anybody is heard the terms would come back as text.
            context = ", ".join(request.terms)[:MOST_CONTEXT]
            messages.insert(0, {"role": "system", "content": [{"text": context}]})
        options: dict[str, Any] = {"enable_itn": False}
        code = code_of(self._settings.chosen, request.language)
        if code:
            options["language"] = code
        with self._lines:  # before its turn: none that had to wait after it crowds in
            answer = self._pace.patiently(
                lambda: self._service.recognise(self._settings.name, messages, options)
            )
        if _choice(answer).get("finish_reason") == "length" and interval.duration > SHORTEST:
            for half in halves(piece):
                yield from self._heard(audio, request, half)
            return
        yield interval, answer

    def _encoded(self, audio: Audio, interval: Interval) -> str:
        codec = self._settings.audio
        with tempfile.TemporaryDirectory(prefix="subtitled-") as folder:
            path = Path(folder) / f"piece.{ENDINGS[codec]}"
            encode(audio, interval, codec, path)
            text = base64.b64encode(path.read_bytes()).decode()
        if len(text) > LARGEST:
            raise Rejected(
                f"{interval.duration:.0f} s of sound are {len(text)} bytes, more than is taken",
                f'Set {self._service.section}.audio = "opus"',
            )
        return f"data:audio/{ENDINGS[codec]};base64,{text}"

    def _receipt(self, answer: Answer, interval: Interval) -> Sent:
        usage = answer.usage
        seconds, tokens = usage.get("seconds"), _tokens(usage)
        if isinstance(seconds, int | float):
            amount = float(seconds)
        elif tokens:
            amount = float(math.ceil(tokens / TOKENS))
        else:
            amount = float(math.ceil(interval.duration))
        account = self._settings
        return Sent("audio", amount, account.host, account.place, answer.request_id)


def cut(stretch: Stretch, longest: float) -> Iterator[Stretch]:
    """Pieces in which somebody speaks, each with at most ``longest`` seconds from first word to
    last, cut at pauses where there are any."""
    if not stretch.speech:
        return
    if narrowed(stretch).duration <= longest:
        yield stretch
        return
    for half in halves(stretch):
        yield from cut(half, longest)


def halves(stretch: Stretch) -> tuple[Stretch, Stretch]:
    """A stretch parted in the pause that is nearest to its middle, or in the middle."""
    span = narrowed(stretch)
    middle = (span.start + span.end) / 2
    pauses = [
        (before.end + after.start) / 2
        for before, after in zip(stretch.speech, stretch.speech[1:], strict=False)
        if after.start > before.end
    ]
    near = [at for at in pauses if abs(at - middle) < span.duration / 4]
    at = min(near, key=lambda pause: abs(pause - middle), default=middle)
    bounds = stretch.interval
    return (
        _part(stretch, Interval(bounds.start, at)),
        _part(stretch, Interval(at, bounds.end)),
    )


def narrowed(stretch: Stretch) -> Interval:
    """The interval without the silence at its ends, which nobody need send or pay."""
    if not stretch.speech:
        return stretch.interval
    bounds = stretch.interval
    start = max(bounds.start, stretch.speech[0].start - EDGE)
    return Interval(start, max(start, min(bounds.end, stretch.speech[-1].end + EDGE)))


def _part(stretch: Stretch, bounds: Interval) -> Stretch:
    def inside(parts: Any) -> tuple[Interval, ...]:
        held = (Interval(max(p.start, bounds.start), min(p.end, bounds.end)) for p in parts)
        return tuple(part for part in held if part.duration > 0)

    return Stretch(bounds, inside(stretch.speech), inside(stretch.quiet))


def _choice(answer: Answer) -> dict[str, Any]:
    choices = answer.output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    return first if isinstance(first, dict) else {}


def _said(answer: Answer) -> tuple[str, Language | None, str]:
    """Text, language and emotion. No content means that nobody speaks."""
    message = _choice(answer).get("message")
    message = message if isinstance(message, dict) else {}
    content = message.get("content")
    if isinstance(content, str):
        text = content
    else:
        parts = content if isinstance(content, list) else []
        text = "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))
    notes = message.get("annotations")
    note = next((one for one in notes or () if isinstance(one, dict)), {})
    try:
        language = Language(note["language"])
    except (KeyError, TypeError, ValueError, AttributeError):
        language = None
    return text.strip(), language, str(note.get("emotion") or "")


def _tokens(usage: dict[str, Any]) -> int:
    details = usage.get("input_tokens_details")
    for said in (details, usage):
        tokens = said.get("audio_tokens") if isinstance(said, dict) else None
        if isinstance(tokens, int):
            return tokens
    return 0
