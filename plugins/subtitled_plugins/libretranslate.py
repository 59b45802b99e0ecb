"""LibreTranslate: a free translator to run at home, or somebody's. Lines keep their places."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from subtitled.plugin import (
    LOCAL,
    Batch,
    Component,
    Finding,
    Language,
    Line,
    Misconfigured,
    Problem,
    Secret,
    Sent,
    Settings,
    Temporary,
    Translation,
    Translator,
    TranslatorCapabilities,
    hookimpl,
)

from ._http import ask, host_of, is_loopback, refused

SUBTITLED_CONTRACT = "2.0"

KNOWN_FOR = 3600.0
"""Seconds for which a server's list of languages is believed."""
_HABITS = {"zt": "zh-Hant", "zh": "zh-Hans", "pb": "pt-BR"}
"""Its own codes where they are no BCP 47."""


class LibreTranslateSettings(Settings):
    """``[translators.libretranslate]``"""

    INCIDENTAL: ClassVar[frozenset[str]] = frozenset(
        {"languages", "local", "batch", "timeout", "verify_tls"}
    )

    url: str = Field(
        pattern=r"^https?://", description="Where it answers, such as http://localhost:5000."
    )
    key: Secret | None = Field(None, description="Its key, by reference, if it asks for one.")
    languages: tuple[Language, ...] = Field(
        (), description="The languages that it has, each from and into the others. Empty: any."
    )
    local: bool | None = Field(
        None,
        description="Whether text that goes there stays with you. Unset: if it is this machine.",
    )
    batch: int = Field(40, ge=1, le=500, description="Lines of a request.")
    timeout: float = Field(120.0, gt=0, le=290, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(True, description="Insist on a valid certificate.")


class LibreTranslate(Translator):
    """One LibreTranslate server."""

    Settings = LibreTranslateSettings
    settings: LibreTranslateSettings

    def __init__(self, settings: Any, context: Any) -> None:
        super().__init__(settings, context)
        self._targets: dict[str, frozenset[str]] = {}
        self._asked_at = 0.0

    @classmethod
    def capabilities(cls, settings: Any) -> TranslatorCapabilities:
        named = settings.languages
        return TranslatorCapabilities(
            pairs=frozenset(itertools.permutations(named, 2)) if named else None,
            batch=settings.batch,
            destination=LOCAL if _stays(settings) else f"libretranslate:{host_of(settings.url)}",
        )

    def translate(self, batch: Batch) -> Translation:
        source, target = self._codes(batch)
        texts = [line.text for line in batch.lines]
        body: dict[str, Any] = {"q": texts, "source": source, "target": target, "format": "text"}
        if self.settings.key is not None:
            body["api_key"] = self.settings.key.reveal()
        answer = self._ask("POST", "/translate", body)
        if not answer.is_success:
            raise refused(self._who, answer)
        said = _json(answer)
        found = said.get("translatedText") if isinstance(said, dict) else None
        if not isinstance(found, list):
            raise self._stranger()
        sent: tuple[Sent, ...] = ()
        if not _stays(self.settings):
            sent = (Sent("text", float(sum(map(len, texts))), host_of(self.settings.url)),)
        if len(found) != len(texts):
            return Translation((), sent)  # which is which, nobody can say
        pairs = zip(batch.lines, found, strict=True)
        lines = (Line(line.id, text) for line, text in pairs if isinstance(text, str))
        return Translation(tuple(lines), sent)

    def check(self) -> Sequence[Finding]:
        what = f"LibreTranslate at {self.settings.url}"
        try:
            targets = self._languages()
        except Problem as problem:
            return [Finding(what, False, problem.what, problem.cure)]
        lacking = [str(one) for one in self.settings.languages if _code(one, targets) is None]
        if lacking:
            cure = f"Load them there, or take them out of translators.{self.context.name}.languages"
            return [Finding(what, False, f"it has no {', '.join(lacking)}", cure)]
        return [Finding(what, True, f"it has {len(targets)} languages")]

    def _codes(self, batch: Batch) -> tuple[str, str]:
        """What the server calls the two languages. Raises :class:`Misconfigured` for none."""
        targets = self._languages()
        source = _code(batch.source, targets)
        target = _code(batch.target, targets[source]) if source is not None else None
        if source is None or target is None:
            raise Misconfigured(
                f"{self._who} does not translate {batch.source} into {batch.target}",
                f"Load the languages there, and name those it has in "
                f"translators.{self.context.name}.languages",
            )
        return source, target

    def _languages(self) -> dict[str, frozenset[str]]:
        """Into which languages each can be translated, by the server's codes."""
        if self._targets and time.monotonic() - self._asked_at < KNOWN_FOR:
            return self._targets
        answer = self._ask("GET", "/languages")
        said: Any = _json(answer) if answer.is_success else None
        try:
            self._targets = {
                one["code"]: frozenset(map(str, one.get("targets") or ())) for one in said
            }
        except (TypeError, KeyError, AttributeError):
            raise self._stranger() from None
        self._asked_at = time.monotonic()
        return self._targets

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        return ask(
            self._who,
            method,
            self.settings.url.rstrip("/") + path,
            timeout=self.settings.timeout,
            verify=self.settings.verify_tls,
            json=body,
        )

    def _stranger(self) -> Temporary:
        return Temporary(f"{self._who} does not answer as LibreTranslate does", "Check the url")

    @property
    def _who(self) -> str:
        return f"{self.context.name} at {host_of(self.settings.url)}"


def _stays(settings: LibreTranslateSettings) -> bool:
    return is_loopback(settings.url) if settings.local is None else settings.local


def _code(language: Language, codes: Sequence[str] | frozenset[str] | dict[str, Any]) -> str | None:
    """The server's code for a language; the nearest, where it has several."""
    found = None
    for code in sorted(codes):
        try:
            known = Language(_HABITS.get(code, code))
        except ValueError:
            continue
        if known == language:
            return code
        if known.serves(language) and found is None:
            found = code
    return found


def _json(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [LibreTranslate]
