"""The routes that ask the daemon for something. Each is answered once it is stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import FastAPI, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.control import (
    pause_work,
    reset_engine,
    resume_work,
    tell_server_again,
)
from subtitled.db.commands import CommandKind
from subtitled.db.records import FileRecord
from subtitled.jobs.pauses import active_pauses

from ..file_actions import request_action
from . import models
from .callers import Caller, caller_of
from .files import find_file
from .idempotency import Answer
from .json_responses import answer_json
from .lists import count_files, iter_all
from .parameters import (
    MAX_IDS,
    MAX_NAME,
    ActionByFilter,
    ActionByIds,
    FileActionBody,
    FileNumber,
    IdempotencyKey,
    PauseBody,
    PauseQuery,
    ScanBody,
)
from .problems import ApiError, not_found
from .services import ApiServices

ComponentName = Annotated[str, Path(min_length=1, max_length=MAX_NAME)]


def add_action_routes(api: FastAPI, services: ApiServices) -> None:
    """Add the routes."""
    db, settings = services.db, services.configuration.settings

    @api.post(
        "/files/{file_id:number}/actions",
        status_code=202,
        response_model=models.Accepted,
        tags=["actions"],
        summary="Ask for something to be done with a file",
    )
    def act_on_file(
        request: Request, file_id: FileNumber, body: FileActionBody, key: IdempotencyKey = None
    ) -> Response:
        """Store the request. The daemon does it now, or when it starts."""
        return _act(
            services, request, key, body, lambda caller: [find_file(services, caller, file_id)]
        )

    @api.post(
        "/files/actions",
        status_code=202,
        response_model=models.Accepted,
        tags=["actions"],
        summary="Ask for something to be done with many files",
    )
    def act_on_files(
        request: Request, body: ActionByIds | ActionByFilter, key: IdempotencyKey = None
    ) -> Response:
        """Store one request for each file, all of them or none."""
        return _act(services, request, key, body, lambda caller: _choose(services, caller, body))

    @api.post(
        "/pauses",
        status_code=202,
        response_model=models.Done,
        tags=["actions"],
        summary="Pause work",
    )
    def pause(request: Request, body: PauseBody, key: IdempotencyKey = None) -> Response:
        """Pause a library, or all work, after the current chunk."""
        caller = caller_of(request)

        def act() -> Answer:
            _require_library(services, caller, body.library)
            until = time.time() + body.seconds if body.seconds is not None else None
            pause_work(db, body.library or "", until, caller.name)
            return Answer(202, {"changed": True})

        return run_once(services, request, key, body, act)

    @api.delete(
        "/pauses",
        status_code=202,
        response_model=models.Done,
        tags=["actions"],
        summary="Resume work",
    )
    def resume(request: Request, query: Annotated[PauseQuery, Query()]) -> Response:
        """End the pause of a library, or that of all work."""
        caller, library = caller_of(request), query.library or ""
        _require_library(services, caller, query.library)
        was_paused = any(one.library == library for one in active_pauses(db.kv, time.time()))
        resume_work(db, library, caller.name)
        return answer_json({"changed": was_paused}, 202)

    @api.post(
        "/engines/{name}/reset",
        status_code=202,
        response_model=models.Done,
        tags=["actions"],
        summary="Try an engine again",
    )
    def reset(
        request: Request,
        name: ComponentName,
        key: IdempotencyKey = None,
    ) -> Response:
        """Close the circuit breaker of an engine."""
        caller = caller_of(request)

        def act() -> Answer:
            caller.require(None)
            if name not in settings.engines:
                raise not_found("engine", "Take its name from GET /configuration")
            return Answer(202, {"changed": reset_engine(db, name, caller.name)})

        return run_once(services, request, key, None, act)

    @api.post(
        "/servers/{name}/tell",
        status_code=202,
        response_model=models.Done,
        tags=["actions"],
        summary="Tell a media server again",
    )
    def tell_server(
        request: Request,
        name: ComponentName,
        key: IdempotencyKey = None,
    ) -> Response:
        """Tell a media server again of every change that it has not confirmed."""
        caller = caller_of(request)

        def act() -> Answer:
            caller.require(None)
            if name not in services.configuration.servers:
                raise not_found("media server", "Take its name from GET /status")
            return Answer(202, {"changed": tell_server_again(db, name, caller.name) > 0})

        return run_once(services, request, key, None, act)

    @api.post(
        "/scans",
        status_code=202,
        response_model=models.Done,
        tags=["actions"],
        summary="Scan a library",
    )
    def request_scan(request: Request, body: ScanBody, key: IdempotencyKey = None) -> Response:
        """Have a library scanned, or all of them."""
        caller = caller_of(request)

        def act() -> Answer:
            _require_library(services, caller, body.library)
            folder = settings.libraries[body.library].path if body.library is not None else None
            db.commands.enqueue(CommandKind.SCAN, folder, caller.name)
            return Answer(202, {"changed": True})

        return run_once(services, request, key, body, act)


def _act(
    services: ApiServices,
    request: Request,
    key: str | None,
    body: FileActionBody | ActionByIds | ActionByFilter,
    choose: Callable[[Caller], Iterable[FileRecord | None]],
) -> Response:
    """Ask the daemon to do something with files; None stands for a number of no file."""
    caller = caller_of(request)

    def act() -> Answer:
        chosen = list(choose(caller))
        records = [record for record in chosen if record is not None]
        accepted = request_action(services.db, body.action, records, caller.name)
        counts = {
            "accepted": accepted,
            "skipped": len(records) - accepted,
            "unknown": len(chosen) - len(records),
        }
        return Answer(202, counts)

    return run_once(services, request, key, body, act)


def _choose(
    services: ApiServices, caller: Caller, body: ActionByIds | ActionByFilter
) -> Iterable[FileRecord | None]:
    """Yield the files that a request is about. What the caller may not see is no file."""
    if isinstance(body, ActionByIds):
        for number in dict.fromkeys(body.ids):
            record = services.db.files.get_by_id(number)
            yield record if record is not None and caller.sees(record.library) else None
        return
    wanted = body.filter.to_filter()
    if count_files(services.db, caller, wanted) > MAX_IDS:
        raise ApiError(
            409,
            "too-many-files",
            f"these are more than {MAX_IDS} files",
            "Narrow the filter, and send several requests",
        )
    yield from iter_all(services.db, caller, wanted)


def _require_library(services: ApiServices, caller: Caller, library: str | None) -> None:
    if library is not None and not (
        caller.sees(library) and library in services.configuration.settings.libraries
    ):
        raise not_found("library", "Take its name from GET /libraries")
    caller.require(library)


def run_once(
    services: ApiServices,
    request: Request,
    key: str | None,
    body: BaseModel | None,
    act: Callable[[], Answer],
) -> Response:
    """Do a request once, however often it is sent with the same key."""
    content = body.model_dump_json() if body is not None else ""
    text = f"{request.method} {request.url.path}\n{content}"
    answer = services.requests.run(caller_of(request).key, key, text, act)
    headers = {"Idempotency-Replayed": "true"} if answer.is_repeated else {}
    return answer_json(answer.body, answer.status, headers)
