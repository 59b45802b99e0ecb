"""Transcripts for people, as plain text and as documents of word processors."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from datetime import date

import docx
import pytest
from docx2python import docx2python
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.media.timecode import StartTimecode, parse_timecode
from subtitled.plugin import Language, Word
from subtitled.subtitles.ownership import ApprovalMark
from subtitled.transcripts import text_document, word_document
from subtitled.transcripts.documents import (
    Provenance,
    TranscriptDocument,
    group_paragraphs,
)

MADE_AT = time.mktime((2026, 11, 30, 12, 0, 0, 0, 0, -1))


def _words(text: str, start: float, speaker: str | None = None, sure: float = 0.9) -> list[Word]:
    """Return words of half a second each. One in brackets is doubtful."""
    return [
        Word(
            text=f" {part.replace('[', '').replace(']', '')}",
            start=start + n / 2,
            end=start + n / 2 + 0.4,
            confidence=0.3 if part.startswith("[") else sure,
            speaker=speaker,
        )
        for n, part in enumerate(text.split())
    ]


def _document(*sentences: list[Word], language: str = "en") -> TranscriptDocument:
    return TranscriptDocument(
        title="Ein Film",
        source="Ein Film.en.srt",
        media="Ein Film.mxf",
        language=Language(language),
        start=StartTimecode(*parse_timecode("10:00:00:00", 25)),
        duration=3725.0,
        provenance=Provenance(engine="whisper/base@1.0", made_at=MADE_AT),
        paragraphs=group_paragraphs(sentences),
        written_on=date(2026, 12, 1),
    )


DIALOGUE = _document(
    _words("Good evening and welcome.", 1.0, "Anna"),
    _words("Thank you, [Mister] [Xylophonides].", 4.0, "Ben"),
)


def test_a_paragraph_is_what_one_person_says_without_a_long_pause() -> None:
    sentences = [
        _words("One two.", 0.0, "Anna"),
        _words("Three four.", 1.2, "Anna"),
        _words("Five.", 2.5, "Ben"),
        _words("Six.", 9.0, "Ben"),
    ]
    paragraphs = group_paragraphs(sentences)
    texts = ["".join(run.text for run in paragraph.runs) for paragraph in paragraphs]
    assert texts == ["One two. Three four.", "Five.", "Six."]
    assert [(p.speaker, p.start) for p in paragraphs] == [("Anna", 0.0), ("Ben", 2.5), ("Ben", 9.0)]


def test_somebody_else_who_speaks_has_a_paragraph_with_a_dash_where_no_name_is_known() -> None:
    sentences = [_words("Who is it?", 0.0), _words("Me.", 1.6), _words("Come in.", 2.2)]
    document = replace(_document(), paragraphs=group_paragraphs(sentences, {0, 1}))
    blocks = text_document.write(document).decode().rstrip().split("\n\n")
    assert blocks[2:] == ["10:00:00:00  – Who is it?", "10:00:01:15  – Me. Come in."]
    last = docx.Document(io.BytesIO(word_document.write(document))).paragraphs[-1]
    assert last.text == "10:00:01:15\t– Me. Come in."


def test_half_a_minute_of_one_speaker_ends_with_a_sentence() -> None:
    sentences = [_words("a b c d e f g h i j.", 5.0 * n, "Anna") for n in range(20)]
    starts = [paragraph.start for paragraph in group_paragraphs(sentences)]
    assert starts == [0.0, 35.0, 70.0]


def test_plain_text_has_timecode_speaker_and_the_words_to_check() -> None:
    blocks = text_document.write(DIALOGUE).decode().split("\n\n")
    assert blocks[0] == "Ein Film"
    assert blocks[2:] == [
        "10:00:01:00  Anna: Good evening and welcome.",
        "10:00:04:00  Ben: Thank you, [Mister Xylophonides?].\n",
    ]


def test_a_doubtful_text_of_many_marks_takes_no_longer_than_its_length() -> None:
    text = "“a" + "!" * 300_000 + "b…”"
    document = _document([Word(text=text, start=0.0, end=1.0, confidence=0.1)])
    began = time.process_time()
    written = text_document.write(document).decode()
    assert time.process_time() - began < 10.0
    assert written.endswith("!b?]…”\n")
    assert "“[a!" in written


def test_the_header_says_who_made_the_text_when_and_who_approved_it() -> None:
    header = dict(DIALOGUE.header("marked"))
    assert header["Media"] == "Ein Film.mxf"
    assert header["Subtitle"] == "Ein Film.en.srt"
    assert header["Language"] == "English (en)"
    assert header["Duration"] == "01:02:05"
    assert header["Timecode"] == "begins at 10:00:00:00, 25 frames per second"
    assert header["Speech recognised by"] == "whisper/base@1.0"
    assert header["Made"] == "2026-11-30"
    assert header["Approved"] == "by nobody"
    assert header["Doubtful words"].startswith("2, marked")
    assert header["Transcript written"] == "2026-12-01"
    assert "Translated by" not in header


@pytest.mark.parametrize("is_changed", [False, True])
def test_an_approval_is_named_and_a_change_after_it_too(is_changed: bool) -> None:
    approved = ApprovalMark(by="Eva", at=MADE_AT, of="")
    provenance = replace(DIALOGUE.provenance, approved=approved, is_changed=is_changed)
    header = dict(replace(DIALOGUE, provenance=provenance).header("marked"))
    assert header["Approved"] == "by Eva on 2026-11-30" + "; changed since" * is_changed


def test_nothing_is_said_of_the_makers_of_a_text_of_others() -> None:
    unknown = replace(DIALOGUE, provenance=Provenance())
    names = {name for name, _ in unknown.header("marked")}
    assert not names & {"Speech recognised by", "Made", "Approved"}


def test_it_is_told_when_no_confidence_is_known() -> None:
    words = [replace(word, confidence=None) for word in _words("Hello there.", 0.0)]
    assert dict(_document(words).header("marked"))["Doubtful words"].startswith("not known")
    sure = dict(_document(_words("Hello there.", 0.0)).header("marked"))
    assert sure["Doubtful words"] == "none"


def test_without_timecode_a_paragraph_has_its_time() -> None:
    text = text_document.write(replace(DIALOGUE, start=None)).decode()
    assert "\n00:00:04  Ben: " in text
    assert "Timecode" not in text


def test_a_word_processor_shows_doubtful_words_highlighted() -> None:
    file = docx.Document(io.BytesIO(word_document.write(DIALOGUE)))
    last = file.paragraphs[-1]
    assert last.text == "10:00:04:00\tBen: Thank you, Mister Xylophonides."
    marked = [run.text for run in last.runs if run.font.highlight_color is not None]
    assert marked == ["Mister Xylophonides."]
    assert [run.text for run in last.runs if run.bold] == ["Ben: "]
    assert file.core_properties.title == "Ein Film"
    assert file.core_properties.language == "en"


def test_another_reader_finds_the_same_text_in_a_document() -> None:
    with docx2python(io.BytesIO(word_document.write(DIALOGUE))) as file:
        lines = [line for line in file.text.splitlines() if line]
    assert lines[0] == "Ein Film"
    assert "Speech recognised by: whisper/base@1.0" in lines
    assert lines[-1].split("\t") == ["10:00:04:00", "Ben: Thank you, Mister Xylophonides."]


def test_a_text_from_right_to_left_is_laid_out_so_in_a_document() -> None:
    file = docx.Document(
        io.BytesIO(word_document.write(_document(_words("שלום עולם", 1.0, "דנה"), language="he")))
    )
    last = file.paragraphs[-1]
    assert last.paragraph_format.element.xpath(".//w:bidi")
    assert [run.font.rtl for run in last.runs] == [None, True, True]
    assert last.text == "10:00:01:00\tדנה: שלום עולם"


@settings(max_examples=8)
@given(st.text(min_size=1, max_size=30), st.text(max_size=10))
def test_any_text_can_be_written(text: str, speaker: str) -> None:
    words = [
        Word(text=f" {text}", start=1.0, end=2.0, confidence=0.1, speaker=speaker),
        Word(text=" end", start=2.0, end=3.0, confidence=0.9, speaker=speaker),
    ]
    document = replace(_document(words), title=text, source=text)
    assert text_document.write(document).decode().endswith("end\n")
    last = docx.Document(io.BytesIO(word_document.write(document))).paragraphs[-1]
    assert last.text.endswith("end")
