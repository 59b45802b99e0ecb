"""EBU STL: letters, timecode, blocks, read back by us and by ttconv."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ttconv.srt import writer as srt_writer  # type: ignore[import-untyped]
from ttconv.stl import reader as stl_reader  # type: ignore[import-untyped]

from subtitled.media.timecode import StartTimecode, TimecodeError, TimecodeRate, parse_timecode
from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle
from subtitled.subtitles.broadcast import ebu_stl
from subtitled.subtitles.broadcast.stl_letters import LATIN, TABLES, LetterError, choose_table

TODAY = date(2026, 11, 30)
TEN = StartTimecode(*parse_timecode("10:00:00:00", 25))


def _subtitle(*texts: str, language: str = "de") -> Subtitle:
    cues = tuple(Cue(2.0 * n, 2.0 * n + 1.5, text) for n, text in enumerate(texts))
    return Subtitle(language=Language(language), cues=cues, title="Größe")


def _read_by_ttconv(data: bytes) -> str:
    return str(srt_writer.from_model(stl_reader.to_model(io.BytesIO(data))))


@pytest.mark.parametrize(
    ("language", "text", "table"),
    [
        ("de", "Grüße aus Łódź, Škoda", "00"),
        ("ro", "Știință și țară", "00"),
        ("fr", "« Œuvre d’été » à 3½ £", "00"),
        ("ru", "Привет, мир", "01"),
        ("ar", "مرحبا", "02"),
        ("el", "Γειά σου, Κόσμε", "03"),
        ("he", "שלום עולם", "04"),
    ],
)
def test_each_script_has_its_table_and_another_program_reads_it(
    language: str, text: str, table: str
) -> None:
    data = ebu_stl.write(_subtitle(text, language=language), TEN, TODAY)
    assert data[12:14].decode() == table
    read = _read_by_ttconv(data)
    expected = text.translate(str.maketrans("ȘșȚț’«»", "ŞşŢţ’«»"))
    assert expected in read
    assert "10:00:00,000 --> 10:00:01,520" in read


@pytest.mark.parametrize("text", ["日本", "Привет ελληνικά", "Ḥasan", "😀", "ひ"])
def test_a_letter_that_no_table_has_refuses_the_file_by_its_name(text: str) -> None:
    with pytest.raises(LetterError, match=r"U\+[0-9A-F]{4,5} [a-z]") as refused:
        ebu_stl.write(_subtitle("Hallo", text), TEN, TODAY)
    assert "ebu-tt-d" in refused.value.hint


def test_typographic_signs_are_written_in_others_and_no_letter_is() -> None:
    subtitle = _subtitle("„Ja“ – nein … ‚doch‘\u200b")
    (cue,) = ebu_stl.representable(subtitle, TEN)
    assert cue.text == '"Ja“ - nein ... ,doch‘'


@settings(max_examples=25)
@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1))
def test_what_a_table_encodes_it_decodes(text: str) -> None:
    for table in TABLES:
        if not table.missing(text):
            decoded = table.decode(table.encode(text))
            assert table.encode(decoded) == table.encode(text)


def test_every_accented_letter_of_europe_is_in_the_latin_table() -> None:
    letters = "".join(map(chr, range(0xC0, 0x180)))
    composed = [c for c in letters if c not in "Ð×÷ſŉ"]
    assert LATIN.missing("".join(composed)) == ""
    for letter in composed:
        assert LATIN.decode(LATIN.encode(letter)) == unicodedata.normalize("NFC", letter)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 80_000),
            st.floats(0.01, 20),
            st.from_regex(
                re.compile(r"[A-Za-z][a-zéüŠ ]{0,80}[a-z](\n[a-z][a-z ]{0,80}[a-z])?"),
                fullmatch=True,
            ),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001)]),
)
def test_a_file_reads_back_as_it_was_written(
    cues: list[tuple[float, float, str]], fps: Fraction
) -> None:
    subtitle = Subtitle(
        language=Language("de"),
        cues=tuple(Cue(start, start + length, text) for start, length, text in cues),
    )
    start = StartTimecode(1000, TimecodeRate(fps))
    written = ebu_stl.write(subtitle, start, TODAY)
    assert len(written) % 128 == 0
    read_start, read_cues = ebu_stl.read(written)
    assert (read_start.frame, read_cues) == (1000, ebu_stl.representable(subtitle, start))
    for cue, read in zip(subtitle.cues, read_cues, strict=True):
        assert abs(read.start - cue.start) <= 0.5 / float(fps) + 1e-6


def test_a_long_text_goes_on_in_more_blocks_and_no_letter_is_cut() -> None:
    text = "é" * 90 + "\n" + "ü" * 90
    data = ebu_stl.write(_subtitle(text, "kurz"), TEN, TODAY)
    assert (len(data) - 1024) // 128 == 5
    assert data[238:248] == b"0000500002"
    assert ebu_stl.read(data)[1][0].text == text
    assert "é" * 90 in _read_by_ttconv(data)


def test_italics_and_rows_survive() -> None:
    text = "Ich sagte <i>nein,\nnie</i> wieder"
    data = ebu_stl.write(_subtitle(text), TEN, TODAY)
    assert ebu_stl.read(data)[1][0].text.replace("</i>\n<i>", "\n") == text
    assert "<i>" in _read_by_ttconv(data)


def test_drop_frame_labels_are_those_of_the_medium() -> None:
    start = StartTimecode(*parse_timecode("00:59:59;28", Fraction(30000, 1001)))
    data = ebu_stl.write(_subtitle("a", "b"), start, TODAY)
    assert data[3:11] == b"STL30.01"
    assert data[1024 + 5 : 1024 + 9] == bytes([0, 59, 59, 28])
    assert ebu_stl.read(data, is_drop_frame=True)[1] == ebu_stl.representable(
        _subtitle("a", "b"), start
    )


@pytest.mark.parametrize(
    ("rate", "code"), [(50, b"STL25.01"), (Fraction(60000, 1001), b"STL30.01")]
)
def test_high_frame_rates_count_every_second_frame(rate: Fraction, code: bytes) -> None:
    start = StartTimecode(*parse_timecode("01:00:00:10", rate))
    data = ebu_stl.write(_subtitle("a"), start, TODAY)
    assert data[3:11] == code
    assert data[1024 + 5 : 1024 + 9] == bytes([1, 0, 0, 5])


def test_a_rate_or_a_row_that_the_format_lacks_is_refused_with_a_cure() -> None:
    with pytest.raises(TimecodeError) as rate:
        ebu_stl.write(_subtitle("a"), StartTimecode(0, TimecodeRate(Fraction(12))), TODAY)
    assert "--rate" in rate.value.hint
    with pytest.raises(InputRejectedError, match="cue 2 has 1 rows, the longest of 100 letters"):
        ebu_stl.write(_subtitle("a", "x" * 100), TEN, TODAY)


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tail: bytes) -> None:
    whole = ebu_stl.write(_subtitle("a"), TEN, TODAY)
    for data in (tail, whole[:1024] + tail, whole[:200] + tail + whole[200 + len(tail) :]):
        try:
            ebu_stl.read(data)
        except InputRejectedError as error:
            assert error.hint


def test_the_table_is_chosen_once_for_all_cues() -> None:
    assert choose_table(["abc", "где"]).code == "01"
    assert choose_table([]).code == "00"
