"""Letters of a text are right, or the text is refused."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import InputRejectedError, Language
from subtitled.subtitles.encodings import decode_bytes, decode_text
from support.dialogue import CODE_PAGES, DIALOGUE, encode, lines_of, make_srt, spell

UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize(("language", "encoding"), CODE_PAGES)
def test_dialogue_in_each_code_page_gets_its_own_letters(
    language: str, encoding: str, is_named: bool
) -> None:
    text = spell(make_srt(lines_of(language) * 3), encoding)
    stated = Language(language) if is_named else None
    assert decode_text(encode(text, encoding), stated) == text


@pytest.mark.parametrize("language", DIALOGUE)
@pytest.mark.parametrize("encoding", UNICODE)
def test_unicode_is_read_with_and_without_a_mark(language: str, encoding: str) -> None:
    text = make_srt(lines_of(language))
    data = text.encode(encoding)
    if encoding == "utf-16-le":
        assert decode_text(b"\xff\xfe" + data) == text
    assert decode_text(data) == text


@pytest.mark.parametrize(("language", "encoding"), CODE_PAGES)
def test_a_wrong_name_never_makes_wrong_letters(language: str, encoding: str) -> None:
    text = spell(make_srt(lines_of(language) * 2), encoding)
    for named in ("en", "pl", "ru", "tr", "zh-Hans", "ja", "fr", "el", "ar", "sr", "vi"):
        try:
            decoded = decode_text(encode(text, encoding), Language(named))
        except InputRejectedError:
            continue
        assert decoded == text, named


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CODE_PAGES), st.integers(2, 30), st.randoms(use_true_random=False))
def test_a_text_of_any_length_is_right_or_refused(
    written: tuple[str, str], count: int, chance: random.Random
) -> None:
    language, encoding = written
    text = spell(make_srt([chance.choice(lines_of(language)) for _ in range(count)]), encoding)
    try:
        decoded = decode_text(encode(text, encoding), Language(language))
    except InputRejectedError:
        return
    assert decoded == text


@pytest.mark.parametrize("language", ["fr", "pl", "ru", "ja", "de"])
def test_utf_8_with_a_few_broken_bytes_keeps_its_letters(language: str) -> None:
    text = make_srt(lines_of(language) * 20)
    data = bytearray(text.encode())
    places = [at for at, byte in enumerate(data) if byte >= 0xC0]
    for at in (places[10], places[len(places) // 2]):
        data[at + 1] = 0x20
    decoded = decode_bytes(bytes(data))
    assert decoded.encoding == "utf-8"
    assert 1 <= decoded.broken_count <= 6
    lines = list(zip(text.split("\n"), decoded.text.split("\n"), strict=True))
    assert sum(right != read for right, read in lines) <= 2


@pytest.mark.parametrize("page", ["cp1252", "cp1250", "latin_1"])
@pytest.mark.parametrize("language", ["fr", "es", "de", "sv"])
def test_utf_8_that_was_read_in_a_code_page_and_saved_again_is_repaired(
    language: str, page: str
) -> None:
    text = make_srt(lines_of(language) * 3)
    try:
        garbled = text.encode().decode(page)
    except UnicodeDecodeError:
        pytest.skip("the code page has no such bytes")
    decoded = decode_bytes(garbled.encode())
    assert decoded.text == text
    assert decoded.was_garbled


@pytest.mark.parametrize("language", DIALOGUE)
def test_a_good_text_is_not_repaired(language: str) -> None:
    assert not decode_bytes(make_srt(lines_of(language) * 3).encode()).was_garbled


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"\n  <html lang='en'><head>", "web page"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(range(256)), "RAR"),
        (b"PK\x03\x04\x14\x00" + bytes(range(256)), "ZIP"),
        (bytes(range(256)) * 4, "no text"),
        (b"\x7fELF\x02\x01\x01", "program"),
        (make_srt(["Gdzie by?e? przez ca?? noc, ch?opcze?"] * 20).encode(), "question marks"),
        (make_srt(["\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd"] * 20).encode(), "lost"),
        (random.Random(5).randbytes(4000).replace(b"\0", b"x"), "encoding"),
    ],
)
def test_what_is_no_text_or_lost_its_letters_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InputRejectedError, match=reason):
        decode_text(data)


@given(st.binary(max_size=400), st.sampled_from([None, "pl", "ja", "ru"]))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_a_text_or_refused(data: bytes, named: str | None) -> None:
    try:
        assert "\0" not in decode_text(data, Language(named) if named else None)
    except InputRejectedError as error:
        assert str(error)
