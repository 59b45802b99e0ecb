"""Words in file names that look like languages, and vice versa."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.media.marks import Mark
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.filenames import (
    SidecarName,
    parse_sidecar_name,
)
from subtitled.subtitles.language_tokens import parse_language_token


@pytest.mark.parametrize(
    "word", ["dub", "sub", "cut", "avi", "mkv", "www", "the", "Even", "Mono", "Latin American"]
)
def test_a_word_that_is_an_obscure_code_is_a_title(word: str) -> None:
    assert parse_sidecar_name("Film.mkv", f"Film.{word}.srt") == SidecarName(
        language=None, kind=SubtitleKind.FULL, format="srt", title=word
    )
    beside = parse_sidecar_name("Film.mkv", f"Film.en.{word}.srt")
    assert beside is not None
    assert beside.language == "en"


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        # Folders of releases put the region before the language.
        ("Subs/Latin American.spa.srt", "es-419"),
        ("Subs/European.spa.srt", "es-ES"),
        ("Subs/Brazilian.por.srt", "pt-BR"),
        ("Subs/Canadian.fre.srt", "fr-CA"),
        ("Subs/Simplified.chi.srt", "zh-Hans"),
        ("Subs/Traditional.chi.srt", "zh-Hant"),
        ("Subs/Hong Kong.chi.srt", "zh-HK"),
        ("Subs/3_eng,English [SDH].srt", "en"),
        ("Film.Director.fre.srt", "fr"),
        ("Film.Swedish.en.srt", "en"),
        # Blanks, and copies of a file
        ("Film. English.srt", "en"),
        ("Film.en .srt", "en"),
        ("Film.en (1).srt", "en"),
        ("Film.English (2).srt", "en"),
        # Bazarr, fans and French releases
        ("Film.sc.ass", "zh-Hans"),
        ("Film.tc.ass", "zh-Hant"),
        ("Film.zt.srt", "zh-Hant"),
        ("Film.ea.srt", "es-419"),
        ("Film.VFQ.srt", "fr-CA"),
        ("Film.CHS_JPN.ass", "zh-Hans"),
        ("Film.jptc.ass", "zh-Hant"),
    ],
)
def test_a_language_is_read_as_releases_and_other_programs_write_it(name: str, tag: str) -> None:
    parsed = parse_sidecar_name("Film.mkv", name)
    assert parsed is not None
    assert parsed.language == tag


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Subs/3_eng,English [SDH].srt", SubtitleKind.SDH),
        ("Subs/4_eng,English (Forced).srt", SubtitleKind.FORCED),
        ("Subs/5_eng,English.srt", SubtitleKind.FULL),
    ],
)
def test_the_title_of_an_extracted_track_says_what_it_is(name: str, kind: SubtitleKind) -> None:
    parsed = parse_sidecar_name("Film.mkv", name)
    assert parsed is not None
    assert parsed.kind is kind


@pytest.mark.parametrize("name", ["CHS_JPN", "chs-jpn", "jpsc", "chs&jpn"])
def test_a_pair_of_languages_in_one_word_is_bilingual(name: str) -> None:
    parsed = parse_sidecar_name("Film.mkv", f"Film.{name}.ass")
    assert parsed is not None
    assert (parsed.language, parsed.secondary) == ("zh-Hans", "ja")


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
        language=parse_sidecar_name("F.mkv", "F.hin.srt").language,  # type: ignore[union-attr]
        kind=SubtitleKind.SDH,
        format="srt",
        title="",
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
        ("track3_[eng]", "en", SubtitleKind.FULL),
        ("und", None, SubtitleKind.FULL),
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
    assert parsed == SidecarName(language=Language(tag) if tag else None, kind=kind, format="srt")


@pytest.mark.parametrize("word", ["non-forced", "2_more", "cc-by", "by hi", "-hi", "(hi"])
def test_a_flag_beside_a_word_that_is_no_language_is_a_title(word: str) -> None:
    assert parse_sidecar_name("Film.mkv", f"Film.es.{word}.srt") == SidecarName(
        language=Language("es"), kind=SubtitleKind.FULL, format="srt", title=word
    )


@pytest.mark.parametrize(
    ("word", "tag"),
    [
        # In the product's own words, taken for English once.
        ("Bengali", "bn"),
        ("Farsi", "fa"),
        ("日本語", "ja"),
        ("简体", "zh-Hans"),
        ("简体中文", "zh-Hans"),
        ("English (US)", "en-US"),
        ("Portuguese (Brazilian)", "pt-BR"),
        ("Castilian", "es"),
        ("Moldavian", "ro"),
        ("简", "zh-Hans"),
        ("hans", "zh-Hans"),
        ("gb", "zh-Hans"),
        ("繁體", "zh-Hant"),
        ("繁体", "zh-Hant"),
        ("hant", "zh-Hant"),
        ("big5", "zh-Hant"),
        ("de-CH-Latn", "de-Latn-CH"),
        ("fra-FR-Latn", "fr-Latn-FR"),
        # Their neighbours.
        ("English (UK)", "en-GB"),
        ("English-GB", "en-GB"),
        ("English US", "en-US"),
        ("en_US", "en-US"),
        ("French (Canadian)", "fr-CA"),
        ("Canadian French", "fr-CA"),
        ("Spanish (Latin America)", "es-419"),
        ("Spanish - Latin America", "es-419"),
        ("Latin American Spanish", "es-419"),
        ("European Portuguese", "pt-PT"),
        ("Serbian (Latin)", "sr-Latn"),
        ("Serbian Cyrillic", "sr-Cyrl"),
        ("Chinese [Simplified]", "zh-Hans"),
        ("Chinese (Traditional)", "zh-Hant"),
        ("中文（繁體）", "zh-Hant"),
        ("英文", "en"),
        ("한국어", "ko"),
        ("Русский", "ru"),
        ("Ελληνικά", "el"),
        ("العربية", "ar"),
        ("ไทย", "th"),
        ("Norwegian Bokmål", "nb"),
        ("Slovene", "sl"),
        ("Burmese", "my"),
        ("Bahasa Indonesia", "id"),
        ("[en]", "en"),
        ("(English)", "en"),
        ("[pt-BR]", "pt-BR"),
        ("हिन्दी", "hi"),
        ("عربي", "ar"),
        ("简体中文字幕", "zh-Hans"),
        ("es-la", "es-419"),
        ("VOSTFR", "fr"),
        # Words of Sonarr's and Bazarr's tables of languages.
        ("Flemish", "nl-BE"),
        ("Haitian Creole", "ht"),
        ("Persian", "fa"),
        ("Uzbek", "uz"),
        ("Tagalog", "fil"),
        ("Azerbaijani", "az"),
        ("Brazilian", "pt-BR"),
        ("pt-br", "pt-BR"),
        ("pob", "pt-BR"),
        ("zht", "zh-Hant"),
        ("ea", "es-419"),
        ("spl", "es-419"),
        ("zh-TW", "zh-TW"),
        ("zh-Hant", "zh-Hant"),
        ("iw", "he"),
        ("mo", "ro"),
    ],
)
def test_names_and_codes_of_languages_are_understood(word: str, tag: str) -> None:
    assert parse_language_token(word) == Language(tag)


@pytest.mark.parametrize(
    "word",
    "Extended Proper Open More Final Uncut 1080p S01E01 BluRay Signs Songs Commentary Latin-x "
    "AMZN H.264 Full Complete Group-YTS".split(),
)
def test_words_of_releases_are_no_languages(word: str) -> None:
    assert parse_language_token(word) is None


@pytest.mark.parametrize(
    ("words", "tag", "kind"),
    [
        ("[hi].en", "en", SubtitleKind.SDH),
        ("en.[hi]", "en", SubtitleKind.SDH),
        ("(sdh).en", "en", SubtitleKind.SDH),
        ("[CC].en", "en", SubtitleKind.SDH),
        ("hu.[fo]", "hu", SubtitleKind.FORCED),
        ("hu.[forced]", "hu", SubtitleKind.FORCED),
        ("fo", "fo", SubtitleKind.FULL),
        ("en.embedded-forced", "en", SubtitleKind.FORCED),
        ("embedded-forced.en", "en", SubtitleKind.FORCED),
        ("en.embedded", "en", SubtitleKind.FULL),
        ("简体.hi", "zh-Hans", SubtitleKind.SDH),
        ("日本語.forced", "ja", SubtitleKind.FORCED),
        ("English (US).sdh", "en-US", SubtitleKind.SDH),
        ("en.hearing impaired", "en", SubtitleKind.SDH),
    ],
)
def test_flags_are_understood_in_brackets_and_in_words(
    words: str, tag: str, kind: SubtitleKind
) -> None:
    parsed = parse_sidecar_name("Film.mkv", f"Film.{words}.srt")
    assert parsed is not None
    assert (parsed.language, parsed.kind) == (Language(tag), kind)


@pytest.mark.parametrize(
    ("words", "mark"),
    [
        ("Director's Commentary.en", Mark.COMMENTARY),
        ("en.commentary", Mark.COMMENTARY),
        ("en.Signs & Songs", Mark.SIGNS),
        ("Signs.en", Mark.SIGNS),
        ("en.Lyrics", Mark.LYRICS),
        ("en.Karaoke", Mark.KARAOKE),
        ("Partial.en", Mark.PARTIAL),
    ],
)
def test_title_marks_a_text_as_partial(words: str, mark: Mark) -> None:
    parsed = parse_sidecar_name("Film.mkv", f"Film.{words}.srt")
    assert parsed is not None
    assert parsed.language == "en"
    assert mark in parsed.marks


@pytest.mark.parametrize("words", ["Director's Cut.en", "en.Extended", "en.Full", "2.en"])
def test_other_titles_do_not_mark_a_text(words: str) -> None:
    parsed = parse_sidecar_name("Film.mkv", f"Film.{words}.srt")
    assert parsed is not None
    assert parsed.marks == frozenset()


@pytest.mark.parametrize(
    ("words", "pair"),
    [("chs&eng", ("zh-Hans", "en")), ("en+es", ("en", "es")), ("简英", ("zh-Hans", "en"))],
)
def test_two_languages_in_one_word_are_a_bilingual_subtitle(
    words: str, pair: tuple[str, str]
) -> None:
    parsed = parse_sidecar_name("Film.mkv", f"Film.{words}.ass")
    assert parsed is not None
    assert (parsed.language, parsed.secondary) == pair


@pytest.mark.parametrize("extension", ["sami", "dfxp", "mks", "smi", "SRT"])
def test_rarer_formats_are_subtitles(extension: str) -> None:
    parsed = parse_sidecar_name("Film.mkv", f"Film.en.{extension}")
    assert parsed is not None
    assert parsed.language == "en"
