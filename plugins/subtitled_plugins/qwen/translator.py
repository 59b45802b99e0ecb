"""Qwen-MT: lines of a scene in one request, told apart by their line breaks alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from subtitled.plugin import (
    Batch,
    Finding,
    Language,
    Line,
    Price,
    Rejected,
    Sent,
    Translation,
    Translator,
    TranslatorCapabilities,
)

from .engine import checked
from .names import NAMES, name_of
from .pace import Pace
from .service import Service
from .settings import QwenMtSettings

MEMORY = 5
"""Lines before a batch that are given as examples."""
MOST_TERMS = 50
_TOKENS = 0.5
"""Tokens a character, about: half of what is paid for is read, half written."""
_PRICES = {
    ("qwen-mt-plus", "beijing"): 0.259 + 0.775,
    ("qwen-mt-plus", "singapore"): 2.46 + 7.37,
    ("qwen-mt-turbo", "beijing"): 0.101 + 0.28,
    ("qwen-mt-turbo", "singapore"): 0.16 + 0.49,
    ("qwen-mt-lite-us", "us"): 0.12 + 0.36,
}
"""US dollars for a million tokens read and a million written (price list, 2026-10)."""


class QwenTranslator(Translator):
    """A translator of Model Studio."""

    Settings = QwenMtSettings
    settings: QwenMtSettings

    @classmethod
    def capabilities(cls, settings: QwenMtSettings) -> TranslatorCapabilities:
        price = _PRICES.get((settings.model, settings.place))
        return TranslatorCapabilities(
            pairs=frozenset((source, target) for source in NAMES for target in NAMES),
            destination=settings.destination,
            price=Price(round(price * _TOKENS, 6), "USD", "million characters") if price else None,
        )

    @cached_property
    def _service(self) -> Service:
        return Service(self.settings, f"translators.{self.context.name}")

    @cached_property
    def _pace(self) -> Pace:
        return Pace(self.settings.requests_per_minute)

    def translate(self, batch: Batch) -> Translation:
        """The lines by their order; nothing if another number of them comes back, so that the core
        asks for fewer at a time."""
        text = "\n".join(" ".join(line.text.split()) for line in batch.lines)
        answer = self._pace.patiently(
            lambda: self._service.translate(self.settings.model, text, self._options(batch))
        )
        settings = self.settings
        sent = Sent("text", len(text), settings.host, settings.place, answer.request_id)
        lines = [line.strip() for line in _content(answer.output).splitlines() if line.strip()]
        if len(batch.lines) == 1 and lines:
            lines = [" ".join(lines)]
        if len(lines) != len(batch.lines):
            return Translation((), (sent,))
        pairs = zip(batch.lines, lines, strict=True)
        return Translation(tuple(Line(line.id, said) for line, said in pairs), (sent,))

    def check(self) -> Sequence[Finding]:
        return checked(self._service)

    def _options(self, batch: Batch) -> dict[str, Any]:
        target = _named(batch.target)
        about = f"{self.settings.style} It is from: {batch.about}" if batch.about else ""
        said: dict[str, Any] = {
            "source_lang": _named(batch.source) if batch.source.is_known else "auto",
            "target_lang": target,
            "domains": " ".join((about or self.settings.style).split())[:1000],
        }
        if batch.terms:
            said["terms"] = _pairs(batch.terms[:MOST_TERMS])
        if batch.before:
            said["tm_list"] = _pairs(batch.before[-MEMORY:])
        return said


def _pairs(pairs: Sequence[Any]) -> list[dict[str, str]]:
    return [{"source": pair.source, "target": pair.target} for pair in pairs]


def _named(language: Language) -> str:
    name = name_of(language)
    if name is None:
        raise Rejected(
            f"Qwen-MT does not know {language.english_name}", "Configure another translator for it"
        )
    return name


def _content(output: dict[str, Any]) -> str:
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    message = first.get("message") if isinstance(first, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""
