"""File names of sidecars: building ours, and parsing those of any program."""

from __future__ import annotations

import functools
import os
import re
import unicodedata
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath

from subtitled.config.library_settings import FilenameSettings
from subtitled.media.marks import NOT_WHOLE, Mark, find_marks
from subtitled.plugin import InputRejectedError, Language, SubtitleKind, language_codes

from .language_tokens import parse_language_pair, parse_language_token, refine_language

DATA_EXTENSIONS = frozenset({"json", "txt"})
"""Extensions that we write too, but that other programs use for other files. Of others only a
:data:`TIMED_DATA_EXTENSION` counts."""
TIMED_DATA_EXTENSION = "txt"
"""The extension of notes, of which those with times are subtitles: MPL2, MicroDVD, TMPlayer."""
SUBTITLE_EXTENSIONS = DATA_EXTENSIONS.union(
    "srt vtt ass ssa sub idx smi sami ttml dfxp sup mks lrc".split(),
    "aqt jss mpl mpl2 mpsub pjs psb sbv stl utf utf8".split(),
)
IMAGE_EXTENSIONS = frozenset({"idx", "sup"})
"""Extensions of pictures. A ``sub`` file is one only beside its ``idx`` file."""
CONTAINER_EXTENSIONS = frozenset({"mks"})
"""Extensions of containers of subtitles, which are text or pictures."""
TEMPORARY_PREFIX = ".subtitled-"
"""Prefix of our files that are being written. They never count as sidecars."""
SUMMARY_SUFFIXES = ("summary.json", "chapters.vtt", "ffmeta")
"""Suffixes of summary files. Two have the extension of a subtitle but are none."""
MAX_NAME_BYTES = 255
"""Longest file name in bytes on every usual file system."""

BILINGUAL_PREFIX = "bilingual-"
"""Prefix of the second language in a name. Players read one language from a name, the one before
the extension, and take the rest for a title."""

_FORCED_FLAGS = frozenset({"forced", "foreign"})
_BRACKETED_FLAGS = {"fo": "forced"}
"""Flags that are languages without their brackets: ``hu.[fo]`` is forced, ``fo`` is Faroese."""
_TEXT_MARKS = NOT_WHOLE | {Mark.SDH}
_SDH_FLAGS = frozenset({"sdh", "cc", "hi"})
_FLAGGED = re.compile(
    r"(?P<rest>.+?)[-_ ]*[-_ \[(](?P<flag>forced|foreign|default|sdh|cc|hi)[\])]?", re.IGNORECASE
)
"""A language and a flag in one word: ``en-forced``, ``eng_sdh``, ``English (SDH)``, ``en[cc]``."""
_NUMBERED = re.compile(r"(?:track)?\d+_(?P<rest>[^,]+)(?:,(?P<title>.+))?", re.IGNORECASE)
"""A language with the number of the stream it was extracted from, and with the title of that:
``2_English.srt``, ``3_eng,English [SDH].srt``."""
_COPY = re.compile(r"(?<=\w) ?\(\d{1,2}\)$")
"""The end of the name of a file that was copied or downloaded twice: ``Film.en (1).srt``."""
DEFAULT_FILENAMES = FilenameSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarName:
    """The parsed name of a sidecar."""

    language: Language | None
    kind: SubtitleKind
    format: str
    title: str = ""
    secondary: Language | None = None
    """Second language of a bilingual subtitle."""
    marks: frozenset[Mark] = frozenset()
    """What its title says of it, such as that it is a commentary."""


def build_sidecar_path(
    media: Path,
    language: Language,
    kind: SubtitleKind,
    fmt: str,
    secondary: Language | None = None,
    settings: FilenameSettings = DEFAULT_FILENAMES,
) -> Path:
    """Build the path of a sidecar beside its media file.

    Examples for ``Film (2020).mkv``: ``Film (2020).es.srt``, ``Film (2020).en.forced.srt``, with a
    second language ``Film (2020).bilingual-en.zh-Hans.srt``, and with a library's tag and style
    ``Film (2020).machine.spa.srt``. The tag comes first, because a player reads the language before
    the extension and takes what is before it for a title.
    """
    tag = f".{settings.tag}" if settings.tag else ""
    bilingual = f".{BILINGUAL_PREFIX}{secondary}" if secondary else ""
    flag = "" if kind is SubtitleKind.FULL else f".{kind}"
    code = _alpha3_code(language) if settings.style == "iso639-2" else language
    return _join_beside(media, f"{media.stem}{tag}{bilingual}.{code}{flag}.{fmt}", "subtitle")


def build_summary_path(media: Path, language: Language, suffix: str) -> Path:
    """Build the path of a summary, such as ``Film (2020).en.summary.json``."""
    return _join_beside(media, f"{media.stem}.{language}.{suffix}", "summary")


def _join_beside(media: Path, name: str, file_kind: str) -> Path:
    if len(os.fsencode(name)) > MAX_NAME_BYTES:
        raise InputRejectedError(
            f"the name of the {file_kind} would be longer than {MAX_NAME_BYTES} bytes",
            "Give the media file a shorter name",
        )
    return media.with_name(name)


def parse_summary_name(media_name: str, name: str) -> tuple[Language | None, str] | None:
    """Return the language and suffix of a summary's name; None if it is no summary of the file."""
    prefix, name = _stem_prefix(media_name), normalise_name(name)
    if not name.startswith(prefix):
        return None
    rest = name[len(prefix) :]
    for suffix in SUMMARY_SUFFIXES:
        if rest.lower() == suffix:
            return None, suffix
        tag = rest[: -len(suffix) - 1]
        if rest.lower() == f"{tag.lower()}.{suffix}" and (language := parse_language_token(tag)):
            return language, suffix
    return None


def is_sidecar_of(media_name: str, name: str) -> bool:
    """Check whether a name is that of a sidecar or summary of the media file."""
    return parse_sidecar_name(media_name, name) is not None or _is_summary_name(media_name, name)


def _is_summary_name(media_name: str, name: str) -> bool:
    return parse_summary_name(media_name, name) is not None


def parse_sidecar_name(media_name: str, name: str) -> SidecarName | None:
    """Parse a file name; None if it is no sidecar of the media file.

    A sidecar begins with the exact stem and a dot: ``S01E1.en.srt`` is none of ``S01E10.mkv``. Of
    several languages the last one counts, as in media servers. ``hi`` is Hindi unless the name has
    another language.

    A name with a folder, such as ``Subs/2_English.srt``, is that of a subtitle in a folder of
    subtitles, which need not have the stem.
    """
    prefix = _stem_prefix(media_name)
    name = _name_beside(prefix, name)
    if not name.startswith(prefix) or name.startswith(TEMPORARY_PREFIX):
        return None
    if _is_summary_name(media_name, name):
        return None
    *tokens, extension = name[len(prefix) :].split(".")
    if extension.lower() not in SUBTITLE_EXTENSIONS:
        return None
    language: Language | None = None
    secondary: Language | None = None
    kind, hi_count = SubtitleKind.FULL, 0
    titles: list[str] = []
    if tokens and (once := _COPY.sub("", tokens[-1])) and once != tokens[-1]:
        tokens[-1] = once if parse_language_token(once) is not None else tokens[-1]
    for token in chain.from_iterable(map(_split_flags, reversed(list(map(str.strip, tokens))))):
        folded = _unwrap_flag(token.lower())
        if folded in _FORCED_FLAGS:
            kind = SubtitleKind.FORCED
        elif folded == "hi":
            hi_count += 1
        elif folded in _SDH_FLAGS:
            kind = SubtitleKind.SDH if kind is SubtitleKind.FULL else kind
        elif folded in ("", "default"):
            continue
        elif language is None and (parsed := parse_language_token(token)) is not None:
            language = parsed
        elif language is None and (pair := parse_language_pair(token)) is not None:
            language, secondary = pair
        elif language is not None and (finer := refine_language(language, token)) is not None:
            language = finer
        elif (
            (language or hi_count)
            and secondary is None
            and (parsed := _parse_secondary(folded)) is not None
        ):
            secondary = parsed
        else:
            titles.insert(0, token)
    if hi_count and language is None:
        language, hi_count = Language("hi"), hi_count - 1
    if hi_count and kind is SubtitleKind.FULL:
        kind = SubtitleKind.SDH
    title = ".".join(titles)
    marks = find_marks(" ".join(titles)) & _TEXT_MARKS if titles else frozenset()
    return SidecarName(
        language=language if language is None or language.is_known else None,
        kind=_kind_by_marks(kind, marks),
        format=extension.lower(),
        title=title,
        secondary=secondary,
        marks=marks,
    )


def _unwrap_flag(token: str) -> str:
    """Return a flag in brackets without them: ``[hi]``, ``(sdh)``; any other word as it is."""
    if len(token) > 2 and token[0] + token[-1] in ("[]", "()", "{}"):
        inner = token[1:-1].strip()
        if inner in _BRACKETED_FLAGS:
            return _BRACKETED_FLAGS[inner]
        if inner in _FORCED_FLAGS | _SDH_FLAGS:
            return inner
    return token


def _kind_by_marks(kind: SubtitleKind, marks: frozenset[Mark]) -> SubtitleKind:
    if kind is not SubtitleKind.FULL:
        return kind
    if Mark.FORCED in marks:
        return SubtitleKind.FORCED
    return SubtitleKind.SDH if Mark.SDH in marks else kind


def _parse_secondary(token: str) -> Language | None:
    return (
        parse_language_token(token.removeprefix(BILINGUAL_PREFIX))
        if token.startswith(BILINGUAL_PREFIX)
        else None
    )


def _alpha3_code(language: Language) -> str:
    """Return the ISO 639-2/B code, or Jellyfin's own; the tag if a code would lose information."""
    code = language_codes(language).jellyfin
    return code if parse_language_token(code) == language else language


@functools.lru_cache(maxsize=1024)
def _split_flags(token: str) -> tuple[str, ...]:
    """Split a word with flags and a language into the flags and the language; else return it."""
    rest, flags = token, []
    while (match := _FLAGGED.fullmatch(rest)) is not None:
        flags.append(match["flag"])
        rest = match["rest"]
    if (number_match := _NUMBERED.fullmatch(token)) and number_match["title"]:
        marked = find_marks(number_match["title"])
        kinds = [kind for kind in (Mark.FORCED, Mark.SDH) if kind in marked]
        title = () if kinds else (number_match["title"],)
        language = number_match["rest"]
        return (*(str(kind).lower() for kind in kinds), *title, language)
    if (number_match := _NUMBERED.fullmatch(rest)) is not None:
        rest = number_match["rest"]
    is_language = rest != token and parse_language_token(rest) is not None
    return (*flags, rest) if is_language else (token,)


@functools.lru_cache(maxsize=64)
def _stem_prefix(media_name: str) -> str:
    """Return the beginning of all sidecar names. Cached, since it is needed for every name."""
    return normalise_name(PurePosixPath(media_name).stem) + "."


def normalise_name(name: str) -> str:
    """Return a file name in the form in which names are compared.

    macOS writes accents as letters of their own, other systems write one letter with its accent.
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def _name_beside(prefix: str, name: str) -> str:
    """Return the name that a subtitle in a folder of subtitles would have beside its media file."""
    name = normalise_name(name)
    if "/" not in name:
        return name
    base = name.rpartition("/")[2]
    return base if base.startswith(prefix) else prefix + base
