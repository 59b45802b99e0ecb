"""``review report``: what people found wrong in subtitles, and what they changed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from subtitled.daemon.review_reports.gathering import (
    QualityReport,
    report_activity,
    report_review,
)
from subtitled.daemon.review_reports.page import render_report
from subtitled.daemon.review_reports.tables import write_counts, write_cues
from subtitled.db.operations import ReviewActivity
from subtitled.plugin import InputRejectedError

from .days import parse_day
from .output import USAGE_ERROR, abort, display_path, echo, echo_table, write_output
from .review import LanguageOption, load_review, open_service, review_app


@review_app.command()
def report(
    review: Annotated[
        str,
        typer.Argument(
            metavar="[REVIEW]", help="One review, as of `review show`. Default: all of a time."
        ),
    ] = "",
    language: LanguageOption = "",
    library: Annotated[str, typer.Option(help="This library only.")] = "",
    since: Annotated[str, typer.Option(help="From this day on, such as 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="Before this day.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="A line for each cue, as CSV.")] = False,
    counts: Annotated[
        bool, typer.Option("--counts", help="A line for each kind of error, as CSV.")
    ] = False,
    html: Annotated[bool, typer.Option("--html", help="One page of HTML.")] = False,
    out: Annotated[Path | None, typer.Option(help="A new file. Default: standard output.")] = None,
) -> None:
    """Report verdicts, notes, broken cue rules, changes and error rates, for quality control."""
    if csv + counts + html > 1:
        abort("choose one of --csv, --counts and --html", USAGE_ERROR)
    if review and (library or since or until):
        abort("name either one review, or a library and a time", USAGE_ERROR)
    if out is not None and out.exists():
        abort(f"{display_path(out)} exists. Name a new file", USAGE_ERROR)
    if out is not None and not (csv or counts or html):
        abort("say what to write: --csv, --counts or --html", USAGE_ERROR)
    activity = ReviewActivity(
        libraries=[library] if library else None,
        language=language or None,
        since=parse_day(since),
        until=parse_day(until),
    )
    try:
        if review:
            service, loaded = load_review(review, language)
            gathered = report_review(service, loaded.record.id)
        else:
            gathered = report_activity(open_service(), activity)
    except InputRejectedError as error:
        abort(error)
    if csv or counts or html:
        write = write_cues if csv else write_counts
        text = render_report(gathered, time.time()) if html else write(gathered)
        write_output(text.encode("utf-8", "replace"), out)
    else:
        _show(gathered)


def _show(report: QualityReport) -> None:
    """Show the counts of each review on the terminal."""
    echo_table(
        ("review", "language", "cues", "judged", "wrong", "per 100", "changed", "file"),
        (
            (
                one.record.id,
                one.record.language,
                one.totals.cues,
                one.totals.judged,
                one.totals.wrong,
                one.totals.per_100_cues(one.totals.wrong),
                one.totals.changed,
                display_path(one.record.path or ""),
            )
            for one in report.reports
        ),
    )
    for reason in report.left_out:
        echo(f"left out: {reason}")
    if not report.reports:
        echo("nobody edited, judged or approved a subtitle in that time")
