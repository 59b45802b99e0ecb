"""The names of sidecars: making ours, reading everybody's."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath

from subtitled.config.naming import NameSettings
from subtitled.plugin import Kind, Language, Rejected, names_of

from .codes import language_of

DATA_ENDINGS = frozenset({"json", "txt"})
"""What we write too, but what beside a medium is mostly something else: a subtitle only if ours."""
SUBTITLE_ENDINGS = DATA_ENDINGS.union("srt vtt ass ssa sub idx smi ttml sup lrc".split())
IMAGE_ENDINGS = frozenset({"sub", "idx", "sup"})
TEMPORARY_PREFIX = ".subtitled-"
"""Files of ours that are being written; never sidecars."""
SUMMARY_ENDINGS = ("summary.json", "chapters.vtt", "ffmeta")
"""What a summary of a medium is written to. Two end as subtitles do, and are none."""
LONGEST_NAME = 255
"""Bytes of a file name on every usual file system."""

BILINGUAL = "bilingual-"
"""What stands before the lower one of two languages in a name. Players read one language from a
name, the one before the ending, and take the rest for a title."""

_FORCED = frozenset({"forced", "foreign"})
_SDH = frozenset({"sdh", "cc", "hi"})
_FLAGGED = re.compile(
    r"(?P<rest>.+?)[-_ ]*[-_ \[(](?P<flag>forced|foreign|default|sdh|cc|hi)[\])]?", re.IGNORECASE
)
"""``en-forced``, ``eng_sdh``, ``English (SDH)``, ``en[cc]``: a language with a flag in one word."""
_NUMBERED = re.compile(r"\d+_(?P<rest>.+)")
"""``2_English.srt``: a number of the stream that it was taken out of."""
STANDARD = NameSettings()


@dataclass(frozen=True, slots=True)
class SidecarName:
    """What the name of a sidecar says."""

    language: Language | None
    kind: Kind
    format: str
    title: str = ""
    below: Language | None = None
    """The language below the other, if it has two."""


def sidecar_path(
    medium: Path,
    language: Language,
    kind: Kind,
    fmt: str,
    below: Language | None = None,
    naming: NameSettings = STANDARD,
) -> Path:
    """``Film (2020).es.srt``, ``Film (2020).en.forced.srt`` beside ``Film (2020).mkv``; with
    ``below``, the language below the other, ``Film (2020).bilingual-en.zh-Hans.srt``.

    What a library may have otherwise is ``Film (2020).machine.spa.srt``. The mark stands first: a
    player reads the language before the ending and takes what is before it for a title.
    """
    mark = f".{naming.mark}" if naming.mark else ""
    both = f".{BILINGUAL}{below}" if below else ""
    flag = "" if kind is Kind.FULL else f".{kind}"
    code = _three_letters(language) if naming.style == "iso639-2" else language
    return _beside(medium, f"{medium.stem}{mark}{both}.{code}{flag}.{fmt}", "subtitle")


def summary_path(medium: Path, language: Language, ending: str) -> Path:
    """``Film (2020).en.summary.json`` beside ``Film (2020).mkv``, and so each other ending."""
    return _beside(medium, f"{medium.stem}.{language}.{ending}", "summary")


def _beside(medium: Path, name: str, what: str) -> Path:
    if len(os.fsencode(name)) > LONGEST_NAME:
        raise Rejected(
            f"the name of the {what} would be longer than {LONGEST_NAME} bytes",
            "Give the medium a shorter name",
        )
    return medium.with_name(name)


def parse_summary(medium_name: str, name: str) -> tuple[Language | None, str] | None:
    """The language and the ending of a summary's name, if it is one of the medium, else None."""
    beginning = _beginning(medium_name)
    if not name.startswith(beginning):
        return None
    rest = name[len(beginning) :]
    for ending in SUMMARY_ENDINGS:
        if rest.lower() == ending:
            return None, ending
        tag = rest[: -len(ending) - 1]
        if rest.lower() == f"{tag.lower()}.{ending}" and (language := language_of(tag)):
            return language, ending
    return None


def belongs(medium_name: str, name: str) -> bool:
    """Whether a file is called as a sidecar or a summary of the medium is."""
    return parse_sidecar(medium_name, name) is not None or _is_summary(medium_name, name)


def _is_summary(medium_name: str, name: str) -> bool:
    return parse_summary(medium_name, name) is not None


def parse_sidecar(medium_name: str, name: str) -> SidecarName | None:
    """What a file's name says if it is a sidecar of the medium, else None.

    It is one by exact stem and a dot: ``S01E1.en.srt`` is not one of ``S01E10.mkv``. Of several
    languages the last counts, as media servers have it; ``hi`` is Hindi unless another language
    stands there too.
    """
    beginning = _beginning(medium_name)
    if not name.startswith(beginning) or name.startswith(TEMPORARY_PREFIX):
        return None
    if _is_summary(medium_name, name):
        return None
    *tokens, ending = name[len(beginning) :].split(".")
    if ending.lower() not in SUBTITLE_ENDINGS:
        return None
    language: Language | None = None
    below: Language | None = None
    kind, hi = Kind.FULL, 0
    titles: list[str] = []
    for token in chain.from_iterable(map(_taken_apart, reversed(tokens))):
        low = token.lower()
        if low in _FORCED:
            kind = Kind.FORCED
        elif low == "hi":
            hi += 1
        elif low in _SDH:
            kind = Kind.SDH if kind is Kind.FULL else kind
        elif low in ("", "default"):
            continue
        elif language is None and (found := language_of(token)) is not None:
            language = found
        elif (language or hi) and below is None and (found := _below(low)) is not None:
            below = found
        else:
            titles.insert(0, token)
    if hi and language is None:
        language, hi = Language("hi"), hi - 1
    if hi and kind is Kind.FULL:
        kind = Kind.SDH
    return SidecarName(language, kind, ending.lower(), ".".join(titles), below)


def _below(token: str) -> Language | None:
    return language_of(token.removeprefix(BILINGUAL)) if token.startswith(BILINGUAL) else None


def _three_letters(language: Language) -> str:
    """The code of ISO 639-2/B, or Jellyfin's own; the tag where a code would not say the same."""
    code = names_of(language).jellyfin
    return code if language_of(code) == language else language


@functools.lru_cache(maxsize=1024)
def _taken_apart(token: str) -> tuple[str, ...]:
    """The flags, then the language, of a word that has both; any other word as it is."""
    rest, flags = token, []
    while (flagged := _FLAGGED.fullmatch(rest)) is not None:
        flags.append(flagged["flag"])
        rest = flagged["rest"]
    if (numbered := _NUMBERED.fullmatch(rest)) is not None:
        rest = numbered["rest"]
    known = rest != token and language_of(rest) is not None
    return (*flags, rest) if known else (token,)


@functools.lru_cache(maxsize=64)
def _beginning(medium_name: str) -> str:
    """What each of its sidecars' names begins with: asked of every name in a large folder."""
    return PurePosixPath(medium_name).stem + "."
