"""The languages that people write into file names: codes, tags and English names.

The names of sidecars: making ours, reading everybody's.
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath

import langcodes

from subtitled.config.library_settings import FilenameSettings
from subtitled.plugin import InputRejectedError, Language, SubtitleKind, language_codes
from subtitled.plugin.languages import find_tag

_THREE_LETTER_CODES = frozenset(
    "ace ady afh ain ale alt ast awa bal ban bas bej bem bho bik bin bla bra bua bug ceb chk chm "
    "chr chy cmn cnr crh csb dak dar den din doi dsb dyu efi eka ewo fan fat fil fon frr frs fur "
    "gaa gag gay gil gon gor grb gsw gwi hai hak haw hil hmn hsb hup iba ilo inh jpr jrb kaa kab "
    "kac kam kbd kha khk kmb kok kos kpe krc krl kru kum lad lah lez lol loz lua lun luo lus mad "
    "mag mai mak mas mdf men mic min mni moh mos mul mus mwl myv nan nap nds new nia niu nog nqo "
    "nso nyn nyo nzi osa pag pam pap pau phn pon raj rap rar rom rup sah sat scn sco sel shn sid "
    "sma smj smn sms snk srn srr suk sus swb syr szl tem ter tet tig tiv tkl tlh tli tmh tog tpi "
    "tsi tum tvl tyv udm umb und vai vep vot wal war was wuu xal yao yap yue zap zen zgh zun zxx "
    "zza acm acq aeb ajp apc ars ary arz ayr azb azj bar bjn ckb dik frp fuv gaz hne kbp kea kmr "
    "knc lij lmo ltg nus pbt pcm plt prs quy taq tzm vec ydd".split()
)
"""Codes of ISO 639-2, and those of 639-3 that translators use, of languages without a code of two
letters. All of ISO 639-3 would make languages of ``cut``, ``dub``, ``sub``, ``avi`` and ``the``."""

_COUNTRY_ALIASES = {
    "cn": "zh-Hans",
    "cz": "cs",
    "dk": "da",
    "gr": "el",
    "jp": "ja",
    "ptbr": "pt-BR",
    "ua": "uk",
    "vn": "vi",
}
"""What people write after the country, where no language has that code itself."""


@functools.lru_cache(maxsize=4096)
def parse_language_token(token: str) -> Language | None:
    """The language that a part of a file name says, or None for any other word."""
    folded = token.replace("_", "-").lower()
    try:
        if (tag := find_tag(folded) or _COUNTRY_ALIASES.get(folded)) is not None:
            return Language(tag)
        if not folded.isascii() or "x" in folded.split("-"):
            return _parse_name(token)
        if len(folded) <= 3 or "-" in folded:
            return _accept_plausible(Language(folded))
    except ValueError:
        return None
    return _parse_name(token)


def _parse_name(token: str) -> Language | None:
    if len(token) < 4 or not token.replace(" ", "").isalpha():
        return None
    try:
        language = Language.parse(token)
    except ValueError:
        return None
    # The search behind parse() guesses: it finds Latin in "Latin American".
    names = (language.english_name, langcodes.Language.get(language).autonym())
    is_exact = _sort_words(token) in map(_sort_words, names)
    return _accept_plausible(language) if is_exact else None


def _sort_words(name: str) -> list[str]:
    """Words in any order: there is Simplified Chinese, and Chinese (Simplified)."""
    return sorted(re.findall(r"\w+", name.casefold()))


def _accept_plausible(language: Language) -> Language | None:
    primary = str(language.primary)
    return language if len(primary) == 2 or primary in _THREE_LETTER_CODES else None


DATA_EXTENSIONS = frozenset({"json", "txt"})
"""What we write too, but what beside a medium is mostly something else: a subtitle only if ours."""
SUBTITLE_EXTENSIONS = DATA_EXTENSIONS.union("srt vtt ass ssa sub idx smi ttml sup lrc".split())
IMAGE_EXTENSIONS = frozenset({"sub", "idx", "sup"})
TEMPORARY_PREFIX = ".subtitled-"
"""Files of ours that are being written; never sidecars."""
SUMMARY_SUFFIXES = ("summary.json", "chapters.vtt", "ffmeta")
"""What a summary of a medium is written to. Two end as subtitles do, and are none."""
MAX_NAME_BYTES = 255
"""Bytes of a file name on every usual file system."""

BILINGUAL_PREFIX = "bilingual-"
"""What stands before the lower one of two languages in a name. Players read one language from a
name, the one before the ending, and take the rest for a title."""

_FORCED_FLAGS = frozenset({"forced", "foreign"})
_SDH_FLAGS = frozenset({"sdh", "cc", "hi"})
_FLAGGED = re.compile(
    r"(?P<rest>.+?)[-_ ]*[-_ \[(](?P<flag>forced|foreign|default|sdh|cc|hi)[\])]?", re.IGNORECASE
)
"""``en-forced``, ``eng_sdh``, ``English (SDH)``, ``en[cc]``: a language with a flag in one word."""
_NUMBERED = re.compile(r"\d+_(?P<rest>.+)")
"""``2_English.srt``: a number of the stream that it was taken out of."""
DEFAULT_FILENAMES = FilenameSettings()


@dataclass(frozen=True, slots=True)
class SidecarName:
    """What the name of a sidecar says."""

    language: Language | None
    kind: SubtitleKind
    format: str
    title: str = ""
    secondary: Language | None = None
    """The language below the other, if it has two."""


def build_sidecar_path(
    media: Path,
    language: Language,
    kind: SubtitleKind,
    fmt: str,
    secondary: Language | None = None,
    settings: FilenameSettings = DEFAULT_FILENAMES,
) -> Path:
    """``Film (2020).es.srt``, ``Film (2020).en.forced.srt`` beside ``Film (2020).mkv``; with
    ``secondary``, the language secondary the other, ``Film (2020).bilingual-en.zh-Hans.srt``.

    What a library may have otherwise is ``Film (2020).machine.spa.srt``. The mark stands first: a
    player reads the language before the ending and takes what is before it for a title.
    """
    tag = f".{settings.tag}" if settings.tag else ""
    bilingual = f".{BILINGUAL_PREFIX}{secondary}" if secondary else ""
    flag = "" if kind is SubtitleKind.FULL else f".{kind}"
    code = _alpha3_code(language) if settings.style == "iso639-2" else language
    return _join_beside(media, f"{media.stem}{tag}{bilingual}.{code}{flag}.{fmt}", "subtitle")


def build_summary_path(media: Path, language: Language, suffix: str) -> Path:
    """``Film (2020).en.summary.json`` beside ``Film (2020).mkv``, and so each other ending."""
    return _join_beside(media, f"{media.stem}.{language}.{suffix}", "summary")


def _join_beside(media: Path, name: str, file_kind: str) -> Path:
    if len(os.fsencode(name)) > MAX_NAME_BYTES:
        raise InputRejectedError(
            f"the name of the {file_kind} would be longer than {MAX_NAME_BYTES} bytes",
            "Give the medium a shorter name",
        )
    return media.with_name(name)


def parse_summary_name(media_name: str, name: str) -> tuple[Language | None, str] | None:
    """The language and the ending of a summary's name, if it is one of the medium, else None."""
    prefix = _stem_prefix(media_name)
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
    """Whether a file is called as a sidecar or a summary of the medium is."""
    return parse_sidecar_name(media_name, name) is not None or _is_summary_name(media_name, name)


def _is_summary_name(media_name: str, name: str) -> bool:
    return parse_summary_name(media_name, name) is not None


def parse_sidecar_name(media_name: str, name: str) -> SidecarName | None:
    """What a file's name says if it is a sidecar of the medium, else None.

    It is one by exact stem and a dot: ``S01E1.en.srt`` is not one of ``S01E10.mkv``. Of several
    languages the last counts, as media servers have it; ``hi`` is Hindi unless another language
    stands there too.
    """
    prefix = _stem_prefix(media_name)
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
    for token in chain.from_iterable(map(_split_flags, reversed(tokens))):
        folded = token.lower()
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
    return SidecarName(language, kind, extension.lower(), ".".join(titles), secondary)


def _parse_secondary(token: str) -> Language | None:
    return (
        parse_language_token(token.removeprefix(BILINGUAL_PREFIX))
        if token.startswith(BILINGUAL_PREFIX)
        else None
    )


def _alpha3_code(language: Language) -> str:
    """The code of ISO 639-2/B, or Jellyfin's own; the tag where a code would not say the same."""
    code = language_codes(language).jellyfin
    return code if parse_language_token(code) == language else language


@functools.lru_cache(maxsize=1024)
def _split_flags(token: str) -> tuple[str, ...]:
    """The flags, then the language, of a word that has both; any other word as it is."""
    rest, flags = token, []
    while (match := _FLAGGED.fullmatch(rest)) is not None:
        flags.append(match["flag"])
        rest = match["rest"]
    if (number_match := _NUMBERED.fullmatch(rest)) is not None:
        rest = number_match["rest"]
    is_language = rest != token and parse_language_token(rest) is not None
    return (*flags, rest) if is_language else (token,)


@functools.lru_cache(maxsize=64)
def _stem_prefix(media_name: str) -> str:
    """What each of its sidecars' names begins with: asked of every name in a large folder."""
    return PurePosixPath(media_name).stem + "."
