"""Qwen-MT: the lines of a batch in one request, separated by line breaks.

The names of languages are from help.aliyun.com/zh/model-studio/machine-translation, as of 2026-10.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from subtitled.plugin import (
    Batch,
    CheckResult,
    InputRejectedError,
    Language,
    Line,
    Price,
    Translation,
    Translator,
    TranslatorCapabilities,
    UsageRecord,
)

from .engine import check_service
from .rate_limit import RateLimiter
from .service import Service
from .settings import QwenMtSettings

_LANGUAGE_NAME_LIST = """
en English|zh Chinese|zh-Hant Traditional Chinese|ru Russian|ja Japanese|ko Korean|es Spanish
fr French|pt Portuguese|de German|it Italian|th Thai|vi Vietnamese|id Indonesian|ms Malay|ar Arabic
hi Hindi|he Hebrew|my Burmese|ta Tamil|ur Urdu|bn Bengali|pl Polish|nl Dutch|ro Romanian|tr Turkish
km Khmer|lo Lao|yue Cantonese|cs Czech|el Greek|sv Swedish|hu Hungarian|da Danish|fi Finnish
uk Ukrainian|bg Bulgarian|sr Serbian|te Telugu|af Afrikaans|hy Armenian|as Assamese|ast Asturian
eu Basque|be Belarusian|bs Bosnian|ca Catalan|ceb Cebuano|hr Croatian|arz Egyptian Arabic
et Estonian|gl Galician|ka Georgian|gu Gujarati|is Icelandic|jv Javanese|kn Kannada|kk Kazakh
lv Latvian|lt Lithuanian|lb Luxembourgish|mk Macedonian|mai Maithili|mt Maltese|mr Marathi
acm Mesopotamian Arabic|ary Moroccan Arabic|ars Najdi Arabic|ne Nepali|az North Azerbaijani
apc North Levantine Arabic|uz Northern Uzbek|nb Norwegian Bokmål|nn Norwegian Nynorsk|oc Occitan
or Odia|pag Pangasinan|scn Sicilian|sd Sindhi|si Sinhala|sk Slovak|sl Slovenian
ajp South Levantine Arabic|sw Swahili|fil Tagalog|acq Ta'izzi-Adeni Arabic|sq Tosk Albanian
aeb Tunisian Arabic|vec Venetian|war Waray|cy Welsh|fa Western Persian
"""

LANGUAGE_NAMES: dict[Language, str] = {
    Language(entry.split(" ", 1)[0]): entry.split(" ", 1)[1]
    for line in _LANGUAGE_NAME_LIST.strip().splitlines()
    for entry in line.split("|")
}


def find_language_name(language: Language) -> str | None:
    """Find the name of a language at Qwen-MT, by its script. Return None if it is unknown."""
    if language.primary == "no":
        language = Language("nb")
    if language.primary == "zh" and not language.satisfies(Language("zh-Hans")):
        return LANGUAGE_NAMES[Language("zh-Hant")]
    return LANGUAGE_NAMES.get(language.primary)


EXAMPLE_LINES = 5
"""How many previous lines are sent as examples."""
MAX_GLOSSARY_TERMS = 50
_TOKENS_PER_CHARACTER = 0.5
"""Tokens per character, about. Half of the billed tokens are input, half output."""
_PRICES = {
    ("qwen-mt-plus", "beijing"): 0.259 + 0.775,
    ("qwen-mt-plus", "singapore"): 2.46 + 7.37,
    ("qwen-mt-turbo", "beijing"): 0.101 + 0.28,
    ("qwen-mt-turbo", "singapore"): 0.16 + 0.49,
    ("qwen-mt-lite-us", "us"): 0.12 + 0.36,
}
"""US dollars for a million tokens of input and a million of output (price list, 2026-10)."""


class QwenTranslator(Translator[QwenMtSettings]):
    """A translator of Model Studio."""

    @classmethod
    def capabilities(cls, settings: QwenMtSettings) -> TranslatorCapabilities:
        price = _PRICES.get((settings.model, settings.effective_region))
        return TranslatorCapabilities(
            language_pairs=frozenset(
                (source, target) for source in LANGUAGE_NAMES for target in LANGUAGE_NAMES
            ),
            destination=settings.destination,
            price=Price(round(price * _TOKENS_PER_CHARACTER, 6), "USD", "million characters")
            if price
            else None,
        )

    @cached_property
    def _service(self) -> Service:
        return Service(self.settings, f"translators.{self.context.name}")

    @cached_property
    def _rate_limiter(self) -> RateLimiter:
        return RateLimiter(self.settings.requests_per_minute)

    def translate(self, batch: Batch) -> Translation:
        """Translate a batch. Return no lines if their number differs: the core sends fewer then."""
        text = "\n".join(" ".join(line.text.split()) for line in batch.lines)
        response = self._rate_limiter.call_with_retries(
            lambda: self._service.translate(self.settings.model, text, self._build_options(batch))
        )
        settings = self.settings
        usage_record = UsageRecord(
            kind="text",
            amount=len(text),
            host=settings.host,
            region=settings.effective_region,
            request_id=response.request_id,
        )
        lines = [
            line.strip() for line in _get_content(response.output).splitlines() if line.strip()
        ]
        if len(batch.lines) == 1 and lines:
            lines = [" ".join(lines)]
        if len(lines) != len(batch.lines):
            return Translation((), (usage_record,))
        pairs = zip(batch.lines, lines, strict=True)
        return Translation(
            tuple(Line(line.id, text_line) for line, text_line in pairs), (usage_record,)
        )

    def self_check(self) -> Sequence[CheckResult]:
        return check_service(self._service)

    def _build_options(self, batch: Batch) -> dict[str, Any]:
        target = _get_language_name(batch.target)
        description = (
            f"{self.settings.style} It is from: {batch.description}" if batch.description else ""
        )
        options: dict[str, Any] = {
            "source_lang": _get_language_name(batch.source) if batch.source.is_known else "auto",
            "target_lang": target,
            "domains": " ".join((description or self.settings.style).split())[:1000],
        }
        if batch.glossary:
            options["terms"] = _pairs_to_json(batch.glossary[:MAX_GLOSSARY_TERMS])
        if batch.previous:
            options["tm_list"] = _pairs_to_json(batch.previous[-EXAMPLE_LINES:])
        return options


def _pairs_to_json(pairs: Sequence[Any]) -> list[dict[str, str]]:
    return [{"source": pair.source, "target": pair.target} for pair in pairs]


def _get_language_name(language: Language) -> str:
    name = find_language_name(language)
    if name is None:
        raise InputRejectedError(
            f"Qwen-MT does not know {language.english_name}", "Configure another translator for it"
        )
    return name


def _get_content(output: dict[str, Any]) -> str:
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    message = first.get("message") if isinstance(first, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""
