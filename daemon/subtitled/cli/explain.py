"""``explain``: all that is known and decided about one file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.daemon.doctor import describe_watching
from subtitled.db.outbox import DeliveryState
from subtitled.db.records import FileState
from subtitled.db.sidecars import SidecarStatus
from subtitled.glossary.consistency import missing_terms
from subtitled.glossary.selection import glossary_for
from subtitled.jobcontext.services import open_database, open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.ingest import library_containing
from subtitled.pipeline.planning import MediaReport
from subtitled.plugin import SubtitledError
from subtitled.policy.coverage import ExistingSubtitle
from subtitled.policy.requirements import Requirement
from subtitled.routing.production_plan import plan_target
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.formats.timestamps import format_timestamp as clock
from subtitled.subtitles.ownership import Ownership
from subtitled.subtitles.publish import compute_sha256
from subtitled.translation.cache import untranslated

from .app import app, load_configuration
from .daemon import JsonOption
from .inspect import describe_requirement, inspect_file, library_for, to_known_path
from .output import FAILED, display_path, echo, echo_json, errors

DELIVERY_TEXTS = {
    DeliveryState.WAITING: "is told when its time comes",
    DeliveryState.SENT: "is asked soon whether it shows it",
    DeliveryState.CONFIRMED: "shows it",
    DeliveryState.UNVERIFIABLE: "cannot say whether it shows it",
    DeliveryState.NOT_INDEXED: "does not show it",
}
"""How far a server knows of what changed, in words."""


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A media file.")], as_json: JsonOption = False
) -> None:
    """Everything that is known and decided about one file."""
    settings = load_configuration()
    path = to_known_path(settings, file)
    library = library_containing(path, settings.settings.libraries)
    explanation: dict[str, Any] = {
        "path": path,
        "library": library,
        "watched": describe_watching(settings, library) if library else None,
        "remembered": _database_record(settings, path),
        "written": _our_sidecars(settings, path),
        "servers": _server_deliveries(settings, path),
    }
    try:
        explanation |= _inspection(settings, path)
    except (SubtitledError, OSError) as problem:
        explanation["problem"] = str(problem)
    if as_json:
        echo_json(explanation)
    else:
        _print_explanation(explanation)
    if "problem" in explanation:
        raise typer.Exit(FAILED)


def _database_record(settings: Configuration, path: Path) -> dict[str, Any] | None:
    record = open_database(settings).get(path)
    if record is None:
        return None
    return {
        "state": str(record.state),
        "worker": record.worker if record.state is FileState.WORKING else None,
        "reason": record.reason,
        "cure": record.hint,
        "attempts": record.attempts,
        "crashes": record.crashes or None,
        "missing_since": _format_time(record.missing_since),
        "was": record.previous_state and str(record.previous_state),
        "next_try": _format_time(record.next_check_at),
    }


def _format_time(moment: float | None) -> str | None:
    """Seconds since 1970 as a date for people."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment)) if moment else None


def _our_sidecars(settings: Configuration, path: Path) -> list[str]:
    """Every sidecar that we wrote for a file, and what became of it."""
    sidecars = open_database(settings).sidecars
    lines = []
    for one in sidecars.of_media(path):
        became: str = one.status
        if one.status is SidecarStatus.YIELDED:
            became = "taken away, somebody else's came; bring it back with: subtitled undo"
        elif one.status is SidecarStatus.REMOVED_BY_USER:
            became = "taken back by hand; make it again with: subtitled queue retry"
        elif compute_sha256(one.path) is None:
            became = "gone"
        elif (owner := sidecars.ownership(one.path)) is not Ownership.OURS:
            became = (
                "edited by somebody since: it is never touched"
                if owner is Ownership.EDITED
                else owner
            )
        lines.append(
            f"{display_path(one.path)}: {one.variant}, {_format_time(one.made_at)}; {became}"
        )
    return lines


def _server_deliveries(settings: Configuration, path: Path) -> list[str]:
    """What each server was told of a file last: when, how, and whether it shows it."""
    lines = []
    for one in open_database(settings).deliveries.of_media(path):
        configured = settings.servers.get(one.server)
        methods = configured.component_class.refresh_strategies if configured else ()
        how = methods[one.strategy] if one.strategy < len(methods) else "told"
        when = f"{how} {_format_time(one.sent_at)}" if one.sent_at else "not told yet"
        ending = DELIVERY_TEXTS[one.state] + (f": {one.detail}" if one.detail else "")
        lines.append(f"{one.server}: {when}; {ending}")
    return lines


def _inspection(settings: Configuration, path: Path) -> dict[str, Any]:
    media_report = inspect_file(settings, path, open_database(settings))
    choice, facts = media_report.track_choice, media_report.facts
    store, fingerprint = (
        open_transcript_store(resolve_state_dir(settings.settings)),
        content_fingerprint(path),
    )
    analysis = store.analysis(fingerprint, choice.track.index)
    retimed = store.reuse(fingerprint, choice.track.index)
    spoken = (
        f"{analysis.language}: {analysis.language_reason}"
        if analysis and analysis.language
        else None
    )
    paths_by_target = {}
    spoken_language = media_report.spoken_language or choice.track.language
    order = media_report.routing.engine_order(spoken_language)
    for requirement in media_report.decision.requirements:
        paths_by_target[describe_requirement(requirement)] = _describe_paths(
            media_report, requirement
        )
    paths_by_target |= {
        describe_requirement(summary): summary.reason for summary in media_report.decision.summaries
    }
    return {
        "seconds": round(facts.duration, 3),
        "audio": [
            f"track {t.index}: {t.language} {t.title}".rstrip()
            + (" (chosen: " + choice.reason + ")" if t.index == choice.track.index else "")
            for t in facts.audio_tracks
        ],
        "passed_over": [f"track {index}: {reason}" for index, reason in choice.rejected],
        "subtitles": [
            f"{e.language or '?'}{f'+{e.secondary}' if e.secondary else ''} {e.kind} {e.origin} {e.location}"
            + _describe_ownership(e)
            for e in media_report.existing_subtitles
        ],
        "summaries": [
            f"{e.language} {e.origin} {e.location}{_describe_ownership(e)}"
            for e in media_report.available.summaries
        ],
        "spoken": spoken,
        "earlier_version": str(retimed) if retimed else None,
        "vocabulary": _glossary_issues(settings, path, media_report),
        "left_out": [
            f"{clock(gone.start, '.')} {gone.text} ({gone.reason}; {variant})"
            for variant, removals in store.removals(fingerprint, choice.track.index).items()
            for gone in removals
        ],
        "engines": f"{', then '.join(order.names) or 'none'} ({order.reason})",
        "stretches": [
            f"{clock(at.start, '.')}-{clock(at.end, '.')} {fallback}"
            for at, fallback in store.fallbacks(fingerprint, choice.track.index)
        ],
        "not_translated": [
            f"{clock(one.start, '.')} {one.text} ({one.reason}; {variant})"
            for variant, said in untranslated(
                store.track_folder(fingerprint, choice.track.index)
            ).items()
            for one in said
        ],
        "make": paths_by_target,
        "reasons": list(media_report.decision.reasons),
    }


def _describe_paths(media_report: MediaReport, requirement: Requirement) -> str:
    """The ways to a wish, the first first, as far as they are known."""
    target = requirement.language or media_report.spoken_language
    if target is None:
        return requirement.reason
    paths = plan_target(
        media_report.routing, requirement, target, media_report.available.foreign_speech
    ).paths
    joined = "; else ".join(dict.fromkeys(map(str, paths))) or requirement.reason
    return (
        f"{joined}; below it: {_describe_paths(media_report, requirement.secondary)}"
        if requirement.secondary
        else joined
    )


def _glossary_issues(settings: Configuration, path: Path, media_report: MediaReport) -> list[str]:
    """What is wrong in the glossaries of a file, and where its translations go against them."""
    glossary = glossary_for(path, library_for(settings, path), settings)
    issue_texts = [str(issue) for issue in glossary.issues]
    store, fingerprint, track = (
        open_transcript_store(resolve_state_dir(settings.settings)),
        content_fingerprint(path),
        media_report.track_choice.track.index,
    )
    if media_report.spoken_language is None:
        return issue_texts
    whole = [
        store.assemble_any(fingerprint, track, one) for one in store.variants(fingerprint, track)
    ]
    source_subtitle = next(
        (one for one in whole if one and one.language.satisfies(media_report.spoken_language)), None
    )
    for one in media_report.existing_subtitles:
        terms = (
            glossary.required_terms(media_report.spoken_language, one.language)
            if one.language
            else []
        )
        if not (source_subtitle and one.language and one.is_ours and terms and one.is_text):
            continue
        if one.language.satisfies(media_report.spoken_language) or one.format in ("txt", "lrc"):
            continue
        cues = read_cues((path.parent / one.location).read_bytes(), one.format)
        issue_texts += [
            f"{one.location}: at {clock(gone.start_seconds, '.')} {gone.source_text!r} is not called {gone.target_text!r}"
            for gone in missing_terms(
                source_subtitle.words, cues, terms, media_report.spoken_language, one.language
            )
        ]
    return issue_texts


def _describe_ownership(existing: ExistingSubtitle) -> str:
    """Whose a subtitle is, in brackets."""
    if existing.is_outdated:
        return " (ours, of another version of the file; it is replaced)"
    if existing.is_edited:
        return " (ours once, edited by somebody since; it is never touched)"
    return " (ours)" if existing.is_ours else ""


def _print_explanation(explanation: dict[str, Any]) -> None:
    echo(display_path(explanation["path"]))
    for key, value in explanation.items():
        if key == "path" or value in (None, [], {}, ""):
            continue
        if isinstance(value, dict):
            value = [f"{name}: {said}" for name, said in value.items() if said not in (None, "")]
        if isinstance(value, list):
            echo(f"{key}:")
            for line in value:
                echo(f"  {line}")
        elif key == "problem":
            errors.print(f"problem: {value}", markup=False, style="red")
        else:
            echo(f"{key}: {value}")
