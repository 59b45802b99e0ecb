"""Languages in the names of files: codes, tags and English names, also two for two languages."""

from __future__ import annotations

import functools
import re

from subtitled.plugin import Language, language_codes
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
_BRACKETED = re.compile(r"[\[(]([^\[\]()]+)[\])]")
_NAME_LETTERS = re.compile(r"[^\W\d][^0-9.&+,;:!?@#=]*")
"""Words that may be the name of a language. In ``S01E01`` and ``1080p`` nothing is looked up."""
_CODES_JOINED = re.compile(r"[A-Za-z]{3}[-_][A-Za-z]{3}")
_JAPANESE_PAIRS = frozenset({"jpsc", "jptc"})
"""Chinese with Japanese, as groups of fans name it."""
_SHORT_CHINESE = {"简": "chs", "繁": "cht", "中": "zh", "英": "en", "日": "ja", "韩": "ko"}


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


@functools.lru_cache(maxsize=1024)
def refine_language(language: Language, token: str) -> Language | None:
    """Return a language with the region or script before it: ``Latin American.spa``."""
    if language != language.primary or len(token) < 5:
        return None
    tag = find_language(f"{language.english_name} ({token})")
    return Language(tag) if tag is not None and Language(tag).primary == language.primary else None


@functools.lru_cache(maxsize=1024)
def parse_language_pair(token: str) -> tuple[Language, Language] | None:
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
