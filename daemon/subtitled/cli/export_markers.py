"""What an export marks: chapters, sentences, and what was found in a subtitle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path

from subtitled.config.settings import AppSettings, LibrarySettings
from subtitled.daemon.review_reports.report import ReportedCue, build_report
from subtitled.daemon.reviews.errors import ReviewError
from subtitled.daemon.reviews.importing import find_review_of
from subtitled.db.operations import Verdict
from subtitled.db.review_records import CueEstimate
from subtitled.library.paths import library_containing, to_known_path
from subtitled.plugin import InputRejectedError
from subtitled.plugin.limits import read_file
from subtitled.policy.cue_rules import cue_rules_for
from subtitled.subtitles.broadcast.markers import Marker, MarkerKind
from subtitled.subtitles.filenames import SUMMARY_SUFFIXES, build_summary_path, parse_summary_name
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.judgement import MAX_SUBTITLE_BYTES
from subtitled.subtitles.markup import strip_tags
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.quality_estimation.weights import FLAGGED
from subtitled.subtitles.review.document import Document
from subtitled.subtitles.review.findings import Severity, find_violations
from subtitled.translation.batching import Sentence

from .export_material import find_signature, split_text
from .exported_text import ExportedText
from .review import open_service

_CHAPTERS = SUMMARY_SUFFIXES[1]


def list_markers(
    text: ExportedText, kinds: Set[MarkerKind], chapters: Path | None, settings: AppSettings
) -> list[Marker]:
    """Return the markers of a subtitle.

    Args:
        text: The subtitle.
        kinds: What is marked.
        chapters: A file with cues as chapters; None for the one beside the media file, in the
            language of the text or else in any.
        settings: The configuration.

    Raises:
        InputRejectedError: The file has no chapters.
        OSError: It cannot be read.
    """
    signature = find_signature(text, settings)
    markers: list[Marker] = []
    if MarkerKind.CHAPTER in kinds:
        markers += _mark_chapters(text, chapters)
    if MarkerKind.SENTENCE in kinds:
        markers += _mark_sentences(split_text(text, signature, settings).sentences)
    if MarkerKind.FINDING in kinds:
        markers += _join_findings(_mark_findings(text, signature, settings))
    return markers


def _join_findings(markers: Iterable[Marker]) -> Iterator[Marker]:
    """Yield one marker for each cue, with everything that was found in it."""
    by_cue: dict[Marker, list[str]] = {}
    for marker in markers:
        by_cue.setdefault(replace(marker, text=""), []).append(marker.text)
    return (replace(cue, text="; ".join(texts)) for cue, texts in by_cue.items())


def _mark_sentences(sentences: Sequence[Sentence]) -> list[Marker]:
    return [
        Marker(
            start=one.start,
            end=one.end,
            kind=MarkerKind.SENTENCE,
            text=one.text,
            note=one.words[0].speaker or "",
        )
        for one in sentences
    ]


def _mark_chapters(text: ExportedText, chapters: Path | None) -> list[Marker]:
    file = chapters or _find_chapters(text)
    if file is None:
        return []
    cues = read_cues(read_file(file, MAX_SUBTITLE_BYTES), file.suffix[1:])
    if chapters is not None and not cues:
        raise InputRejectedError("the file has no chapters", "Name another one with --chapters")
    return [
        Marker(start=c.start, end=c.end, kind=MarkerKind.CHAPTER, text=strip_tags(c.text))
        for c in cues
    ]


def _find_chapters(text: ExportedText) -> Path | None:
    media = text.media
    if media is None:
        return None
    preferred = build_summary_path(media, text.subtitle.language, _CHAPTERS)
    others = (
        path
        for path in sorted(media.parent.iterdir())
        if (parsed := parse_summary_name(media.name, path.name)) and parsed[1] == _CHAPTERS
    )
    return next((path for path in (preferred, *others) if path.is_file()), None)


def _mark_findings(
    text: ExportedText, signature: Signature | None, settings: AppSettings
) -> list[Marker]:
    """Return what the review of a subtitle of ours says, else what the cue rules say."""
    libraries = settings.libraries
    name = library_containing(Path(text.file).absolute(), libraries)
    library = libraries[name] if name else LibrarySettings(path=text.file.parent)
    if name and signature is not None:
        try:
            return list(_mark_review(text.file))
        except ReviewError:
            pass  # The daemon does not know the file yet.
    language = text.subtitle.language
    is_translation = signature is not None and bool(signature.makers.translator.name)
    rules = cue_rules_for(library, language, translation=is_translation)
    document = Document.from_cues(text.subtitle.cues, language)
    return [
        Marker(
            start=document.by_id[finding.cue].start,
            end=document.by_id[finding.cue].end,
            kind=MarkerKind.FINDING,
            text=finding.text,
            note=strip_tags(document.by_id[finding.cue].text),
        )
        for finding in find_violations(document, language, rules)
        if finding.severity is not Severity.ADVICE
    ]


def _mark_review(file: Path) -> Iterator[Marker]:
    """Yield what a review has found, and the cues that are estimated as doubtful.

    Raises:
        ReviewError: There is no review of the file.
    """
    service = open_service()
    number = find_review_of(
        service, to_known_path(service.configuration.settings.libraries, file), None
    )
    review = service.load(number)
    notes = service.db.cue_notes.of_review(number)
    report = build_report(review, service.db.operations.verdicts_of(number), notes)
    for reported in report.cues:
        for said in _describe(reported):
            yield Marker(
                start=reported.start,
                end=reported.end,
                kind=MarkerKind.FINDING,
                text=said,
                note=strip_tags(reported.text or reported.machine_text or ""),
            )
    estimates, _ = service.estimates.find(review)
    for estimate in estimates:
        cue = review.base_document.by_id.get(str(estimate.index + 1))
        now = review.document.by_id.get(cue.id) if cue is not None else None
        if cue is not None and now == cue and estimate.probability >= FLAGGED:
            yield Marker(
                start=cue.start,
                end=cue.end,
                kind=MarkerKind.FINDING,
                text=_describe_estimate(estimate),
                note=strip_tags(cue.text),
            )


def _describe(cue: ReportedCue) -> Iterator[str]:
    if cue.text is None:
        return  # deleted
    yield from (finding.text for finding in cue.findings)
    verdict = cue.verdict
    if verdict is not None and verdict.verdict is Verdict.WRONG:
        kinds = ", ".join(filter(None, (verdict.severity, verdict.category)))
        said = f"wrong ({kinds})" if kinds else "wrong"
        yield ": ".join(filter(None, (f"{said}, says {verdict.actor}", verdict.note)))
    for thread in cue.threads:
        if thread.first.resolved_by is None:
            for note in (thread.first, *thread.answers):
                yield f"{note.actor}: {note.text}"


def _describe_estimate(estimate: CueEstimate) -> str:
    reasons = (r["text"] if isinstance(r, dict) else str(r) for r in estimate.reasons)
    return "; ".join((f"doubtful, {estimate.probability:.0%}", *reasons))
