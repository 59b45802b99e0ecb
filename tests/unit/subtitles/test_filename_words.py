"""Words in file names that look like languages, and vice versa."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.filenames import SidecarName, parse_sidecar_name


@pytest.mark.parametrize(
    "word", ["dub", "sub", "cut", "avi", "mkv", "www", "the", "Even", "Mono", "Latin American"]
)
def test_a_word_that_is_an_obscure_code_is_a_title(word: str) -> None:
    assert parse_sidecar_name("Film.mkv", f"Film.{word}.srt") == SidecarName(
        None, SubtitleKind.FULL, "srt", word
    )
    beside = parse_sidecar_name("Film.mkv", f"Film.en.{word}.srt")
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
    parsed = parse_sidecar_name("Film.mkv", f"Film.{word}.srt")
    assert parsed is not None
    assert parsed.language == tag


def test_hi_twice_is_hindi_for_the_hard_of_hearing() -> None:
    assert parse_sidecar_name("F.mkv", "F.hi.hi.srt") == SidecarName(
        parse_sidecar_name("F.mkv", "F.hin.srt").language,  # type: ignore[union-attr]
        SubtitleKind.SDH,
        "srt",
        "",
    )


@given(st.binary(max_size=30).map(os.fsdecode).filter(lambda text: "/" not in text))
def test_any_name_is_parsed_without_a_fault(middle: str) -> None:
    parsed = parse_sidecar_name("Film.mkv", f"Film.{middle}.srt")
    assert parsed is not None
    assert parsed.format == "srt"


@pytest.mark.parametrize(
    ("words", "tag", "kind"),
    [
        # Jellyfin, Emby and Plex; Bazarr writes .hi and .forced behind the language.
        ("en.hi", "en", SubtitleKind.SDH),
        ("hi.en", "en", SubtitleKind.SDH),
        ("hi.forced", "hi", SubtitleKind.FORCED),
        ("pt-BR.hi", "pt-BR", SubtitleKind.SDH),
        ("eng.forced.default", "en", SubtitleKind.FORCED),
        ("default.forced.eng", "en", SubtitleKind.FORCED),
        ("foreign.en", "en", SubtitleKind.FORCED),
        ("en.hi.forced", "en", SubtitleKind.FORCED),
        ("en.FORCED", "en", SubtitleKind.FORCED),
        ("sdh", None, SubtitleKind.SDH),
        # Flags in the same word, from downloads and from programs that take streams out.
        ("en-forced", "en", SubtitleKind.FORCED),
        ("pt_BR_forced", "pt-BR", SubtitleKind.FORCED),
        ("eng_sdh", "en", SubtitleKind.SDH),
        ("en-hi", "en", SubtitleKind.SDH),
        ("en[cc]", "en", SubtitleKind.SDH),
        ("English (SDH)", "en", SubtitleKind.SDH),
        ("English [CC]", "en", SubtitleKind.SDH),
        ("English (Forced)", "en", SubtitleKind.FORCED),
        ("Chinese (Simplified) (SDH)", "zh-Hans", SubtitleKind.SDH),
        ("2_English", "en", SubtitleKind.FULL),
        ("3_eng_sdh", "en", SubtitleKind.SDH),
        ("eng-forced-default", "en", SubtitleKind.FORCED),
        # ISO 639-2, bibliographic and terminological.
        *((code, "cs", SubtitleKind.FULL) for code in ("cze", "ces", "cz")),
        *((code, "nl", SubtitleKind.FULL) for code in ("dut", "nld")),
        *((code, "el", SubtitleKind.FULL) for code in ("gre", "ell", "gr")),
        *((code, "sk", SubtitleKind.FULL) for code in ("slo", "slk")),
        *((code, "fa", SubtitleKind.FULL) for code in ("per", "fas")),
        *((code, "ro", SubtitleKind.FULL) for code in ("rum", "ron")),
        # Codes of countries that are no codes of languages.
        ("jp", "ja", SubtitleKind.FULL),
        ("ua", "uk", SubtitleKind.FULL),
        ("dk", "da", SubtitleKind.FULL),
        ("vn", "vi", SubtitleKind.FULL),
        ("cn", "zh-Hans", SubtitleKind.FULL),
        ("ptbr", "pt-BR", SubtitleKind.FULL),
        ("zh-CN", "zh-CN", SubtitleKind.FULL),
        ("zh-yue", "yue", SubtitleKind.FULL),
        # And those that are: a server reads them so, whatever was meant.
        ("se", "se", SubtitleKind.FULL),
        ("br", "br", SubtitleKind.FULL),
    ],
)
def test_what_other_tools_write_is_understood(
    words: str, tag: str | None, kind: SubtitleKind
) -> None:
    parsed = parse_sidecar_name("Film.mkv", f"Film.{words}.srt")
    assert parsed == SidecarName(Language(tag) if tag else None, kind, "srt")


@pytest.mark.parametrize(
    "word", ["non-forced", "Signs (forced)", "2_more", "cc-by", "by hi", "-hi", "(sdh)"]
)
def test_a_flag_beside_a_word_that_is_no_language_is_a_title(word: str) -> None:
    assert parse_sidecar_name("Film.mkv", f"Film.es.{word}.srt") == SidecarName(
        Language("es"), SubtitleKind.FULL, "srt", word
    )
