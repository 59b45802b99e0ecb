"""Code pages of one script are told apart by the shares of the letters: right or refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from subtitled.plugin import InputRejectedError, Language
from subtitled.subtitles.encodings import decode_bytes
from support.dialogue import lines_of, make_srt

CYRILLIC = ("koi8_r", "koi8_u", "cp866", "cp1125", "iso8859_5", "cp1251", "mac_cyrillic")
GREEK = ("cp1253", "cp737", "iso8859_7")
PAGES = {
    "ru": CYRILLIC,
    "uk": CYRILLIC,
    "bg": CYRILLIC,
    "el": GREEK,
    "he": ("cp1255", "cp862"),
    "tr": ("cp1254", "iso8859_9", "cp857"),
    "pl": ("cp1250", "iso8859_2", "cp852"),
}
WRITTEN_IN = pytest.mark.parametrize(
    ("language", "page"), [(language, page) for language in PAGES for page in PAGES[language]]
)
CASES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "capitals": str.upper,
    "titles": str.title,
    "sentences": str,
}
IN_EACH_CASE = pytest.mark.parametrize("case", CASES)


def _encode(language: str, page: str, case: str, first: int, count: int) -> tuple[str, bytes]:
    lines = lines_of(language)
    chosen = [CASES[case](lines[(first + at) % len(lines)]) for at in range(count)]
    text = make_srt(chosen)
    try:
        data = text.encode(page)
    except UnicodeEncodeError:
        pytest.skip("the code page lacks a letter")
    if data.isascii():
        pytest.skip("the lines have letters of ASCII only")
    return text, data


@IN_EACH_CASE
@WRITTEN_IN
def test_a_text_of_some_length_with_the_right_name_keeps_its_letters(
    language: str, page: str, case: str
) -> None:
    text, data = _encode(language, page, case, 0, 30)
    assert decode_bytes(data, Language(language)).text == text


@pytest.mark.parametrize("named", ["bg", None])
@pytest.mark.parametrize("case", ["lower", "capitals", "titles"])
@WRITTEN_IN
def test_a_short_text_gets_its_own_letters_or_is_refused_whatever_its_name_says(
    language: str, page: str, case: str, named: str | None
) -> None:
    for first, count in ((0, 1), (4, 2)):
        text, data = _encode(language, page, case, first, count)
        try:
            decoded = decode_bytes(data, Language(named) if named else None)
        except InputRejectedError:
            continue
        assert decoded.text == text


def test_three_hundred_cues_in_capitals_keep_their_letters() -> None:
    for language, page in (("ru", "koi8_r"), ("uk", "koi8_u"), ("el", "cp737")):
        text, data = _encode(language, page, "capitals", 0, 300)
        assert decode_bytes(data, Language(language)).text == text


@pytest.mark.parametrize("named", ["ru", None])
@pytest.mark.parametrize("line", ["я", "я уже говорил, что не хочу"])
def test_a_line_in_which_the_case_of_one_letter_is_open_is_refused(
    line: str, named: str | None
) -> None:
    with pytest.raises(InputRejectedError, match="cannot be told"):
        decode_bytes(make_srt([line]).encode("mac_cyrillic"), Language(named) if named else None)


def test_capitals_of_koi8_that_were_read_as_windows_letters_are_repaired() -> None:
    text = make_srt([line.upper() for line in lines_of("ru") * 3])
    garbled = text.encode("koi8_r").decode("cp1251").encode()
    assert decode_bytes(garbled, Language("ru")).text == text
