"""``review``: look through subtitles, import corrections and approve them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from subtitled.daemon.answers.reviews import list_reviews, show_edit, show_review
from subtitled.daemon.reviews.errors import ReviewError
from subtitled.daemon.reviews.importing import compare_text, find_review_of, import_text
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.service import ReviewService
from subtitled.db.review_records import ReviewFilter, ReviewStatus
from subtitled.jobcontext.services import open_database
from subtitled.library.paths import to_known_path
from subtitled.plugin import InputRejectedError, Language
from subtitled.plugin.files import write_synced
from subtitled.plugin.limits import read_file
from subtitled.subtitles.formats import FORMATS
from subtitled.subtitles.formats.timestamps import format_timestamp
from subtitled.subtitles.judgement import MAX_SUBTITLE_BYTES

from .actor import current_actor, reading_actor
from .app import app, load_configuration
from .output import USAGE_ERROR, JsonOption, abort, display_path, echo, echo_json, echo_table

review_app = typer.Typer(
    help="Reviews: subtitles that people look through, correct and approve.", no_args_is_help=True
)
app.add_typer(review_app, name="review")

ReviewArgument = Annotated[
    str,
    typer.Argument(
        metavar="REVIEW", help="A number of `review list`, one of our subtitles, or a media file."
    ),
]
LanguageOption = Annotated[
    str, typer.Option(help="Which subtitle of a media file, as BCP 47, such as de.")
]
ByOption = Annotated[
    str, typer.Option("--by", help="Your name. Default: the one that you are signed in with.")
]


@review_app.command(name="list")
def list_(
    library: Annotated[str, typer.Option(help="This library only.")] = "",
    language: Annotated[str, typer.Option(help="This language only, as BCP 47.")] = "",
    status: Annotated[ReviewStatus, typer.Option(help="Open or approved ones.")] = (
        ReviewStatus.OPEN
    ),
    limit: Annotated[int, typer.Option(min=1, max=200, help="Number of reviews, at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the subtitles to be reviewed, those with the most expected errors first."""
    configuration = load_configuration()
    wanted = ReviewFilter(
        status=status, libraries=[library] if library else None, language=language or None
    )
    page = list_reviews(open_database(configuration), wanted, limit=limit)
    if as_json:
        echo_json([review.to_dict() for review in page.reviews])
        return
    rows = [review.to_dict() for review in page.reviews]
    if not rows:
        echo("there is nothing to review")
    echo_table(
        ("review", "expected errors", "to look at", "of", "language", "file", "taken by"),
        (
            (
                row["id"],
                f"{row['expected_errors']:.1f}",
                row["flagged"],
                row["cue_count"],
                row["language"],
                row["path"],
                row["holder"] or "",
            )
            for row in rows
        ),
    )


@review_app.command()
def show(
    review: ReviewArgument,
    language: LanguageOption = "",
    flagged: Annotated[
        bool, typer.Option("--flagged", help="Only cues with a reason, a finding or an edit.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the cues of a review with what is doubtful about them."""
    service, loaded = load_review(review, language)
    answer = show_review(service, loaded, reading_actor())
    if as_json:
        echo_json(answer)
        return
    echo(
        f"review {answer['id']}: {answer['path']}, {answer['language']}, version "
        f"{answer['version']}, {answer['status']}"
    )
    if answer["approved_by"]:
        echo(f"version {answer['approved_version']} was approved by {answer['approved_by']}")
    reading = answer["second_reader"]
    if reading["is_wanted"]:
        editors = ", ".join(reading["editors"])
        waits = "you may approve it" if reading["is_open_to_actor"] else "waits for another reader"
        echo(f"edited by {editors}, {waits}")
    notes: dict[str, list[str]] = {}
    for finding in answer["findings"]:
        notes.setdefault(finding["cue"], []).append(f"{finding['severity']}: {finding['text']}")
    rows = [(one["start"], "", "", "", _reason_text(one)) for one in answer["elsewhere"]]
    for number, cue in enumerate(answer["cues"], 1):
        reasons = [*map(_reason_text, cue["reasons"]), *notes.get(cue["id"], ())]
        if cue["verdict"] is not None:
            reasons.append(f"{cue['verdict']['verdict']}: {cue['verdict']['note']}".rstrip(": "))
        if reasons or cue["is_changed"] or not flagged:
            name = f"{number}*" if cue["is_changed"] else str(number)
            known = cue["probability"] is not None
            doubt = f"{100 * cue['probability']:.0f} %" if known else ""
            text = "\n".join(cue["lines"])
            rows.append((cue["start"], name, doubt, text, "\n".join(reasons)))
    if not rows:
        echo("no cue is doubtful or edited" if flagged else "it has no cues")
    rows.sort(key=lambda row: row[0])
    echo_table(
        ("at", "cue", "doubt", "text", "why"),
        ((format_timestamp(start, "."), *cells) for start, *cells in rows),
    )


def _reason_text(reason: object) -> str:
    """Return a reason for people. It is a text, or an object with one."""
    return str(reason.get("text", reason)) if isinstance(reason, dict) else str(reason)


@review_app.command()
def export(
    review: ReviewArgument,
    language: LanguageOption = "",
    fmt: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "srt",
    out: Annotated[Path | None, typer.Option(help="A new file. Default: standard output.")] = None,
) -> None:
    """Write the edited text as a subtitle file."""
    if out is not None and out.exists():
        abort(f"{display_path(out)} exists. Name a new file", USAGE_ERROR)
    service, loaded = load_review(review, language)
    try:
        content = service.export(loaded.record.id, fmt)
        if out is not None:
            write_synced(out, content)
    except InputRejectedError as error:
        abort(error)
    except OSError as error:
        abort(f"{display_path(out or '')} cannot be written: {error.strerror}", USAGE_ERROR)
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        echo(f"{display_path(out)} has version {loaded.version}")


@review_app.command(name="import")
def import_(
    review: ReviewArgument,
    file: Annotated[Path, typer.Argument(help="A subtitle file that you corrected.")],
    language: LanguageOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")
    ] = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take over the corrections of a file, as one edit that can be undone."""
    try:
        content = read_file(file, MAX_SUBTITLE_BYTES)
    except OSError as error:
        abort(f"{display_path(file)} cannot be read: {error.strerror}", USAGE_ERROR)
    except InputRejectedError as error:
        abort(error, USAGE_ERROR)
    service, loaded = load_review(review, language)
    suffix = file.suffix[1:].lower()
    try:
        operation = compare_text(loaded, content, suffix)
        result = None
        if operation is not None and not dry_run:
            result = import_text(service, loaded.record.id, content, suffix, current_actor(by))
    except InputRejectedError as error:
        abort(error)
    if as_json:
        echo_json(
            {
                "operations": []
                if operation is None
                else operation.model_dump(mode="json")["parts"],
                "edit": None if result is None else show_edit(service, result, current_actor(by)),
            }
        )
        return
    if operation is None:
        echo("the file has the same cues: nothing to import")
        return
    kinds = [part.kind for part in operation.parts]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    version = "" if result is None else f" version {result.review.version}:"
    echo(f"{'would be changed:' if dry_run else 'imported as'}{version} {counts}")


def open_service() -> ReviewService:
    """Return the service of reviews."""
    configuration = load_configuration()
    return ReviewService(configuration, open_database(configuration))


def load_review(review: str, language: str) -> tuple[ReviewService, OpenReview]:
    """Return the review that was named, or abort with the reason."""
    service = open_service()
    try:
        return service, service.load(find_number(service, review, parse_language(language)))
    except ReviewError as error:
        abort(error)


def parse_language(language: str) -> Language | None:
    """Return the language that an option names, or abort if it is none."""
    try:
        return Language(language) if language else None
    except ValueError as error:
        abort(error, USAGE_ERROR)


def find_number(service: ReviewService, review: str, language: Language | None) -> int:
    """Return the number of the review that was named.

    Raises:
        ReviewError: There is no such review, or there are several.
    """
    if review.isascii() and review.isdigit() and len(review) < 16:
        return int(review)
    libraries = service.configuration.settings.libraries
    return find_review_of(service, to_known_path(libraries, Path(review)), language)
