"""File names of sidecars: building ours, and parsing those of any program.

Languages in file names are codes, tags and English names.
"""

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
from subtitled.plugin.language_names import ALIASES, find_language

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
"""ISO 639-2 codes, and the 639-3 codes that translators use, of languages without a code of two
letters. With all of ISO 639-3, ``cut``, ``dub``, ``sub``, ``avi`` and ``the`` were languages."""

_CODES_IN_USE = {
    "cn": "zh-Hans",
    "gb": "zh-Hans",
    "hans": "zh-Hans",
    "big5": "zh-Hant",
    "hant": "zh-Hant",
    "cz": "cs",
    "dk": "da",
    "gr": "el",
    "jp": "ja",
    "jap": "ja",
    "kr-kor": "ko",
    "ptbr": "pt-BR",
    "esp": "es",
    "es-la": "es-419",
    "es-lat": "es-419",
    "spa-la": "es-419",
    "spa-lat": "es-419",
    "vostfr": "fr",
    "stfr": "fr",
    "ua": "uk",
    "vn": "vi",
    "scc": "sr",
    "scr": "hr",
    "sc": "zh-Hans",
    "tc": "zh-Hant",
    "zt": "zh-Hant",
    "ea": "es-419",
    "spl": "es-419",
    "vfq": "fr-CA",
    "vff": "fr-FR",
    "vf": "fr",
}
"""Codes that people write for a language: of countries, scripts and encodings. Bazarr has ``ea``,
``spl``, ``zt``, ``sc`` and ``tc``; nobody has Sardinian subtitles."""


@functools.lru_cache(maxsize=4096)
def parse_language_token(token: str) -> Language | None:
    """Return the language of a part of a file name; None for any other word."""
    if match := _BRACKETED.fullmatch(token):
        token = match[1]
    folded = token.replace("_", "-").lower()
    try:
        if (tag := _CODES_IN_USE.get(folded)) is not None:
            return Language(tag)
        if folded.isascii() and (len(folded) <= 3 or "-" in folded) and " " not in folded:
            if "x" in folded.split("-"):
                return None
            try:
                return _accept_plausible(Language(folded))
            except ValueError:
                pass
        if not _NAME_LETTERS.fullmatch(token) or (tag := find_language(token)) is None:
            return None
        language = Language(tag)
    except ValueError:
        return None
    # Names of languages without a code of two letters are words of others: More, Even, Mono.
    if len(language.primary) == 2 or folded in ALIASES or _is_usual_name(token, language):
        return _accept_plausible(language)
    return None


def _is_usual_name(name: str, language: Language) -> bool:
    return name.casefold() in (
        language.english_name.casefold(),
        language_codes(language).native_name.casefold(),
    )


def _accept_plausible(language: Language) -> Language | None:
    primary = str(language.primary)
    return language if len(primary) == 2 or primary in _THREE_LETTER_CODES else None


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

_BRACKETED = re.compile(r"[\[(]([^\[\]()]+)[\])]")
_NAME_LETTERS = re.compile(r"[^\W\d][^0-9.&+,;:!?@#=]*")
"""Words that may be the name of a language. In ``S01E01`` and ``1080p`` nothing is looked up."""
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
        elif language is None and (pair := _parse_pair(token)) is not None:
            language, secondary = pair
        elif language is not None and (finer := _refine(language, token)) is not None:
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


@functools.lru_cache(maxsize=1024)
def _refine(language: Language, token: str) -> Language | None:
    """Return a language with the region or script before it: ``Latin American.spa``."""
    if language != language.primary or len(token) < 5:
        return None
    tag = find_language(f"{language.english_name} ({token})")
    return Language(tag) if tag is not None and Language(tag).primary == language.primary else None


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


@functools.lru_cache(maxsize=1024)
def _parse_pair(token: str) -> tuple[Language, Language] | None:
    """Return the two languages of a bilingual subtitle: ``chs&eng``, ``en+es``, ``简英``."""
    parts = re.split("[&+]", token) if len(token) > 2 else list(token)
    if _CODES_JOINED.fullmatch(token):
        parts = re.split("[-_]", token)
    elif token.lower() in _JAPANESE_PAIRS:
        parts = [token[2:], "ja"]
    if len(token) == 2 and not token.isascii():
        parts = [_SHORT_CHINESE.get(character, "") for character in token]
    elif token[2:] in ("双语", "雙語", "双字", "字幕") and not token.isascii():
        parts = [_SHORT_CHINESE.get(character, "") for character in token[:2]]
    if len(parts) != 2:
        return None
    first, second = (parse_language_token(part.strip()) if part else None for part in parts)
    return (first, second) if first and second else None


_CODES_JOINED = re.compile(r"[A-Za-z]{3}[-_][A-Za-z]{3}")
_JAPANESE_PAIRS = frozenset({"jpsc", "jptc"})
"""Chinese with Japanese, as groups of fans name it."""
_SHORT_CHINESE = {"简": "chs", "繁": "cht", "中": "zh", "英": "en", "日": "ja", "韩": "ko"}


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
