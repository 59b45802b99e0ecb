"""Transcripts for people of the subtitles that are exported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from subtitled.config.settings import AppSettings
from subtitled.media.timecode import StartTimecode
from subtitled.plugin.paths import display_path
from subtitled.transcripts.documents import TranscriptDocument, group_paragraphs

from .export_material import describe_provenance, find_signature, split_text
from .exported_text import DocumentFormat, ExportedText


def render_document(
    text: ExportedText,
    fmt: DocumentFormat,
    start: StartTimecode | None,
    duration: float,
    settings: AppSettings,
) -> Mapping[str, bytes]:
    """Render a transcript of a subtitle.

    Args:
        text: The subtitle.
        fmt: The format.
        start: The timecode at 0 seconds; None if nothing states one.
        duration: Seconds of the media; 0 if it is unknown.
        settings: The configuration.

    Returns:
        The content of the file by the ending of its name.
    """
    signature = find_signature(text, settings)
    spoken = split_text(text, signature, settings)
    document = TranscriptDocument(
        title=text.subtitle.title,
        source=display_path(text.file.name),
        media=display_path(text.media.name) if text.media is not None else "",
        language=text.subtitle.language,
        start=start,
        duration=duration,
        provenance=describe_provenance(text, signature),
        paragraphs=group_paragraphs([one.words for one in spoken.sentences], spoken.turns),
        written_on=date.today(),
    )
    if fmt == "txt":
        from subtitled.transcripts import text_document

        return {".transcript.txt": text_document.write(document)}
    from subtitled.transcripts import word_document

    return {".docx": word_document.write(document)}
