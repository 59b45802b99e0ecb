"""Texts that another program saved in wrong letters, or in two encodings."""

from __future__ import annotations

import pytest

from subtitled.plugin import Language
from subtitled.subtitles.encodings import decode_bytes
from support.dialogue import DIALOGUE, lines_of, make_srt

LATIN = "latin_1"
WESTERN = "sloppy-windows-1252"


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize(
    ("language", "page", "misread"),
    [
        ("ru", "cp1251", LATIN),
        ("ru", "cp1251", WESTERN),
        ("ru", "koi8_r", "cp1251"),
        ("uk", "cp1251", WESTERN),
        ("bg", "cp1251", LATIN),
        ("pl", "cp1250", WESTERN),
        ("pl", "cp1250", LATIN),
        ("cs", "cp1250", WESTERN),
        ("tr", "cp1254", WESTERN),
        ("el", "cp1253", WESTERN),
        ("he", "cp1255", WESTERN),
        ("ar", "cp1256", WESTERN),
        ("zh-Hans", "gb18030", LATIN),
        ("ko", "cp949", LATIN),
    ],
)
def test_a_code_page_that_was_read_as_another_one_is_repaired(
    language: str, page: str, misread: str, is_named: bool
) -> None:
    text = make_srt(lines_of(language) * 2)
    garbled = text.encode(page).decode(misread)
    assert garbled != text
    decoded = decode_bytes(garbled.encode(), Language(language) if is_named else None)
    assert (decoded.text, decoded.was_garbled) == (text, True)


@pytest.mark.parametrize("named", [None, "en", "ru", "pl"])
@pytest.mark.parametrize("language", DIALOGUE)
def test_a_good_text_keeps_its_letters_whatever_its_name_says(
    language: str, named: str | None
) -> None:
    for lines in (lines_of(language)[:3], [line.upper() for line in lines_of(language)]):
        text = make_srt(lines)
        assert decode_bytes(text.encode(), Language(named) if named else None).text == text


def test_lines_of_a_translator_in_another_encoding_are_read_by_themselves() -> None:
    text = make_srt(lines_of("ru") * 5)
    credit = "99\n00:09:01,000 --> 00:09:02,000\nПеревод для друзей\n"
    for data in (text.encode() + credit.encode("cp1251"), credit.encode("cp1251") + text.encode()):
        decoded = decode_bytes(data, Language("ru"))
        assert "Перевод для друзей" in decoded.text
        assert decoded.broken_count == 0


def test_emoji_in_halves_do_not_lose_the_text() -> None:
    data = make_srt(["Hello", "World"]).encode() + b"1\n" + b"\xed\xa0\xbd\xed\xb8\x80"
    assert decode_bytes(data).text.endswith("\U0001f600")


def test_chinese_in_hz_is_read_and_braces_with_tildes_are_kept() -> None:
    text = make_srt(lines_of("zh-Hans"))
    assert decode_bytes(text.encode("hz")).text == text
    plain = make_srt(["~{ wave ~", "a ~} b"])
    assert decode_bytes(plain.encode()).text == plain
