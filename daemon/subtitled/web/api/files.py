"""The routes about files: lists, one file, its history and its subtitles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.file import describe_file as known_of_file
from subtitled.daemon.answers.file import explain_file
from subtitled.daemon.answers.plain import to_plain
from subtitled.daemon.answers.queue import QUEUE_STATES, QueuedFile
from subtitled.db.file_list import FileFilter, FileSort
from subtitled.db.history import HistoryFilter
from subtitled.db.records import FileRecord
from subtitled.library.paths import is_local_path, library_containing

from . import models
from .callers import Caller, caller_of
from .json_responses import answer_json, answer_with_etag, encode_json, link_header
from .limits import LOOKS
from .lists import count_files, describe_file, describe_listed, page_of_files, page_of_history
from .parameters import FileNumber, FileQuery, HistoryQuery, LookupBody, QueueQuery
from .problems import not_found
from .services import ApiServices


def add_file_routes(api: FastAPI, services: ApiServices) -> None:
    """Add the routes."""
    db = services.db

    @api.get("/files", response_model=models.FilePageAnswer, tags=["files"], summary="List files")
    def list_files(request: Request, query: Annotated[FileQuery, Query()]) -> Response:
        """Return one page. Going on by `next` misses no file that stays, and gives none twice."""
        caller, wanted = caller_of(request), query.to_filter()
        page = page_of_files(db, caller, wanted, query.sort, query.after, query.limit)
        body: dict[str, object] = {
            "items": [describe_listed(file) for file in page.files],
            "next": page.next_cursor,
        }
        if query.count:
            body["count"] = count_files(db, caller, wanted)
        return answer_json(body, headers=link_header(request, page.next_cursor))

    @api.get(
        "/queue", response_model=models.FilePageAnswer, tags=["queue"], summary="List the queue"
    )
    def list_queue(request: Request, query: Annotated[QueueQuery, Query()]) -> Response:
        """Return one page of the files that are worked on, wait or failed, in this order."""
        states = tuple(query.state) or QUEUE_STATES
        wanted = FileFilter(library=query.library, states=states)
        page = page_of_files(
            db, caller_of(request), wanted, FileSort.STATE, query.after, query.limit
        )
        items = [
            describe_listed(file) | {"detail": QueuedFile(file.record).detail}
            for file in page.files
        ]
        body = {"items": items, "next": page.next_cursor}
        return answer_json(body, headers=link_header(request, page.next_cursor))

    @api.post(
        "/files/lookup", response_model=models.FileEntry, tags=["files"], summary="Find a file"
    )
    def look_up(request: Request, body: LookupBody) -> Response:
        """Return the file at a path of the daemon's machine. The disk is not read."""
        path = Path(body.path)
        record = None
        if "\0" not in body.path and is_local_path(path):
            libraries = services.configuration.settings.libraries
            if library_containing(path, libraries) is not None:
                record = db.files.get(path)
        return answer_json(describe_file(_visible(record, caller_of(request))))

    @api.get(
        "/files/{file_id:number}",
        response_model=models.FileDetails,
        tags=["files"],
        summary="Show a file",
    )
    def show_file(request: Request, file_id: FileNumber) -> Response:
        """Return what is known of a file, without looking at it."""
        record = find_file(services, caller_of(request), file_id)
        answer = known_of_file(services.configuration, db, record)
        visible = [one for one in answer.history if caller_of(request).sees_entry(one)]
        described = replace(answer, history=tuple(visible)).to_dict() | describe_file(record)
        return answer_with_etag(request, encode_json(described))

    @api.get(
        "/files/{file_id:number}/look",
        response_model=models.Look,
        tags=["files"],
        summary="Look at a file now",
    )
    def look_at_file(request: Request, file_id: FileNumber) -> Response:
        """Return what `subtitled explain --json` says. The file is read, which takes a second."""
        record = find_file(services, caller_of(request), file_id)
        with LOOKS.enter():
            answer = explain_file(services.configuration, db, record.path)
        return answer_json(answer.to_dict())

    @api.get(
        "/files/{file_id:number}/history",
        response_model=models.HistoryPageAnswer,
        tags=["files"],
        summary="Show what happened to a file",
    )
    def show_file_history(
        request: Request, file_id: FileNumber, query: Annotated[HistoryQuery, Query()]
    ) -> Response:
        """Return one page, the newest first."""
        find_file(services, caller_of(request), file_id)
        return history_page(request, services, query.model_copy(update={"file": file_id}))

    @api.get(
        "/history",
        response_model=models.HistoryPageAnswer,
        tags=["history"],
        summary="Show what happened",
    )
    def show_history(request: Request, query: Annotated[HistoryQuery, Query()]) -> Response:
        """Return one page, the newest first. Sign-ins and changes of users are for admins."""
        return history_page(request, services, query)


def find_file(services: ApiServices, caller: Caller, file_id: int) -> FileRecord:
    """Return a file.

    Raises:
        ApiError: It does not exist, or the caller may not see it. The answer is the same.
    """
    return _visible(services.db.files.get_by_id(file_id), caller)


def _visible(record: FileRecord | None, caller: Caller) -> FileRecord:
    if record is None or not caller.sees(record.library):
        raise not_found("file")
    return record


def history_page(request: Request, services: ApiServices, query: HistoryQuery) -> Response:
    """Return one page of the history."""
    wanted = HistoryFilter(
        file_id=query.file,
        events=query.event,
        library=query.library,
        actor=query.actor,
        since=query.since,
    )
    page = page_of_history(services.db, caller_of(request), wanted, query.after, query.limit)
    body = {"items": to_plain(page.entries), "next": page.next_cursor}
    return answer_json(body, headers=link_header(request, page.next_cursor))
