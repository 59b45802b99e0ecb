"""An engine over ``/audio/transcriptions``: vLLM, speaches, LocalAI, whisper.cpp, Groq, OpenAI."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from subtitled.plugin import (
    ENDINGS,
    Audio,
    Capabilities,
    Engine,
    Finding,
    Interval,
    Language,
    Misconfigured,
    Rejected,
    Request,
    Secret,
    Sent,
    Settings,
    Stretch,
    Temporary,
    Transcript,
    encode,
    names_of,
)

from .._http import refused
from .heard import heard, is_answer
from .service import Service, code_of, destination, object_of, stays

if TYPE_CHECKING:
    import httpx

FORMS: dict[str, dict[str, Any]] = {
    "words": {
        "response_format": "verbose_json",
        "timestamp_granularities[]": ["word", "segment"],
    },
    "segments": {"response_format": "verbose_json", "timestamp_granularities[]": ["segment"]},
    "none": {"response_format": "json"},
}
"""How an answer is asked for, richest first; a server that refuses one is asked in the next."""
UNABLE = ("verbose_json", "response_format", "timestamp", "granularit")
"""What a refusal speaks of if it is the form of the answer that is refused."""
MOST_BYTES = {"opus": 8_000, "flac": 33_000}
"""Of a second, at the most: of any speech, and of sound that cannot be made smaller."""
EDGE = 0.3
"""Seconds of sound that are sent before and after the speech."""
MEGABYTE = 1_000_000


class TranscriptionSettings(Settings):
    """``[engines.openai]``"""

    INCIDENTAL: ClassVar[frozenset[str]] = frozenset(
        {"local", "languages", "size_limit", "at_once", "timeout", "verify_tls"}
    )

    url: str = Field(
        pattern=r"^https?://",
        description="Where it answers, up to the version: http://localhost:8000/v1 for speaches.",
    )
    model: str = Field(min_length=1, description="The model, as the service calls it.")
    key: Secret | None = Field(None, description="Its key, by reference; local servers need none.")
    local: bool | None = Field(
        None,
        description="Whether sound that goes there stays with you. Unset: if it is this machine.",
    )
    languages: tuple[Language, ...] = Field(
        (), description="Spoken languages that it is used for. Empty: any."
    )
    times: Literal["words", "segments", "none"] = Field(
        "words",
        description="The best times that it gives. That it gives less is found out by asking.",
    )
    audio: Literal["opus", "flac"] = Field(
        "flac", description="How sound is sent: opus is a third in size, flac exact."
    )
    longest: float = Field(
        300.0, ge=30, le=3600, description="Seconds of sound that are sent at a time."
    )
    size_limit: float = Field(
        25.0, ge=1, description="Megabytes of a request's sound that it takes."
    )
    at_once: int = Field(2, ge=1, le=64, description="How many requests it gets at the same time.")
    temperature: float | None = Field(0.0, ge=0, le=1, description="How freely it chooses words.")
    timeout: float = Field(600.0, gt=0, le=3600, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(True, description="Insist on a valid certificate.")


class TranscriptionEngine(Engine):
    """One model behind one address. Several threads may use it."""

    Settings = TranscriptionSettings
    settings: TranscriptionSettings

    _least = 0
    """The first of :data:`FORMS` that the server has not refused, for this process."""

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        return Capabilities(
            languages=frozenset(settings.languages) or None,
            word_times=settings.times == "words",
            takes_context=True,
            longest=min(
                settings.longest, settings.size_limit * MEGABYTE / MOST_BYTES[settings.audio]
            ),
            at_once=settings.at_once,
            destination=destination(settings),
        )

    def check(self) -> Sequence[Finding]:
        return self._service.findings()

    def transcribe(self, audio: Audio, request: Request) -> Transcript:
        interval = _narrowed(request.stretch)
        if interval is None:
            return Transcript(request.language, ())
        sent: list[Sent] = []
        said = self._said(self._encoded(audio, interval), request, interval, sent)
        found = heard(said, interval.duration, interval.start)
        if sent and found.seconds is not None:
            sent[-1] = replace(sent[-1], amount=found.seconds)
        known = request.language.is_known
        return Transcript(
            request.language if known else found.language or request.language,
            found.words,
            engine=f"{self.context.name} {self.settings.model}",
            evidence=found.evidence,
            sent=tuple(sent),
            word_times=found.timed,
        )

    def _said(
        self, sound: bytes, request: Request, interval: Interval, sent: list[Sent]
    ) -> dict[str, Any]:
        """The answer, in the richest form that the server gives; ``sent`` takes the receipts."""
        forms = list(FORMS)[list(FORMS).index(self.settings.times) :]
        name = f"sound.{ENDINGS[self.settings.audio]}"
        kind = "audio/ogg" if self.settings.audio == "opus" else "audio/flac"
        at = min(self._least, len(forms) - 1)
        while True:
            answer = self._service.ask(
                "POST",
                "/audio/transcriptions",
                data=self._fields(request) | FORMS[forms[at]],
                files={"file": (name, sound, kind)},
            )
            turned = _form_refused(answer) and at + 1 < len(forms)
            if not stays(self.settings):
                sent.append(self._receipt(answer, interval))
            if not turned:
                return self._checked(answer)
            at += 1
            self._least = max(self._least, at)

    def _receipt(self, answer: httpx.Response, interval: Interval) -> Sent:
        """Of one request. What was refused costs nothing, but it has left this machine."""
        return Sent(
            kind="audio",
            amount=math.ceil(interval.duration),
            host=self._service.host,
            request_id=answer.headers.get("x-request-id", ""),
            price=None if answer.is_success else 0.0,
        )

    def _fields(self, request: Request) -> dict[str, Any]:
        fields: dict[str, Any] = {"model": self.settings.model}
        if request.language.is_known:
            names = names_of(request.language)
            fields["language"] = names.alpha2 or str(request.language.primary)
        if self.settings.temperature is not None:
            fields["temperature"] = str(self.settings.temperature)
        stretch = request.stretch
        faint = sum(part.duration for part in stretch.quiet)
        if request.terms and faint < sum(part.duration for part in stretch.speech) / 2:
            # Where hardly anybody is heard the terms would come back as text.
            fields["prompt"] = ", ".join(request.terms)
        return fields

    def _checked(self, answer: httpx.Response) -> dict[str, Any]:
        """The answer, if it is a transcription; else the problem that it means."""
        said, who = object_of(answer), self._service.who
        if answer.is_success:
            if said.get("error"):
                raise Temporary(
                    f"{who} says that it failed: {code_of(said) or 'it does not say why'}",
                    "It is tried again; look into its log",
                )
            if not is_answer(said):
                raise Temporary(
                    f"{who} does not answer as OpenAI does",
                    "Check that the url ends in /v1 or what the service says",
                )
            return said
        code = code_of(said)
        if answer.status_code == 413:
            raise Rejected(
                f"{who} does not take so much sound at once (413)",
                f"Set a lower engines.{self.context.name}.size_limit or longest, or audio to opus",
            )
        if answer.status_code == 404:
            raise Misconfigured(
                f"{who} has no model {self.settings.model}, or no transcriptions at that url (404)",
                "Install the model there (subtitled doctor shows which there are), or set url",
            )
        raise refused(who, answer, code)

    def _encoded(self, audio: Audio, interval: Interval) -> bytes:
        codec = self.settings.audio
        with tempfile.TemporaryDirectory(prefix="subtitled-") as folder:
            path = Path(folder) / f"sound.{ENDINGS[codec]}"
            encode(audio, interval, codec, path)
            sound = path.read_bytes()
        if len(sound) > self.settings.size_limit * MEGABYTE:
            raise Rejected(
                f"{interval.duration:.0f} s of sound are {len(sound) / MEGABYTE:.1f} MB, more than "
                f"engines.{self.context.name}.size_limit",
                'Set audio = "opus", or a shorter daemon.stretch',
            )
        return sound

    @cached_property
    def _service(self) -> Service:
        return Service(self.context.name, self.settings)


def _form_refused(answer: httpx.Response) -> bool:
    """Whether it is the form of the answer that the server does not know."""
    if answer.status_code not in (400, 422):
        return False
    said = answer.text.lower()
    return any(word in said for word in UNABLE)


def _narrowed(stretch: Stretch) -> Interval | None:
    """The interval without the silence at its ends, which nobody need send or pay; None if nobody
    speaks in it."""
    if not stretch.speech:
        return None
    bounds = stretch.interval
    start = max(bounds.start, stretch.speech[0].start - EDGE)
    end = min(bounds.end, stretch.speech[-1].end + EDGE)
    return Interval(start, end) if end > start else None
