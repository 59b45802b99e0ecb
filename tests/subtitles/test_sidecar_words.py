"""Words in file names that look like languages, and languages that look like words."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Kind, Language
from subtitled.subtitles.names import SidecarName, parse_sidecar


@pytest.mark.parametrize(
    "word", ["dub", "sub", "cut", "avi", "mkv", "www", "the", "Even", "Mono", "Latin American"]
)
def test_a_word_that_is_an_obscure_code_is_a_title(word: str) -> None:
    assert parse_sidecar("Film.mkv", f"Film.{word}.srt") == SidecarName(
        None, Kind.FULL, "srt", word
    )
    beside = parse_sidecar("Film.mkv", f"Film.en.{word}.srt")
    assert beside is not None
    assert beside.language == "en"


@pytest.mark.parametrize(
    ("word", "tag"),
    [
        ("pob", "pt-BR"),
        ("pt_BR", "pt-BR"),
        ("Brazilian", "pt-BR"),
        ("Simplified Chinese", "zh-Hans"),
        ("cht", "zh-Hant"),
        ("zh-TW", "zh-TW"),
        ("Deutsch", "de"),
        ("Español", "es"),
        ("yue", "yue"),
        ("fil", "fil"),
        ("es-419", "es-419"),
    ],
)
def test_what_people_write_for_a_language_is_understood(word: str, tag: str) -> None:
    parsed = parse_sidecar("Film.mkv", f"Film.{word}.srt")
    assert parsed is not None
    assert parsed.language == tag


def test_hi_twice_is_hindi_for_the_hard_of_hearing() -> None:
    assert parse_sidecar("F.mkv", "F.hi.hi.srt") == SidecarName(
        parse_sidecar("F.mkv", "F.hin.srt").language,  # type: ignore[union-attr]
        Kind.SDH,
        "srt",
        "",
    )


@given(st.binary(max_size=30).map(os.fsdecode).filter(lambda text: "/" not in text))
def test_any_name_is_parsed_without_a_fault(middle: str) -> None:
    parsed = parse_sidecar("Film.mkv", f"Film.{middle}.srt")
    assert parsed is not None
    assert parsed.format == "srt"


@pytest.mark.parametrize(
    ("words", "tag", "kind"),
    [
        # Jellyfin, Emby and Plex; Bazarr writes .hi and .forced behind the language.
        ("en.hi", "en", Kind.SDH),
        ("hi.en", "en", Kind.SDH),
        ("hi.forced", "hi", Kind.FORCED),
        ("pt-BR.hi", "pt-BR", Kind.SDH),
        ("eng.forced.default", "en", Kind.FORCED),
        ("default.forced.eng", "en", Kind.FORCED),
        ("foreign.en", "en", Kind.FORCED),
        ("en.hi.forced", "en", Kind.FORCED),
        ("en.FORCED", "en", Kind.FORCED),
        ("sdh", None, Kind.SDH),
        # Flags in the same word, from downloads and from programs that take streams out.
        ("en-forced", "en", Kind.FORCED),
        ("pt_BR_forced", "pt-BR", Kind.FORCED),
        ("eng_sdh", "en", Kind.SDH),
        ("en-hi", "en", Kind.SDH),
        ("en[cc]", "en", Kind.SDH),
        ("English (SDH)", "en", Kind.SDH),
        ("English [CC]", "en", Kind.SDH),
        ("English (Forced)", "en", Kind.FORCED),
        ("Chinese (Simplified) (SDH)", "zh-Hans", Kind.SDH),
        ("2_English", "en", Kind.FULL),
        ("3_eng_sdh", "en", Kind.SDH),
        ("eng-forced-default", "en", Kind.FORCED),
        # ISO 639-2, bibliographic and terminological.
        *((code, "cs", Kind.FULL) for code in ("cze", "ces", "cz")),
        *((code, "nl", Kind.FULL) for code in ("dut", "nld")),
        *((code, "el", Kind.FULL) for code in ("gre", "ell", "gr")),
        *((code, "sk", Kind.FULL) for code in ("slo", "slk")),
        *((code, "fa", Kind.FULL) for code in ("per", "fas")),
        *((code, "ro", Kind.FULL) for code in ("rum", "ron")),
        # Codes of countries that are no codes of languages.
        ("jp", "ja", Kind.FULL),
        ("ua", "uk", Kind.FULL),
        ("dk", "da", Kind.FULL),
        ("vn", "vi", Kind.FULL),
        ("cn", "zh-Hans", Kind.FULL),
        ("ptbr", "pt-BR", Kind.FULL),
        ("zh-CN", "zh-CN", Kind.FULL),
        ("zh-yue", "yue", Kind.FULL),
        # And those that are: a server reads them so, whatever was meant.
        ("se", "se", Kind.FULL),
        ("br", "br", Kind.FULL),
    ],
)
def test_what_other_tools_write_is_understood(words: str, tag: str | None, kind: Kind) -> None:
    parsed = parse_sidecar("Film.mkv", f"Film.{words}.srt")
    assert parsed == SidecarName(Language(tag) if tag else None, kind, "srt")


@pytest.mark.parametrize(
    "word", ["non-forced", "Signs (forced)", "2_more", "cc-by", "by hi", "-hi", "(sdh)"]
)
def test_a_flag_beside_a_word_that_is_no_language_is_a_title(word: str) -> None:
    assert parse_sidecar("Film.mkv", f"Film.es.{word}.srt") == SidecarName(
        Language("es"), Kind.FULL, "srt", word
    )
