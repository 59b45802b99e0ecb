"""Tests of the names of languages that are understood."""

from __future__ import annotations

import os

import langcodes
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import UNDETERMINED, Language, language_codes
from subtitled.plugin.language_names import find_language
from subtitled.plugin.languages import _PLAIN_TAGS

COMMON = (
    "en de es fr it pt pt-BR nl pl ru uk ja ko vi th ar he hi tr sv da nb fi cs hu ro el zh "
    "zh-Hans zh-Hant yue es-419 sr sr-Latn hr bs id ms fil"
).split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ger", "de"),
        ("deu", "de"),
        ("German", "de"),
        ("Deutsch", "de"),
        ("DE", "de"),
        ("fre", "fr"),
        ("fra", "fr"),
        ("français", "fr"),
        ("scr", "hr"),
        ("iw", "he"),
        ("pt-br", "pt-BR"),
        ("pob", "pt-BR"),
        ("Brazilian Portuguese", "pt-BR"),
        ("Portuguese (Brazil)", "pt-BR"),
        ("português (Brasil)", "pt-BR"),
        ("chi", "zh"),
        ("zho", "zh"),
        ("Chinese", "zh"),
        ("中文", "zh"),
        ("Mandarin", "zh"),
        ("zh-CN", "zh-CN"),
        ("chs", "zh-Hans"),
        ("简体中文", "zh-Hans"),
        ("Simplified Chinese", "zh-Hans"),
        ("Chinese (Simplified)", "zh-Hans"),
        ("cht", "zh-Hant"),
        ("zt", "zh-Hant"),
        ("繁體中文", "zh-Hant"),
        ("yue", "yue"),
        ("Cantonese", "yue"),
        ("粵語", "yue"),
        ("zh-yue", "yue"),
        ("es-419", "es-419"),
        ("Latin American Spanish", "es-419"),
        ("spl", "es-419"),
        ("Español (Latinoamérica)", "es-419"),
        ("  tiếng  Việt ", "vi"),
        ("日本語", "ja"),
    ],
)
def test_language_names_are_parsed(text: str, expected: str) -> None:
    assert Language.parse(text) == expected


@pytest.mark.parametrize(
    ("tag", "alpha2", "alpha3b", "alpha3t", "english", "jellyfin", "kodi"),
    [
        ("de", "de", "ger", "deu", "German", "ger", "ger"),
        ("pt-BR", "pt", "por", "por", "Portuguese (Brazil)", "pob", "por"),
        ("zh-Hant", "zh", "chi", "zho", "Chinese (Traditional)", "chi", "chi"),
        ("yue", None, "yue", "yue", "Cantonese", "yue", "yue"),
        ("es-419", "es", "spa", "spa", "Spanish (Latin America)", "spa", "spa"),
        ("nb", "nb", "nob", "nob", "Norwegian Bokmål", "nob", "nob"),
    ],
)
def test_nonstandard_codes_are_parsed(
    tag: str,
    alpha2: str | None,
    alpha3b: str,
    alpha3t: str,
    english: str,
    jellyfin: str,
    kodi: str,
) -> None:
    names = language_codes(Language(tag))
    assert (names.tag, names.alpha2, names.alpha3b, names.alpha3t) == (
        tag,
        alpha2,
        alpha3b,
        alpha3t,
    )
    assert (names.english_name, names.jellyfin, names.kodi) == (english, jellyfin, kodi)
    assert names.plex == alpha3b


@given(st.sampled_from(COMMON))
def test_language_names_round_trip(tag: str) -> None:
    names = language_codes(Language(tag))
    for text in (names.tag, names.alpha3b, names.alpha3t, names.jellyfin, names.english_name):
        assert text is not None
        assert Language.parse(text).primary.satisfies(Language(tag).primary)
    assert Language.parse(names.native_name).primary.satisfies(Language(tag).primary)


@pytest.mark.parametrize(
    ("has", "wants", "enough"),
    [
        ("nb", "no", True),
        ("no", "nb", True),
        ("nn", "nb", False),
        ("cmn", "zh-Hans", True),
        ("yue", "zh", False),
        ("arb", "ar", True),
        ("sr-Cyrl", "sr-Latn", False),
    ],
)
def test_equivalent_codes_satisfy_each_other(has: str, wants: str, enough: bool) -> None:
    assert Language(has).satisfies(Language(wants)) is enough


@pytest.mark.parametrize("tag", ["und", "mul", "zxx", "mis", "qaa", "qad", "qtz"])
def test_codes_that_name_no_language_are_unknown(tag: str) -> None:
    assert not Language(tag).is_known
    assert not Language(tag).satisfies(Language("en"))


@pytest.mark.parametrize("tag", ["x-klingon", "X-A", "x-en", "x-private-x-en"])
def test_a_tag_for_private_use_names_no_language_and_breaks_nothing(tag: str) -> None:
    language = Language.parse(tag)
    assert (language.primary, language.is_known) == (UNDETERMINED, False)
    assert not language.satisfies(Language("en"))
    assert not Language("en").satisfies(language)
    assert Language("en-x-twain").primary == "en"
    assert language_codes(language).alpha3b is None


@pytest.mark.parametrize("tag", ["qu", "quc", "pt-BR", "fil"])
def test_codes_that_begin_alike_name_a_language(tag: str) -> None:
    assert Language(tag).is_known


@pytest.mark.parametrize("name", [b"lm\x92el.en", b"Chin\xe9s", b"\xe9", b"English (\xe9)"])
def test_a_name_that_is_not_utf8_names_no_language(name: bytes) -> None:
    assert find_language(os.fsdecode(name)) is None
    with pytest.raises(ValueError, match="language"):
        Language.parse(os.fsdecode(name))


def test_a_plain_tag_is_what_the_data_of_the_standards_make_of_it() -> None:
    for tag in _PLAIN_TAGS:
        assert langcodes.tag_is_valid(tag)
        assert langcodes.standardize_tag(tag) == tag
        assert find_language(tag) is None, "it is no name that means something else"
        assert Language(tag) == Language.parse(f" {tag} ") == tag
