"""The routes about subtitles: which a file has, and the text of one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.plain import to_plain
from subtitled.daemon.sidecar_reading import read_inside
from subtitled.db.overview import CoverageRow
from subtitled.db.records import FileRecord
from subtitled.plugin import InputRejectedError, Language, Subtitle
from subtitled.subtitles.formats import read_subtitle, render_subtitle

from . import models
from .callers import Caller, caller_of
from .files import find_file
from .json_responses import answer_with_etag, encode_json
from .parameters import FileNumber, Input, SubtitleName
from .problems import ApiError, not_found
from .services import ApiServices

_ORIGINAL = "original"
TextFormat = Literal["original", "srt", "vtt", "ass", "ttml", "lrc", "json", "txt"]
_MEDIA_TYPES = {_ORIGINAL: "application/octet-stream", "json": "application/json"}
_SIDECAR = "sidecar"


class TextQuery(Input):
    """How the text is wanted."""

    format: TextFormat = Field(
        "original",
        description="The format; `original` gives the bytes of the file as they are.",
    )


def add_subtitle_routes(api: FastAPI, services: ApiServices) -> None:
    """Add the routes."""

    @api.get(
        "/files/{file_id:number}/subtitles",
        response_model=models.SubtitleList,
        tags=["subtitles"],
        summary="List the subtitles of a file",
    )
    def list_subtitles(request: Request, file_id: FileNumber) -> Response:
        """Return what the file had when it was last examined."""
        find_file(services, caller_of(request), file_id)
        rows = services.db.overview.coverage_of(file_id)
        items = [_describe(file_id, row) for row in rows]
        return answer_with_etag(request, encode_json({"items": items}))

    @api.get(
        "/subtitles/{subtitle_id}/text",
        response_class=Response,
        responses={
            200: {
                "content": {
                    media_type: {"schema": {"type": "string"}}
                    for media_type in ("application/octet-stream", "text/plain")
                }
                | {"application/json": {"schema": {}}}
            }
        },
        tags=["subtitles"],
        summary="Read a subtitle",
    )
    def read_text(
        request: Request, subtitle_id: SubtitleName, query: Annotated[TextQuery, Query()]
    ) -> Response:
        """Return the text of a sidecar. A track within the media file has to be extracted first."""
        record, row = find_subtitle(services, caller_of(request), subtitle_id)
        content = _read(services, record, row)
        if query.format != _ORIGINAL:
            content = _convert(content, row, query.format)
        media_type = _MEDIA_TYPES.get(query.format, "text/plain; charset=utf-8")
        return answer_with_etag(
            request, content, media_type, Content_Disposition='attachment; filename="subtitle"'
        )


def find_subtitle(
    services: ApiServices, caller: Caller, subtitle_id: str
) -> tuple[FileRecord, CoverageRow]:
    """Return a subtitle that the caller may see, with its file.

    Raises:
        ApiError: There is none with this id.
    """
    number, _, name = subtitle_id.partition("-")
    record = find_file(services, caller, int(number))
    rows = services.db.overview.coverage_of(record.id)
    row = next((one for one in rows if _name(one) == name), None)
    if row is None:
        raise not_found("subtitle", "Take its id from GET /files/{id}/subtitles")
    return record, row


def _describe(file_id: int, row: CoverageRow) -> dict[str, Any]:
    described: dict[str, Any] = to_plain(row)
    is_readable = row.origin == _SIDECAR and row.is_text
    return described | {"id": f"{file_id}-{_name(row)}", "is_readable": is_readable}


def _name(row: CoverageRow) -> str:
    """Return what tells a subtitle from the others of its file, whatever its bytes."""
    return hashlib.sha256(f"{row.origin}/".encode() + os.fsencode(row.location)).hexdigest()[:16]


def _read(services: ApiServices, record: FileRecord, row: CoverageRow) -> bytes:
    library = services.configuration.settings.libraries.get(record.library)
    if library is None or row.origin != _SIDECAR or not row.is_text:
        raise ApiError(
            409,
            "no-sidecar",
            "the text of this subtitle is in no file of its own",
            "Ask for a subtitle that `is_readable`",
        )
    try:
        return read_inside(record.path.parent / row.location, library)
    except FileNotFoundError:
        raise not_found("sidecar any more", "Ask for the action `check` of its file") from None
    except OSError as error:
        raise ApiError(
            409,
            "unreadable",
            f"the sidecar cannot be read: {error.strerror}",
            "Let the daemon's user read it, and see the log",
        ) from None
    except InputRejectedError as error:
        raise _rejected(error) from None


def _convert(content: bytes, row: CoverageRow, fmt: str) -> bytes:
    try:
        language = Language(row.language or "und")
        suffix = Path(row.location).suffix[1:].lower()
        cues = read_subtitle(content, suffix, None, language).cues
        return render_subtitle(Subtitle(language=language, cues=cues), fmt)
    except InputRejectedError as error:
        raise _rejected(error) from None


def _rejected(error: InputRejectedError) -> ApiError:
    hint = error.hint or "Ask for format=original"
    return ApiError(409, "no-subtitle", error.message, hint)
