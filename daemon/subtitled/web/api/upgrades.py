"""The routes about subtitles of ours that better engines make again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.upgrades import (
    UnknownMakerError,
    UpgradeAnswer,
    count_makers,
    plan_upgrades,
    request_upgrades,
    withdraw_upgrades,
)
from subtitled.subtitles.makers import MadeBy

from . import models
from .actions import run_once
from .callers import Caller, caller_of
from .idempotency import Answer
from .json_responses import answer_json
from .parameters import MAX_NAME, IdempotencyKey, Input, Name
from .problems import ApiError, not_found
from .services import ApiServices

_MADE_BY = (
    "What made the subtitles: an engine, a model or a translator, as `whisper`, `base`, "
    "`whisper/base` or `whisper/base@VERSION`; `unknown` or `whisper/unknown` if the model is not "
    "known."
)
MakerText = Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=r"^[^\s/@](.*\S)?$")]


class UpgradeQuery(Input):
    """Which subtitles."""

    made_by: Annotated[list[MakerText], Field(max_length=20)] = Field(
        [], description=f"{_MADE_BY} Without any, only `makers` is answered."
    )
    library: Name | None = Field(None, description="A library; without it, all of them.")


class UpgradeBody(Input):
    """What is to be made again."""

    made_by: Annotated[list[MakerText], Field(min_length=1, max_length=20)] = Field(
        description=_MADE_BY
    )
    library: Name | None = Field(None, description="A library; without it, all of them.")


class UpgradeLibraryQuery(Input):
    """Where what was asked for is taken back."""

    library: Name | None = Field(None, description="A library; without it, all of them.")


class MakerModel(models.Output):
    """What made subtitles of ours that nobody edited or approved."""

    library: str
    made_by: str = Field(description="Engine and translator, each with its model and version.")
    files: int = Field(description="A file with subtitles in several languages counts for each.")
    waiting: int = Field(description="How many of them are to be made again.")


class UpgradeItem(models.Output):
    """Subtitles of one library and language that the same made."""

    library: str
    language: str
    made_by: str
    would_be_made_by: str = Field(description="Empty if nothing that is configured makes them.")
    files: int
    hours: float = Field(description="Hours of sound.")
    kept: str = Field(description="Why they are not made again; empty if they are.")


class UpgradeModel(models.Output):
    """What is made again, and what it costs at most."""

    items: list[UpgradeItem]
    files: int = Field(description="The files that are made again. Each counts once.")
    hours: float = Field(description="Their hours of sound.")
    work_hours: float | None = Field(description="Hours of work; null if not known.")
    money: dict[str, float] = Field(description="The price by currency.")
    waiting: int = Field(description="The files that waited for that before.")


class UpgradePreviewModel(UpgradeModel):
    """What would be made again, and what there is."""

    makers: list[MakerModel]
    made_again: int = Field(
        description="The files that were made again, and whose version before is kept."
    )
    kept: int = Field(
        description="The files that stayed as they were: the new one was worse, or was taken back."
    )


class UpgradesWithdrawn(models.Output):
    """What was taken back."""

    files: int = Field(description="The files that are not made again.")


def add_upgrade_routes(api: FastAPI, services: ApiServices) -> None:
    """Add the routes."""
    configuration, db = services.configuration, services.db

    @api.get(
        "/upgrades",
        response_model=UpgradePreviewModel,
        tags=["actions"],
        summary="What would be made again by what the libraries use now",
    )
    def preview_upgrades(request: Request, query: Annotated[UpgradeQuery, Query()]) -> Response:
        """Ask for nothing. What a person edited or approved is in no number."""
        libraries = _choose(services, caller_of(request), query.library)
        makers = [count.to_dict() for count in count_makers(db, libraries)]
        meant = [MadeBy(text) for text in query.made_by]
        answer = _told(lambda: plan_upgrades(configuration, db, meant, libraries))
        progress = db.upgrades.progress(libraries)
        more = {"makers": makers, "made_again": progress.again, "kept": progress.kept}
        return answer_json(answer.to_dict() | more, 200)

    @api.post(
        "/upgrades",
        status_code=202,
        response_model=UpgradeModel,
        tags=["actions"],
        summary="Have subtitles made again by what the libraries use now",
    )
    def upgrade(request: Request, body: UpgradeBody, key: IdempotencyKey = None) -> Response:
        """Do what `subtitled queue upgrade` does. Each stays until a new one is no worse."""
        caller = caller_of(request)

        def act() -> Answer:
            libraries = _choose_steered(services, caller, body.library)
            meant = [MadeBy(text) for text in body.made_by]
            answer = _told(
                lambda: request_upgrades(configuration, db, meant, libraries, caller.name)
            )
            return Answer(202, answer.to_dict())

        return run_once(services, request, key, body, act)

    @api.delete(
        "/upgrades",
        status_code=202,
        response_model=UpgradesWithdrawn,
        tags=["actions"],
        summary="Make nothing again",
    )
    def withdraw(request: Request, query: Annotated[UpgradeLibraryQuery, Query()]) -> Response:
        """Take back every request to make subtitles again. They stay as they are."""
        caller = caller_of(request)
        libraries = _choose_steered(services, caller, query.library)
        return answer_json({"files": withdraw_upgrades(db, libraries, caller.name)}, 202)


def _choose(services: ApiServices, caller: Caller, library: str | None) -> list[str]:
    """Return the libraries that the caller may see, or the one that was named."""
    known = services.configuration.settings.libraries
    if library is not None and not (caller.sees(library) and library in known):
        raise not_found("library", "Take its name from GET /libraries")
    return [name for name in known if caller.sees(name) and library in (None, name)]


def _choose_steered(services: ApiServices, caller: Caller, library: str | None) -> list[str]:
    """Return the libraries that the caller may steer, or the one that was named."""
    libraries = _choose(services, caller, library)
    caller.require(library)
    return libraries


def _told(answer: Callable[[], UpgradeAnswer]) -> UpgradeAnswer:
    """Return an answer.

    Raises:
        ApiError: Nothing was made by what was named.
    """
    try:
        return answer()
    except UnknownMakerError as error:
        raise ApiError(409, "unknown-maker", error.message, error.hint) from None
