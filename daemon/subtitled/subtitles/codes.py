"""The languages that people write into file names: codes, tags and English names."""

from __future__ import annotations

import functools
import re

import langcodes

from subtitled.plugin import Language
from subtitled.plugin.language import tag_named

_WITHOUT_TWO_LETTERS = frozenset(
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

_COUNTRIES = {
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
def language_of(token: str) -> Language | None:
    """The language that a part of a file name says, or None for any other word."""
    low = token.replace("_", "-").lower()
    try:
        if (tag := tag_named(low) or _COUNTRIES.get(low)) is not None:
            return Language(tag)
        if not low.isascii() or "x" in low.split("-"):
            return _by_name(token)
        if len(low) <= 3 or "-" in low:
            return _plausible(Language(low))
    except ValueError:
        return None
    return _by_name(token)


def _by_name(token: str) -> Language | None:
    if len(token) < 4 or not token.replace(" ", "").isalpha():
        return None
    try:
        language = Language.parse(token)
    except ValueError:
        return None
    # The search behind parse() guesses: it finds Latin in "Latin American".
    names = (language.english_name, langcodes.Language.get(language).autonym())
    known = _words(token) in map(_words, names)
    return _plausible(language) if known else None


def _words(name: str) -> list[str]:
    """Words in any order: there is Simplified Chinese, and Chinese (Simplified)."""
    return sorted(re.findall(r"\w+", name.casefold()))


def _plausible(language: Language) -> Language | None:
    primary = str(language.primary)
    return language if len(primary) == 2 or primary in _WITHOUT_TWO_LETTERS else None
