"""``review approve``, ``reopen`` and ``unlock``: signing subtitles off, and taking that back."""

from __future__ import annotations

from typing import Annotated

import typer

from subtitled.daemon.answers.plain import to_plain
from subtitled.daemon.reviews.approving import (
    Approval,
    FileConflict,
    approve_review,
    reopen_review,
    unlock_review,
)
from subtitled.daemon.reviews.approving_several import (
    WantedApproval,
    approve_several,
)
from subtitled.daemon.reviews.errors import ReviewError
from subtitled.daemon.reviews.learning import suggest_review_terms
from subtitled.db.review_records import ReviewStatus
from subtitled.plugin import InputRejectedError

from .actor import current_actor
from .output import FAILED, USAGE_ERROR, JsonOption, abort, display_path, echo, echo_json
from .review import (
    ByOption,
    LanguageOption,
    ReviewArgument,
    find_number,
    load_review,
    open_service,
    parse_language,
    review_app,
)
from .term_suggestions import print_suggestions


@review_app.command()
def approve(
    reviews: Annotated[
        list[str],
        typer.Argument(
            metavar="REVIEW...",
            help="Numbers of `review list`, subtitles of ours, or media files.",
        ),
    ],
    language: LanguageOption = "",
    accept_warnings: Annotated[
        bool, typer.Option("--accept-warnings", help="Approve cues outside the limits, too.")
    ] = False,
    replace: Annotated[
        str, typer.Option(help="The SHA-256 of a changed file that is replaced.", metavar="SHA256")
    ] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write reviews in every format of their library, signed with your name, and lock the files.

    Of several, those without errors are approved. The others are named with the reason, and the
    exit status is 1.
    """
    if len(reviews) == 1:
        _approve_one(reviews[0], language, by, accept_warnings, replace, as_json)
        return
    if replace:
        abort("--replace is about one file. Approve that review on its own", USAGE_ERROR)
    service, wanted_language = open_service(), parse_language(language)
    names, unknown = dict[int, str](), list[tuple[str, ReviewError]]()
    for name in reviews:
        try:
            names[find_number(service, name, wanted_language)] = name
        except ReviewError as error:
            unknown.append((name, error))
    result = approve_several(
        service,
        [WantedApproval(number) for number in names],
        current_actor(by),
        accepts_warnings=accept_warnings,
    )
    left = [*unknown, *((names[one.review_id], one.error) for one in result.left)]
    if as_json:
        echo_json(
            {
                "approved": [
                    {"review": names[one.review_id], **to_plain(one.approval)}
                    for one in result.approved
                ],
                "left": [
                    {"review": name, "reason": error.message, "hint": error.hint}
                    for name, error in left
                ],
            }
        )
    else:
        for one in result.approved:
            _print_approval(one.approval)
        for name, reason in left:
            echo(f"{display_path(name)}: not approved: {reason}")
    if left:
        raise typer.Exit(FAILED)


def _approve_one(
    review: str, language: str, by: str, accept_warnings: bool, replace: str, as_json: bool
) -> None:
    service, loaded = load_review(review, language)
    try:
        result = approve_review(
            service,
            loaded.record.id,
            current_actor(by),
            accepts_warnings=accept_warnings,
            replaces_sha256=replace or None,
        )
    except InputRejectedError as error:
        abort(error)
    if isinstance(result, FileConflict):
        abort(
            "another program changed the file since the review began, so nothing was written. "
            "Compare it with: subtitled review export. To replace it: "
            f"--replace {result.theirs_sha256}"
        )
    suggestions = suggest_review_terms(service, loaded)
    if as_json:
        echo_json(to_plain(result) | {"terms": [one.to_dict() for one in suggestions]})
        return
    _print_approval(result)
    print_suggestions(suggestions, loaded.file.path)


def _print_approval(approval: Approval) -> None:
    for path in approval.paths:
        echo(f"{display_path(path)}: approved")
    for reason in approval.kept:
        echo(reason)


@review_app.command()
def reopen(review: ReviewArgument, language: LanguageOption = "", by: ByOption = "") -> None:
    """Let an approved text be edited again: the files stay locked until it is approved again."""
    service, loaded = load_review(review, language)
    if loaded.record.status is not ReviewStatus.APPROVED:
        echo("it is open already")
        return
    try:
        reopen_review(service, loaded.record.id, current_actor(by))
    except InputRejectedError as error:
        abort(error)
    echo(f"review {loaded.record.id} is open again; its files stay as they were approved")


@review_app.command()
def unlock(review: ReviewArgument, language: LanguageOption = "", by: ByOption = "") -> None:
    """Take the approval back: the files stay, and may be edited or made again."""
    service, loaded = load_review(review, language)
    try:
        paths = unlock_review(service, loaded.record.id, current_actor(by))
    except InputRejectedError as error:
        abort(error)
    for path in paths:
        echo(f"{display_path(path)}: unlocked")
    if not paths:
        echo("it was not approved")
