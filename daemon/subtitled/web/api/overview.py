"""The routes about the daemon as a whole: what it does, what is wrong, what left the machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.coverage import CoverageAnswer, count_coverage, count_present
from subtitled.daemon.answers.egress import describe_egress
from subtitled.daemon.answers.health import describe_health, run_doctor
from subtitled.daemon.answers.log import read_log
from subtitled.daemon.answers.now import describe_now
from subtitled.daemon.answers.plain import to_plain
from subtitled.daemon.answers.settings import describe_settings
from subtitled.daemon.answers.status import describe_status

from . import models
from .callers import Caller, caller_of
from .json_responses import answer_json, answer_with_etag, encode_json
from .limits import DOCTOR_RUNS, ORIGIN_COUNTS
from .parameters import EgressQuery, Input, LogQuery, Name
from .problems import not_found
from .services import ApiServices


class LibraryQuery(Input):
    """Which library."""

    library: Name | None = None


class OriginsQuery(Input):
    """Of which library."""

    library: Name


def add_overview_routes(api: FastAPI, services: ApiServices) -> None:
    """Add the routes."""
    configuration, db = services.configuration, services.db

    @api.get(
        "/status", response_model=models.StatusAnswer, tags=["daemon"], summary="Show the status"
    )
    def show_status(request: Request) -> Response:
        """Return what `subtitled status --json` says, as far as the caller may see it."""
        caller, answer = caller_of(request), describe_status(configuration, db)
        described = answer.to_dict()
        if caller.libraries is not None:
            # Reasons, times, engines, servers and workers are about all libraries.
            active = tuple(one for one in answer.active_files if caller.sees(one.library))
            visible = replace(
                answer,
                active_files=active,
                workers=(),
                breakers={},
                servers=(),
                notifier_errors={},
            )
            described = visible.to_dict() | {
                "pauses": to_plain([one for one in answer.pauses if caller.sees(one.library)]),
                "files": _count_states(services, caller),
                "reasons": [],
                "upcoming": [],
                "backlog": None,
                "unavailable_plugins": [],
            }
        return answer_json(described)

    @api.get("/now", response_model=models.NowAnswer, tags=["daemon"], summary="Show what is done")
    def show_now(request: Request) -> Response:
        """Return what is worked on, why work waits, what comes next and what is wrong."""
        caller, answer = caller_of(request), describe_now(configuration, db)
        newest = tuple(entry for entry in answer.newest if caller.sees_entry(entry))
        described = replace(answer, newest=newest).to_dict()
        if caller.libraries is not None:
            jobs = tuple(job for job in answer.jobs if caller.sees(job.record.library))
            visible = replace(answer, newest=newest, jobs=jobs, problems=())
            described = visible.to_dict() | {
                "pauses": to_plain([one for one in answer.pauses if caller.sees(one.library)]),
                "files": _count_states(services, caller),
                "reasons": [],
                "upcoming": [],
                "backlog": None,
            }
        return answer_json(described)

    @api.get(
        "/health-details",
        response_model=models.HealthAnswer,
        tags=["daemon"],
        summary="Show what is wrong",
    )
    def show_health(request: Request) -> Response:
        """Return the verdict about the daemon, with engines, servers, workers and all problems."""
        report = services.health()
        described: dict[str, object] = {"status": "ok" if report.is_ok else "degraded"}
        if caller_of(request).libraries is None:
            details = describe_health(configuration, db).to_dict()
            return answer_json(details | described | {"problems": list(report.problems)})
        nothing: list[object] = []
        parts = ("problems", "engines", "servers", "workers")
        return answer_json(described | dict.fromkeys(parts, nothing))

    @api.get(
        "/doctor", response_model=models.DoctorAnswer, tags=["daemon"], summary="Run all checks"
    )
    def check_all(request: Request) -> Response:
        """Return what `subtitled doctor` says. This asks servers, and takes seconds."""
        caller_of(request).require(None)
        with DOCTOR_RUNS.enter():
            answer = run_doctor(configuration, configuration.path)
        return answer_json({"ok": answer.is_ok, "items": answer.to_list()})

    @api.get(
        "/libraries", response_model=models.LibraryList, tags=["daemon"], summary="List libraries"
    )
    def list_libraries(request: Request) -> Response:
        """Return the configured libraries."""
        caller = caller_of(request)
        items = [
            {
                "name": name,
                "path": to_plain(library.path),
                "languages": [str(language) for language in library.languages],
            }
            for name, library in configuration.settings.libraries.items()
            if caller.sees(name)
        ]
        return answer_json({"items": items})

    @api.get(
        "/coverage",
        response_model=models.CoverageAnswerModel,
        tags=["daemon"],
        summary="Count what is there and what is missing",
    )
    def show_coverage(request: Request, query: Annotated[LibraryQuery, Query()]) -> Response:
        """Return the numbers by library, language and kind."""
        caller = caller_of(request)
        answer = count_coverage(configuration.settings, db, query.library)
        visible = tuple(one for one in answer.libraries if caller.sees(one.library))
        content = encode_json(CoverageAnswer(libraries=visible).to_dict())
        return answer_with_etag(request, content)

    @api.get(
        "/coverage/origins",
        response_model=models.OriginsAnswer,
        tags=["daemon"],
        summary="Count whose the subtitles are",
    )
    def show_origins(request: Request, query: Annotated[OriginsQuery, Query()]) -> Response:
        """Return the numbers of one library by language, kind, and whose the subtitles are."""
        if query.library not in configuration.settings.libraries or not caller_of(request).sees(
            query.library
        ):
            raise not_found("library", "Take its name from GET /libraries")
        with ORIGIN_COUNTS.enter():
            rows = count_present(db, query.library)
        return answer_json({"items": to_plain(rows)})

    @api.get(
        "/log",
        response_model=models.LogAnswerModel,
        tags=["daemon"],
        summary="Show the last log lines",
    )
    def show_log(request: Request, query: Annotated[LogQuery, Query()]) -> Response:
        """Return what the daemon logged last, without secrets. Workers log on their machines."""
        caller_of(request).require(None)
        answer = read_log(
            level=query.level,
            job=query.job or "",
            search=query.search.strip(),
            limit=query.limit,
        )
        return answer_json(answer.to_dict())

    @api.get(
        "/egress",
        response_model=models.EgressAnswer,
        tags=["daemon"],
        summary="Show what left this machine",
    )
    def show_egress(request: Request, query: Annotated[EgressQuery, Query()]) -> Response:
        """Return what `subtitled egress --json` says: requests, the oldest first, and budgets."""
        caller = caller_of(request)
        answer = describe_egress(
            configuration.settings,
            db,
            query.since,
            caller.choose_named(query.library),
            query.limit,
        )
        if caller.libraries is not None:
            answer = replace(answer, budgets=())  # Budgets are shared by libraries.
        return answer_json(answer.to_dict())

    @api.get(
        "/configuration",
        response_model=models.ConfigurationAnswer,
        tags=["daemon"],
        summary="Show the settings in force",
    )
    def show_configuration(request: Request) -> Response:
        """Return each setting with where it comes from. Secrets are shown as references only."""
        answer = describe_settings(configuration)
        return answer_with_etag(request, encode_json(answer.to_dict()))


def _count_states(services: ApiServices, caller: Caller) -> dict[str, int]:
    counts: dict[str, int] = {}
    for count in services.db.overview.count_states():
        if caller.sees(count.library):
            counts[str(count.state)] = counts.get(str(count.state), 0) + count.files
    return counts
