"""LibreTranslate, a free translation server."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from subtitled.plugin import (
    LOCAL,
    Batch,
    CheckResult,
    Language,
    Line,
    Register,
    Secret,
    Settings,
    SetupError,
    SubtitledError,
    TransientError,
    Translation,
    Translator,
    TranslatorCapabilities,
    UsageRecord,
    hookimpl,
)
from subtitled.plugin.http import (
    HttpService,
    get_host,
    is_loopback,
    parse_answer,
    refusal_error,
    send_request,
)

SUBTITLED_API = "1"

MAX_LANGUAGES = 1000
"""Most languages of a server that are looked at."""
LANGUAGES_TTL_SECONDS = 3600.0
"""Seconds for which the list of languages of the server is cached."""
_NONSTANDARD_CODES = {"zt": "zh-Hant", "zh": "zh-Hans", "pb": "pt-BR"}
"""Codes of LibreTranslate that are not BCP 47, or mean something else there."""


class LibreTranslateSettings(Settings):
    """The settings in ``[translators.libretranslate]``."""

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"languages", "is_local", "max_batch_lines", "timeout", "verify_tls"}
    )

    url: str = Field(
        pattern=r"^https?://",
        description="The address of the server, such as http://localhost:5000.",
    )
    api_key: Secret | None = Field(
        None, description="The key, by reference, if the server requires one."
    )
    languages: tuple[Language, ...] = Field(
        (), description="The languages of the server, each from and into the others. Empty: any."
    )
    is_local: bool | None = Field(
        None,
        description="Whether the server is yours, so that the text does not leave your network. "
        "Unset: true for this machine.",
    )
    max_batch_lines: int = Field(40, ge=1, le=500, description="Lines of one request.")
    timeout: float = Field(120.0, gt=0, le=290, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(True, description="Require a valid certificate.")


class LibreTranslate(Translator[LibreTranslateSettings]):
    """A LibreTranslate server."""

    def __init__(self, settings: Any, context: Any) -> None:
        super().__init__(settings, context)
        self._targets: dict[str, frozenset[str]] = {}
        self._fetched_at = 0.0

    @classmethod
    def capabilities(cls, settings: LibreTranslateSettings) -> TranslatorCapabilities:
        languages = settings.languages
        return TranslatorCapabilities(
            language_pairs=frozenset(itertools.permutations(languages, 2)) if languages else None,
            max_batch_lines=settings.max_batch_lines,
            destination=LOCAL
            if _is_local(settings)
            else f"libretranslate:{get_host(settings.url)}",
        )

    def translate(self, batch: Batch) -> Translation:
        source, target = self._choose_codes(batch)
        texts = [line.text for line in batch.lines]
        body: dict[str, Any] = {"q": texts, "source": source, "target": target, "format": "text"}
        if self.settings.api_key is not None:
            body["api_key"] = self.settings.api_key.reveal()
        response = self._request("POST", "/translate", body)
        if not response.is_success:
            raise refusal_error(self._service_name, response)
        payload = _parse_json(response)
        translations = payload.get("translatedText") if isinstance(payload, dict) else None
        if not isinstance(translations, list):
            raise self._unexpected_answer()
        usage: tuple[UsageRecord, ...] = ()
        if not _is_local(self.settings):
            usage = (
                UsageRecord(
                    kind="text",
                    amount=float(sum(map(len, texts))),
                    host=get_host(self.settings.url),
                ),
            )
        if len(translations) != len(texts):
            return Translation((), usage)  # the lines cannot be matched
        pairs = zip(batch.lines, translations, strict=True)
        lines = (Line(line.id, text) for line, text in pairs if isinstance(text, str))
        return Translation(tuple(lines), usage)

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"LibreTranslate at {self.settings.url}"
        try:
            targets = self._fetch_languages()
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        missing = [
            str(language)
            for language in self.settings.languages
            if _find_code(language, targets) is None
        ]
        if missing:
            hint = f"Load them there, or take them out of translators.{self.context.name}.languages"
            return [CheckResult(subject, False, f"it has no {', '.join(missing)}", hint)]
        return [CheckResult(subject, True, f"it has {len(targets)} languages")]

    def _choose_codes(self, batch: Batch) -> tuple[str, str]:
        """Choose the server's codes of both languages. Raise :class:`SetupError` without them."""
        targets = self._fetch_languages()
        source = _find_code(batch.source, targets)
        target = _find_code(batch.target, targets[source]) if source is not None else None
        if source is None or target is None:
            raise SetupError(
                f"{self._service_name} does not translate {batch.source} into {batch.target}",
                f"Load the languages there, and name those it has in "
                f"translators.{self.context.name}.languages",
            )
        return source, target

    def _fetch_languages(self) -> dict[str, frozenset[str]]:
        """Fetch or recall the target languages of each source language, as the server's codes."""
        if self._targets and time.monotonic() - self._fetched_at < LANGUAGES_TTL_SECONDS:
            return self._targets
        response = self._request("GET", "/languages")
        payload: Any = _parse_json(response) if response.is_success else None
        try:
            self._targets = {
                entry["code"]: frozenset(_read_codes(entry.get("targets")))
                for entry in payload[:MAX_LANGUAGES]
                if isinstance(entry["code"], str)
            }
        except (TypeError, KeyError, AttributeError):
            raise self._unexpected_answer() from None
        self._fetched_at = time.monotonic()
        return self._targets

    def _request(self, method: str, path: str, body: object = None) -> Any:
        service = HttpService(
            name=self._service_name,
            timeout=self.settings.timeout,
            verify=self.settings.verify_tls,
        )
        return send_request(service, method, self.settings.url.rstrip("/") + path, json=body)

    def _unexpected_answer(self) -> TransientError:
        return TransientError(
            f"{self._service_name} does not answer as LibreTranslate does", "Check the url"
        )

    @property
    def _service_name(self) -> str:
        return f"{self.context.name} at {get_host(self.settings.url)}"


def _is_local(settings: LibreTranslateSettings) -> bool:
    return is_loopback(settings.url) if settings.is_local is None else settings.is_local


def _find_code(
    language: Language, codes: Sequence[str] | frozenset[str] | dict[str, Any]
) -> str | None:
    """Find the server's code of a language: the same one, or else one that satisfies it."""
    nearest = None
    for code in sorted(codes):
        try:
            candidate = Language(_NONSTANDARD_CODES.get(code, code))
        except ValueError:
            continue
        if candidate == language:
            return code
        if candidate.satisfies(language) and nearest is None:
            nearest = code
    return nearest


def _read_codes(value: object) -> list[str]:
    codes = value[:MAX_LANGUAGES] if isinstance(value, list) else []
    return [code for code in codes if isinstance(code, str)]


def _parse_json(response: Any) -> Any:
    try:
        return parse_answer(response)
    except ValueError:
        return None


@hookimpl
def register_translators(register: Register[Translator]) -> None:
    register(LibreTranslate)
