"""Checking the times of subtitles on request: of one sidecar, or of all that a media file has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.jobcontext.context import JobContext
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.subtitle_names import find_language_in_name
from subtitled.media.extract import extract_text
from subtitled.pipeline.corrected_copy import CopyPlace, write_corrected_copy
from subtitled.pipeline.planning import MediaReport
from subtitled.pipeline.synchronisation import (
    CheckedText,
    SpeechSource,
    list_others,
    read_sidecar,
)
from subtitled.plugin import InputRejectedError, Language, SubtitledError, TransientError
from subtitled.plugin.limits import read_file
from subtitled.plugin.paths import display_path
from subtitled.policy.coverage import EMBEDDED, ExistingSubtitle
from subtitled.subtitles.filenames import parse_sidecar_name
from subtitled.subtitles.judgement import MAX_SUBTITLE_BYTES, judge_text
from subtitled.subtitles.synchronisation import SyncEvidence, SyncReport, SyncVerdict
from subtitled.transcription.track_analysis import TrackAnalyser
from subtitled.transcripts.subtitle_checks import SubtitleCheck, name_location

from .inspection import inspect_file, library_for


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """What is checked."""

    media: Path
    """The media file, by the path that its library uses."""
    subtitle: Path | None = None
    """The subtitle file. None: every text subtitle of other people in and beside it."""
    language: Language | None = None
    """The language of the text, if the caller states it."""
    writes_copy: bool = False
    """Whether a copy with corrected times is written where words prove that they are better."""
    actor: str = ""
    """Who asks, for the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSubtitle:
    """One subtitle that was checked."""

    check: SubtitleCheck
    copy: Path | None = None
    """The copy with corrected times that was written."""
    refusal: str = ""
    """Why no copy was written although one was asked for; empty if nothing is wrong."""


def check_subtitles(services: Services, request: CheckRequest) -> list[CheckedSubtitle]:
    """Check the times of subtitles. Speech is detected if that was not done before.

    Raises:
        SubtitledError: The media file or the named subtitle cannot be checked.
        OSError: A file cannot be read.
    """
    report = inspect_file(services.config, request.media, services.db)
    job = Job(
        media=request.media,
        # The picture is not looked at.
        library=library_for(services.config, request.media).model_copy(
            update={"snap_to_shots": False}
        ),
        fingerprint=content_fingerprint(request.media),
    )
    track = report.track_choice.track.index
    texts = list(_read_texts(services, job, report, request))
    TrackAnalyser(JobContext(job, services, InlineRunner())).hear(report.facts, track)
    source = SpeechSource(
        store=services.store,
        fingerprint=job.fingerprint,
        track=track,
        frame_rate=report.facts.frame_rate or None,
    )
    results: list[CheckedSubtitle] = []
    for text in texts:
        if isinstance(text, _UnreadText):
            results.append(CheckedSubtitle(check=_not_checked(text.subtitle, text.error)))
            continue
        try:
            check = source.check(text)
        except InputRejectedError as error:
            if request.subtitle is not None:
                raise
            # One that is no subtitle keeps nobody from the checks of the others.
            check = _not_checked(text, error)
        if check is None:
            continue
        checked = CheckedSubtitle(check=check)
        if request.writes_copy and check.report.verdict.is_wrong:
            place = CopyPlace(
                media=job.media,
                fingerprint=job.fingerprint,
                library=job.library,
                taken=frozenset(result.copy for result in results if result.copy is not None),
            )
            checked = _write_copy(services, place, request, text, checked)
        results.append(checked)
    return results


def _not_checked(
    text: CheckedText | ExistingSubtitle, error: SubtitledError | OSError
) -> SubtitleCheck:
    """Return the check of a text that cannot be read: it cannot tell anything."""
    if isinstance(error, SubtitledError):
        reason = error.message.removeprefix(f"{name_location(text.location)}: ")
        hint = error.hint
    else:
        reason = f"it cannot be read: {error.strerror or error}"
        hint = "Check the file and its permissions"
    report = SyncReport(
        verdict=SyncVerdict.CANNOT_TELL,
        reason=reason,
        hint=hint,
        evidence=SyncEvidence(cue_count=0, speech_count=0),
    )
    return SubtitleCheck(
        location=text.location,
        digest=text.digest if isinstance(text, CheckedText) else "",
        language=text.language,
        report=report,
        has_words=False,
    )


def _write_copy(
    services: Services,
    place: CopyPlace,
    request: CheckRequest,
    text: CheckedText,
    checked: CheckedSubtitle,
) -> CheckedSubtitle:
    try:
        copy = write_corrected_copy(services.db, place, text, checked.check.report)
    except InputRejectedError as error:
        return CheckedSubtitle(check=checked.check, refusal=str(error))
    record = services.db.files.get(place.media)
    services.db.history.add(
        HistoryEntry(
            event=HistoryEvent.PUBLISHED,
            path=place.media,
            file_id=record.id if record is not None else None,
            library=record.library if record is not None else None,
            actor=request.actor,
            reason=f"{display_path(Path(copy.name))}: {name_location(text.location)} with "
            "corrected times",
            details={"language": str(text.language), "kind": str(text.kind)},
        )
    )
    return CheckedSubtitle(check=checked.check, copy=copy)


@dataclass(frozen=True, slots=True)
class _UnreadText:
    """A subtitle whose text cannot be read, and why."""

    subtitle: ExistingSubtitle
    error: SubtitledError | OSError


def _read_texts(
    services: Services, job: Job, report: MediaReport, request: CheckRequest
) -> Iterator[CheckedText | _UnreadText]:
    """Read the text that was named, or all of others. One of many that is broken ends nothing."""
    if request.subtitle is not None:
        yield _read_named(request.subtitle, report, request)
        return
    sidecars = list_others(report.existing_subtitles, with_problems=True)
    tracks = [one for one in report.existing_subtitles if one.origin == EMBEDDED and one.is_text]
    for subtitle in (*sidecars, *tracks):
        try:
            if subtitle.origin == EMBEDDED:
                yield _read_track(services, job, report, subtitle)
            else:
                yield read_sidecar(job.media.parent, subtitle)
        except (InputRejectedError, TransientError, OSError) as error:
            yield _UnreadText(subtitle, error)


def _read_named(path: Path, report: MediaReport, request: CheckRequest) -> CheckedText:
    """Read the subtitle that the caller named."""
    data, suffix = read_file(path, MAX_SUBTITLE_BYTES), path.suffix[1:].lower()
    parsed = parse_sidecar_name(request.media.name, path.name)
    stated = (
        request.language or (parsed.language if parsed else None) or find_language_in_name(path)
    )
    language = stated or judge_text(data, suffix)[0].evidence.language()
    known = next(
        (one for one in report.existing_subtitles if path == request.media.parent / one.location),
        None,
    )
    text = CheckedText(location=path.name, data=data, suffix=suffix, language=language)
    if known is None and parsed is None:
        return text
    kind = known.kind if known is not None else parsed.kind if parsed is not None else text.kind
    return CheckedText(
        location=known.location if known is not None else path.name,
        data=data,
        suffix=suffix,
        language=language,
        kind=kind,
    )


def _read_track(
    services: Services, job: Job, report: MediaReport, subtitle: ExistingSubtitle
) -> CheckedText:
    index = int(subtitle.location)
    suffix = "ass" if subtitle.format in ("ass", "ssa") else "srt"
    target = services.scratch / f"{job.fingerprint}-stream{index}.{suffix}"
    return CheckedText(
        location=subtitle.location,
        data=extract_text(job.media, index, report.facts.duration, target, subtitle.format),
        suffix=suffix,
        language=subtitle.language,
        kind=subtitle.kind,
    )
