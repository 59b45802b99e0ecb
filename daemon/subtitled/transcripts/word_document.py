"""Transcripts for people as documents of word processors (Office Open XML)."""

from __future__ import annotations

import io
from datetime import datetime, time

from docx import Document
from docx.enum.text import WD_COLOR_INDEX, WD_UNDERLINE
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from subtitled.subtitles.broadcast.markers import to_xml_text
from subtitled.subtitles.scripts import is_right_to_left

from .documents import TranscriptDocument

MARK = "highlighted and underlined with dots"
_GREY = RGBColor(0x59, 0x59, 0x59)
_INDENT = Cm(3)
"""Where the text begins, right of the timecode and its tab."""
_AFTER = Pt(6)


def write(document: TranscriptDocument) -> bytes:
    """Render a transcript: a title, the header, and a paragraph for each speech."""
    file = Document()
    properties = file.core_properties
    properties.title = to_xml_text(document.title)[:255]
    properties.author = "subtitled"
    properties.language = str(document.language)
    properties.created = properties.modified = datetime.combine(document.written_on, time())
    file.add_heading(to_xml_text(document.title), 0)
    for name, value in document.header(MARK):
        row = file.add_paragraph()
        row.paragraph_format.space_after = Pt(0)
        row.add_run(f"{name}: ").bold = True
        row.add_run(to_xml_text(value))
    file.add_paragraph()
    is_rtl = is_right_to_left(document.language)
    for spoken in document.paragraphs:
        paragraph = file.add_paragraph()
        paragraph.paragraph_format.left_indent = _INDENT
        paragraph.paragraph_format.first_line_indent = -_INDENT
        paragraph.paragraph_format.space_after = _AFTER
        place = paragraph.add_run(f"{document.label(spoken)}\t")
        place.font.size = Pt(9)
        place.font.color.rgb = _GREY
        if spoken.opening:
            paragraph.add_run(to_xml_text(spoken.opening)).bold = bool(spoken.speaker)
        for part in spoken.runs:
            run = paragraph.add_run(to_xml_text(part.text))
            _set_language(run, document)
            if part.is_doubtful:
                run.font.highlight_color = WD_COLOR_INDEX.YELLOW
                run.font.underline = WD_UNDERLINE.DOTTED
        if is_rtl:
            _set_right_to_left(paragraph)
    buffer = io.BytesIO()
    file.save(buffer)
    return buffer.getvalue()


def _set_language(run: Run, document: TranscriptDocument) -> None:
    """State the language of a text, by which a word processor checks its spelling."""
    if document.language.is_known:
        element = OxmlElement("w:lang")
        for name in ("w:val", "w:eastAsia", "w:bidi"):
            element.set(qn(name), str(document.language))
        run._r.get_or_add_rPr().append(element)


def _set_right_to_left(paragraph: Paragraph) -> None:
    """Lay a paragraph out from right to left, with all its parts."""
    paragraph._p.get_or_add_pPr().insert_element_before(
        OxmlElement("w:bidi"), "w:adjustRightInd", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )
    for run in paragraph.runs[1:]:  # a timecode is read from left to right
        run.font.rtl = True
