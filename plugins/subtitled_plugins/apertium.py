"""Apertium: rules and dictionaries on this machine, or its server APY. No network, no model.

Lines go out as paragraphs. The program ends a sentence where a paragraph ends, so no line takes
words of the next, and the paragraphs are counted when they come back.
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
    Component,
    Finding,
    Language,
    Line,
    Misconfigured,
    Problem,
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

BETWEEN = "\n\n"
_MODE = re.compile(r"([a-z]{2,3}(?:_[A-Za-z]+)*)-([a-z]{2,3}(?:_[A-Za-z]+)*)")
"""``eng-spa``, ``spa-eng_US``, ``oci_aran-fra``."""
_MARKED = re.compile(r"(?<!\S)[*@#](?=\w)")
"""Apertium's marks on words that it does not know or cannot form."""


class ApertiumSettings(Settings):
    """``[translators.apertium]``"""

    INCIDENTAL: ClassVar[frozenset[str]] = frozenset(
        {"url", "pairs", "command", "data", "local", "timeout"}
    )

    url: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Where an APY server answers, such as http://localhost:2737. Unset: the "
        "apertium of this machine.",
    )
    pairs: tuple[str, ...] = Field(
        (),
        description="Pairs to use, such as eng-spa. Empty: all that are installed; of a server, "
        "any.",
    )
    command: str = Field("apertium", description="The program.")
    data: Path = Field(
        Path("/usr/share/apertium"), description="Where its language pairs are installed."
    )
    local: bool | None = Field(
        None,
        description="Whether text that goes to the url stays with you. Unset: if it is this "
        "machine.",
    )
    timeout: float = Field(120.0, gt=0, le=290, description="Seconds to wait for a batch.")


class Apertium(Translator):
    """The pairs that are installed here, or those of one APY server."""

    Settings = ApertiumSettings
    settings: ApertiumSettings

    @classmethod
    def capabilities(cls, settings: Any) -> TranslatorCapabilities:
        pairs: frozenset[tuple[Language, Language]] | None = frozenset(known_pairs(settings))
        if settings.url is not None and not settings.pairs:
            pairs = None
        return TranslatorCapabilities(pairs, batch=100, destination=_destination(settings))

    def translate(self, batch: Batch) -> Translation:
        mode = self._mode(batch.source, batch.target)
        texts = [_plain(line.text) for line in batch.lines]
        found = [] if self.settings.url else _paragraphs(self._ran(mode, BETWEEN.join(texts)))
        if len(found) != len(texts):
            # They cannot be told apart: each by itself, which needs no telling. The server does
            # not end a sentence where a paragraph ends.
            one_by_one = self._served if self.settings.url else self._ran
            found = [one_by_one(mode, text) if text else "" for text in texts]
        lines = tuple(
            Line(line.id, _unmarked(text, line.text))
            for line, text in zip(batch.lines, found, strict=True)
        )
        sent: tuple[Sent, ...] = ()
        if _destination(self.settings) != LOCAL:
            sent = (Sent("text", float(sum(map(len, texts))), host_of(self.settings.url or "")),)
        return Translation(lines, sent)

    def check(self) -> Sequence[Finding]:
        what = f"Apertium at {self.settings.url}" if self.settings.url else "Apertium"
        try:
            modes = self._modes()
        except Problem as problem:
            return [Finding(what, False, problem.what, problem.cure)]
        if not self.settings.url and shutil.which(self.settings.command) is None:
            return [Finding(what, False, f"no program {self.settings.command!r}", _INSTALL)]
        if not modes:
            return [Finding(what, False, "it has no pair of languages", _INSTALL)]
        lacking = sorted(set(self.settings.pairs) - set(modes))
        if lacking:
            return [Finding(what, False, f"it has no {', '.join(lacking)}", _INSTALL)]
        return [Finding(what, True, f"pairs: {', '.join(sorted(modes))}")]

    def _mode(self, source: Language, target: Language) -> str:
        """The pair, as Apertium calls it. Raises :class:`Misconfigured` for one that it lacks."""
        best = [
            mode
            for mode in sorted(self._modes(), key=lambda mode: ("_" in mode, mode))
            if (pair := pair_of(mode)) and source.serves(pair[0]) and pair[1].serves(target)
        ]
        exact = [mode for mode in best if pair_of(mode) == (source, target)]
        if not best:
            raise Misconfigured(f"Apertium has no pair from {source} into {target}", _INSTALL)
        return (exact or best)[0]

    def _modes(self) -> Sequence[str]:
        if self.settings.url is None:
            return installed(self.settings.data)
        said: Any = self._ask("GET", "/listPairs").get("responseData")
        try:
            return [f"{one['sourceLanguage']}-{one['targetLanguage']}" for one in said]
        except (TypeError, KeyError):
            raise self._stranger() from None

    def _ran(self, mode: str, text: str) -> str:
        command = [self.settings.command, "-u", "-d", str(self.settings.data), mode]
        try:
            ran = subprocess.run(
                command,
                input=f"{text}{BETWEEN}".encode(),
                capture_output=True,
                timeout=self.settings.timeout,
                check=False,
            )
        except FileNotFoundError:
            raise Misconfigured(f"there is no program {command[0]!r}", _INSTALL) from None
        except (subprocess.TimeoutExpired, OSError) as error:
            raise Temporary(
                f"apertium {mode} does not come to its end: {type(error).__name__}",
                "It is tried again",
            ) from None
        if ran.returncode != 0:
            raise Temporary(
                f"apertium {mode} ended with status {ran.returncode}",
                f"Try: echo Hello | {' '.join(command)}",
            )
        return ran.stdout.decode("utf-8", "replace")

    def _served(self, mode: str, text: str) -> str:
        source, _, target = mode.partition("-")
        form = {"langpair": f"{source}|{target}", "q": text, "markUnknown": "no"}
        said = self._ask("POST", "/translate", form).get("responseData")
        found = said.get("translatedText") if isinstance(said, dict) else None
        if not isinstance(found, str):
            raise self._stranger()
        return found

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        url = (self.settings.url or "").rstrip("/")
        answer = ask(self._who, method, url + path, timeout=self.settings.timeout, data=form)
        if not answer.is_success:
            raise refused(self._who, answer)
        try:
            said = answer.json()
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise self._stranger()
        return said

    @property
    def _who(self) -> str:
        return f"{self.context.name} at {host_of(self.settings.url or '')}"

    def _stranger(self) -> Temporary:
        return Temporary(f"{self._who} does not answer as Apertium's APY does", "Check the url")


_INSTALL = "Install the pair, on Debian such as: apt-get install apertium-eng-spa"


def installed(data: Path) -> list[str]:
    """The pairs of this machine: what ``apertium -l`` lists, without running anything."""
    try:
        return sorted(path.stem for path in (data / "modes").glob("*.mode"))
    except OSError:
        return []


def known_pairs(settings: ApertiumSettings) -> list[tuple[Language, Language]]:
    """The pairs that may be used, in our names."""
    modes = settings.pairs
    if settings.url is None:
        there = installed(settings.data)
        modes = tuple(mode for mode in there if not settings.pairs or mode in settings.pairs)
    return [pair for mode in modes if (pair := pair_of(mode)) is not None]


def pair_of(mode: str) -> tuple[Language, Language] | None:
    """The languages of a mode such as ``eng-spa``; None for what is no pair of languages."""
    match = _MODE.fullmatch(mode)
    if match is None:
        return None
    try:
        return _language(match[1]), _language(match[2])
    except ValueError:
        return None


def _language(code: str) -> Language:
    """``eng`` as ``en``, ``eng_US`` as ``en-US``. A dialect of its own spelling raises."""
    base, _, variant = code.partition("_")
    if variant and not (len(variant) == 2 and variant.isupper()):
        raise ValueError(f"{code} is a variant without a tag")
    return Language(f"{base}-{variant}" if variant else base)


def _destination(settings: ApertiumSettings) -> str:
    if settings.url is None:
        return LOCAL
    stays = is_loopback(settings.url) if settings.local is None else settings.local
    return LOCAL if stays else f"apertium:{host_of(settings.url)}"


def _paragraphs(text: str) -> list[str]:
    return re.split(r"\n[ \t]*\n", text.rstrip("\n"))


def _plain(text: str) -> str:
    """A line as one paragraph."""
    return " ".join(text.split())


def _unmarked(text: str, source: str) -> str:
    text = " ".join(text.split())
    return text if _MARKED.search(source) else _MARKED.sub("", text)


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [Apertium]
