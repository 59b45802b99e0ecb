"""A text with few letters outside ASCII, or in code pages of old systems: right or refused."""

from __future__ import annotations

from itertools import pairwise

import pytest

from subtitled.plugin import InputRejectedError, Language
from subtitled.subtitles.encodings import decode_bytes
from subtitled.subtitles.encodings.signs import breaks_case, rate_sign
from support.dialogue import lines_of, make_srt

ENGLISH = (
    "You said you would be here by nine.",
    "I know, the train was late again.",
    "Did you bring the money with you?",
    "Then go and get it before they come.",
    "We can not stay in this town another day.",
)
NAMED_OR_NOT = pytest.mark.parametrize("named", ["en", None])


@NAMED_OR_NOT
@pytest.mark.parametrize("page", ["cp1252", "mac_roman"])
@pytest.mark.parametrize(
    "line",
    [
        "We met at the café.",
        "A naïve résumé, señor.",
        "That costs £5.",
        "It is 40° outside.",
        "© 2011 Firefly",
        "I’m sure you’d say so.",
        "Well… I never said “no”.",
        "Wait — what?",
    ],
)
def test_one_line_with_signs_or_foreign_letters_among_english_ones(
    line: str, page: str, named: str | None
) -> None:
    text = make_srt([*ENGLISH, line])
    try:
        decoded = decode_bytes(text.encode(page), Language(named) if named else None)
    except InputRejectedError:
        # A degree sign of a Mac may be any of several signs.
        assert page == "mac_roman" and "°" in line
    else:
        assert decoded.text == text


def test_an_ellipsis_alone_is_no_letter() -> None:
    text = make_srt(["Well… I never"])
    assert decode_bytes(text.encode("cp1252"), Language("en")).text == text


@NAMED_OR_NOT
@pytest.mark.parametrize(
    ("line", "page"), [("Wałęsa and Kieślowski", "cp1250"), ("Привет, товарищ.", "cp1251")]
)
def test_names_and_lines_of_another_language_keep_their_letters(
    line: str, page: str, named: str | None
) -> None:
    text = make_srt([*ENGLISH, line, line])
    assert decode_bytes(text.encode(page), Language(named) if named else None).text == text


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize(
    ("language", "page"),
    [("pl", "mac_latin2"), ("cs", "mac_latin2"), ("ru", "mac_cyrillic"), ("el", "cp737")],
)
def test_code_pages_of_old_systems_are_read(language: str, page: str, is_named: bool) -> None:
    text = make_srt(lines_of(language) * 3)
    data = text.encode(page)
    assert decode_bytes(data, Language(language) if is_named else None).text == text


@pytest.mark.parametrize("page", ["cp850", "mac_roman", "cp1252"])
@pytest.mark.parametrize("language", ["de", "fr", "es", "sv"])
def test_western_text_of_dos_and_mac_is_read(language: str, page: str) -> None:
    text = make_srt(lines_of(language) * 3)
    try:
        data = text.encode(page)
    except UnicodeEncodeError:
        pytest.skip("the code page lacks a letter")
    assert decode_bytes(data, Language(language)).text == text


@pytest.mark.parametrize("page", ["cp1250", "cp1252"])
@pytest.mark.parametrize("named", ["sq", "en", None])
def test_a_letter_that_many_code_pages_have_is_that_of_the_texts_language(
    page: str, named: str | None
) -> None:
    text = make_srt(["Ku ishe gjithë natën?", "Të thashë që duhej të punoja, më beso."] * 3)
    assert decode_bytes(text.encode(page), Language(named) if named else None).text == text


def test_capitals_are_read_as_small_letters_are() -> None:
    for language, page in (("el", "cp1253"), ("sl", "iso8859_2"), ("cs", "iso8859_2")):
        lines = lines_of(language) if language != "el" else ["Που ήσουν όλη τη νύχτα;"] * 8
        text = make_srt([line.upper() for line in lines])
        assert decode_bytes(text.encode(page), Language(language)).text == text


CAPITALS = {
    "pl": "CZEKAŁAM NA CIEBIE DWIE GODZINY!|PROSZĘ, ZAMKNIJ DRZWI I USIĄDŹ.",
    "cs": "ČEKALA JSEM NA TEBE DVĚ HODINY!|PŘÍSAHÁM, ŽE TO NEBYLA MOJE CHYBA.",
    "sk": "ČAKALA SOM NA TEBA DVE HODINY!|PROSÍM ŤA, ZAVRI DVERE A SADNI SI.",
    "hu": "KÉT ÓRÁJA VÁROK RÁD, TUDOD?|ŐSZINTÉN SZÓLVA FÁRADT VAGYOK.",
    "ro": "TE-AM AŞTEPTAT DOUĂ ORE!|MÂINE DIMINEAŢĂ SĂ VII LA MINE.",
    "hr": "ČEKALA SAM TE DVA SATA!|MOLIM TE, ZATVORI VRATA I SJEDNI.|NE ŽELIM RAZGOVARATI O TOME.",
    "ru": "Я ЖДАЛА ТЕБЯ ДВА ЧАСА!|ЗАВТРА УТРОМ ПРИЕЗЖАЙ КО МНЕ.",
    "uk": "Я ЧЕКАЛА НА ТЕБЕ ДВІ ГОДИНИ!|ЗАВТРА ВРАНЦІ ПРИЇЖДЖАЙ ДО МЕНЕ.",
    "el": "ΔΕΝ ΞΕΡΩ ΤΙ ΝΑ ΣΟΥ ΠΩ.|ΑΥΡΙΟ ΤΟ ΠΡΩΙ ΕΛΑ ΣΕ ΜΕΝΑ.",
}
PAGES_OF_CAPITALS = {
    "pl cs sk hu hr": "cp1250 iso8859_2 cp852 mac_latin2",
    "ro": "cp1250 iso8859_2 cp852",
    "ru": "cp1251 koi8_r cp866 iso8859_5 mac_cyrillic",
    "uk": "cp1251 koi8_u cp1125 mac_cyrillic",
    "el": "cp1253 iso8859_7 cp737 mac_greek",
}


@pytest.mark.parametrize("named", ["cs", "pl", "en", "", "own"])
@pytest.mark.parametrize(
    ("language", "page"),
    [
        (language, page)
        for languages, pages in PAGES_OF_CAPITALS.items()
        for language in languages.split()
        for page in pages.split()
    ],
)
def test_one_cue_of_capitals_is_right_or_refused(language: str, page: str, named: str) -> None:
    name = language if named == "own" else named
    for line in CAPITALS[language].split("|"):
        text = make_srt([line])
        try:
            decoded = decode_bytes(text.encode(page), Language(name) if name else None)
        except InputRejectedError:
            continue
        assert decoded.text == text


@pytest.mark.parametrize(
    ("around", "rating"),
    [
        ("d’a", 1), ("o“k", -1), (" “a", 1), ("f‚.", -1), (" „a", 1), ("s±a", -1), ("a… ", 1),
        (" ¿q", 1), ("n¿a", -1), ("l·l", 0), ("e·a", -1), ("0° ", 0), ("e©?", -1), ("┴╫╘", -1),
        ("\n‰e", -1), ("5‰ ", 0),
    ],
)  # fmt: skip
def test_a_sign_is_rated_by_its_place(around: str, rating: int) -> None:
    assert rate_sign(*around) == rating


@pytest.mark.parametrize(
    ("around", "is_broken"), [("uÕd", True), ("аЯ ", True), (" Él", False), ("ÀÉÀ", False)]
)
def test_a_capital_behind_a_small_letter_breaks_a_word(around: str, is_broken: bool) -> None:
    assert breaks_case(*around) is is_broken


_LINES = {
    "sk": ("že je to tu", "prečo nie", "už idem", "ľúbim ťa"),
    "cs": ("že je to tady", "proč ne", "už jdu", "mám tě rád"),
    "pl": ("że to ja", "już idę", "śpij"),
    "hu": ("őszinte vagyok", "jó reggelt", "így van"),
    "hr": ("što je to", "čekaj me", "đavo"),
    "el": ("γεια σου φίλε", "πού είσαι", "ναι, έρχομαι"),
    "ro": ("ce faci aşa", "şi tu ţi-ai luat"),
    "tr": ("nasılsın şimdi", "çok iyi değil"),
}
_PAGES = {
    "el": ("iso8859_7", "cp1253", "mac_greek", "cp737"),
    "tr": ("iso8859_9", "cp1254", "cp857"),
}
_CENTRAL = ("iso8859_2", "cp1250", "cp852", "mac_latin2")


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize(
    ("language", "page"),
    [(language, page) for language in _LINES for page in _PAGES.get(language, _CENTRAL)],
)
def test_one_or_two_short_cues_are_right_or_refused(
    language: str, page: str, is_named: bool
) -> None:
    lines = _LINES[language]
    for said in [*([line] for line in lines), *map(list, pairwise(lines))]:
        text = make_srt(said)
        try:
            data = text.encode(page)
        except UnicodeEncodeError:
            continue
        try:
            decoded = decode_bytes(data, Language(language) if is_named else None)
        except InputRejectedError:
            continue
        assert decoded.text == text


def test_greek_of_a_mac_is_read() -> None:
    text = make_srt(lines_of("el") * 3)
    for named in (Language("el"), None):
        assert decode_bytes(text.encode("mac_greek"), named).text == text


@NAMED_OR_NOT
@pytest.mark.parametrize("line", ["Well… I never", "I don’t know", "Gone… They’re gone"])
def test_ellipses_and_apostrophes_alone_are_no_doubt(line: str, named: str | None) -> None:
    text = make_srt([line])
    try:
        decoded = decode_bytes(text.encode("cp1252"), Language(named) if named else None)
    except InputRejectedError:
        assert named is None
    else:
        assert decoded.text == text
