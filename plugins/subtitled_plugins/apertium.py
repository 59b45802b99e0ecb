"""Apertium: translation by rules, with the program on this machine or a server (APY).

Lines are sent as paragraphs. The program ends a sentence where a paragraph ends, so no words move
between lines. The number of paragraphs is checked.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from subtitled.plugin import (
    LOCAL,
    Batch,
    CheckResult,
    Language,
    Line,
    Register,
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

PARAGRAPH_BREAK = "\n\n"
_MODE = re.compile(r"([a-z]{2,3}(?:_[A-Za-z]+)*)-([a-z]{2,3}(?:_[A-Za-z]+)*)")
"""``eng-spa``, ``spa-eng_US``, ``oci_aran-fra``."""
_MARKED = re.compile(r"(?<!\S)[*@#](?=\w)")
"""Apertium's marks on words that are unknown or cannot be inflected."""


class ApertiumSettings(Settings):
    """The settings in ``[translators.apertium]``."""

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"url", "pairs", "command", "data_dir", "is_local", "timeout"}
    )

    url: str | None = Field(
        None,
        pattern=r"^https?://",
        description="The address of an APY server, such as http://localhost:2737. Unset: the "
        "program on this machine.",
    )
    pairs: tuple[str, ...] = Field(
        (),
        description="Pairs to use, such as eng-spa. Empty: all that are installed, or all of the "
        "server.",
    )
    command: str = Field("apertium", description="The program.")
    data_dir: Path = Field(
        Path("/usr/share/apertium"), description="Where its language pairs are installed."
    )
    is_local: bool | None = Field(
        None,
        description="Whether the server of the url is yours, so that the text does not leave your "
        "network. Unset: true for this machine.",
    )
    timeout: float = Field(120.0, gt=0, le=290, description="Seconds to wait for a batch.")


class Apertium(Translator[ApertiumSettings]):
    """The pairs that are installed on this machine, or those of an APY server."""

    @classmethod
    def capabilities(cls, settings: ApertiumSettings) -> TranslatorCapabilities:
        pairs: frozenset[tuple[Language, Language]] | None = frozenset(list_pairs(settings))
        if settings.url is not None and not settings.pairs:
            pairs = None
        return TranslatorCapabilities(
            language_pairs=pairs, max_batch_lines=100, destination=_get_destination(settings)
        )

    def translate(self, batch: Batch) -> Translation:
        mode = self._choose_mode(batch.source, batch.target)
        texts = [_to_one_line(line.text) for line in batch.lines]
        translations = (
            []
            if self.settings.url
            else _split_paragraphs(self._run_program(mode, PARAGRAPH_BREAK.join(texts)))
        )
        if len(translations) != len(texts):
            # Translate each line alone: the paragraphs do not match the lines. The server never
            # ends a sentence where a paragraph ends.
            translate_text = self._translate_remotely if self.settings.url else self._run_program
            translations = [translate_text(mode, text) if text else "" for text in texts]
        lines = tuple(
            Line(line.id, _remove_marks(text, line.text))
            for line, text in zip(batch.lines, translations, strict=True)
        )
        usage: tuple[UsageRecord, ...] = ()
        if _get_destination(self.settings) != LOCAL:
            usage = (
                UsageRecord(
                    kind="text",
                    amount=float(sum(map(len, texts))),
                    host=get_host(self.settings.url or ""),
                ),
            )
        return Translation(lines, usage)

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"Apertium at {self.settings.url}" if self.settings.url else "Apertium"
        try:
            modes = self._list_modes()
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        if not self.settings.url and shutil.which(self.settings.command) is None:
            return [
                CheckResult(subject, False, f"no program {self.settings.command!r}", _INSTALL_HINT)
            ]
        if not modes:
            return [CheckResult(subject, False, "it has no pair of languages", _INSTALL_HINT)]
        missing = sorted(set(self.settings.pairs) - set(modes))
        if missing:
            return [CheckResult(subject, False, f"it has no {', '.join(missing)}", _INSTALL_HINT)]
        return [CheckResult(subject, True, f"pairs: {', '.join(sorted(modes))}")]

    def _choose_mode(self, source: Language, target: Language) -> str:
        """Choose the mode for two languages. Raise :class:`SetupError` if there is none."""
        candidates = [
            mode
            for mode in sorted(self._list_modes(), key=lambda mode: ("_" in mode, mode))
            if (pair := parse_pair(mode))
            and source.satisfies(pair[0])
            and pair[1].satisfies(target)
        ]
        exact = [mode for mode in candidates if parse_pair(mode) == (source, target)]
        if not candidates:
            raise SetupError(f"Apertium has no pair from {source} into {target}", _INSTALL_HINT)
        return (exact or candidates)[0]

    def _list_modes(self) -> Sequence[str]:
        if self.settings.url is None:
            return list_installed(self.settings.data_dir)
        pairs: Any = self._request("GET", "/listPairs").get("responseData")
        try:
            return [f"{pair['sourceLanguage']}-{pair['targetLanguage']}" for pair in pairs]
        except (TypeError, KeyError):
            raise self._unexpected_answer() from None

    def _run_program(self, mode: str, text: str) -> str:
        command = [self.settings.command, "-u", "-d", str(self.settings.data_dir), mode]
        try:
            completed = subprocess.run(
                command,
                input=f"{text}{PARAGRAPH_BREAK}".encode(),
                capture_output=True,
                timeout=self.settings.timeout,
                check=False,
            )
        except FileNotFoundError:
            raise SetupError(f"there is no program {command[0]!r}", _INSTALL_HINT) from None
        except (subprocess.TimeoutExpired, OSError) as error:
            raise TransientError(
                f"apertium {mode} does not end: {type(error).__name__}",
                "It is retried later",
            ) from None
        if completed.returncode != 0:
            raise TransientError(
                f"apertium {mode} ended with status {completed.returncode}",
                f"Try: echo Hello | {' '.join(command)}",
            )
        return completed.stdout.decode("utf-8", "replace")

    def _translate_remotely(self, mode: str, text: str) -> str:
        source, _, target = mode.partition("-")
        form = {"langpair": f"{source}|{target}", "q": text, "markUnknown": "no"}
        payload = self._request("POST", "/translate", form).get("responseData")
        translation = payload.get("translatedText") if isinstance(payload, dict) else None
        if not isinstance(translation, str):
            raise self._unexpected_answer()
        return translation

    def _request(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> dict[str, Any]:
        url = (self.settings.url or "").rstrip("/")
        service = HttpService(name=self._service_name, timeout=self.settings.timeout)
        response = send_request(service, method, url + path, data=form)
        if not response.is_success:
            raise refusal_error(self._service_name, response)
        try:
            payload = parse_answer(response)
        except ValueError:
            payload = None
        if not isinstance(payload, dict):
            raise self._unexpected_answer()
        return payload

    @property
    def _service_name(self) -> str:
        return f"{self.context.name} at {get_host(self.settings.url or '')}"

    def _unexpected_answer(self) -> TransientError:
        return TransientError(
            f"{self._service_name} does not answer as Apertium's APY does", "Check the url"
        )


_INSTALL_HINT = "Install the pair, on Debian such as: apt-get install apertium-eng-spa"


def list_installed(data: Path) -> list[str]:
    """List the modes on this machine, as ``apertium -l`` does, from the files."""
    try:
        return sorted(path.stem for path in (data / "modes").glob("*.mode"))
    except OSError:
        return []


def list_pairs(settings: ApertiumSettings) -> list[tuple[Language, Language]]:
    """List the pairs of languages that may be used."""
    modes = settings.pairs
    if settings.url is None:
        installed_modes = list_installed(settings.data_dir)
        modes = tuple(
            mode for mode in installed_modes if not settings.pairs or mode in settings.pairs
        )
    return [pair for mode in modes if (pair := parse_pair(mode)) is not None]


def parse_pair(mode: str) -> tuple[Language, Language] | None:
    """Parse a mode such as ``eng-spa``. Return None if it is no pair of languages."""
    match = _MODE.fullmatch(mode)
    if match is None:
        return None
    try:
        return _parse_code(match[1]), _parse_code(match[2])
    except ValueError:
        return None


def _parse_code(code: str) -> Language:
    """Parse ``eng`` as ``en``, ``eng_US`` as ``en-US``. Raise ``ValueError`` for dialects."""
    base, _, variant = code.partition("_")
    if variant and not (len(variant) == 2 and variant.isupper()):
        raise ValueError(f"{code} is a variant without a tag")
    return Language(f"{base}-{variant}" if variant else base)


def _get_destination(settings: ApertiumSettings) -> str:
    if settings.url is None:
        return LOCAL
    is_local = is_loopback(settings.url) if settings.is_local is None else settings.is_local
    return LOCAL if is_local else f"apertium:{get_host(settings.url)}"


def _split_paragraphs(text: str) -> list[str]:
    return re.split(r"\n[ \t]*\n", text.rstrip("\n"))


def _to_one_line(text: str) -> str:
    """Join the lines of a text, so that it is one paragraph."""
    return " ".join(text.split())


def _remove_marks(text: str, source: str) -> str:
    text = " ".join(text.split())
    return text if _MARKED.search(source) else _MARKED.sub("", text)


@hookimpl
def register_translators(register: Register[Translator]) -> None:
    register(Apertium)
