"""Static files. They are read once, into a table of names, so no address becomes a path."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..i18n import mark_text as _
from ..refusals import RefusedError

_PUBLIC_SUFFIXES = (".css", ".js", ".svg", ".png", ".ico", ".woff2")
_MAX_AGE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _StaticFile:
    content: bytes
    media_type: str
    etag: str


@cache
def has_static_file(name: str) -> bool:
    """Return whether a file of others is there. The pages work without it."""
    return (resources.files("subtitled.web") / "static" / "vendor" / name).is_file()


@cache
def list_review_modules() -> tuple[str, ...]:
    """Return the names of the modules of the review page, which a browser may read all at once."""
    folder = resources.files("subtitled.web") / "static"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name for name in names if re.fullmatch(r"review-[a-z]+\.js", name)))


class StaticFiles:
    """The files of ``web/static`` and ``web/static/vendor``."""

    def __init__(self) -> None:
        folder = resources.files("subtitled.web") / "static"
        vendor = folder / "vendor"  # it exists only if the build could get the scripts of others
        self._files = {
            entry.name: _load(entry.name, entry.read_bytes())
            for part in (folder, vendor)
            if part.is_dir()
            for entry in part.iterdir()
            if entry.is_file() and entry.name.endswith(_PUBLIC_SUFFIXES)
        }

    def routes(self) -> list[Route]:
        """Return the route of the files."""
        return [Route("/static/{name}", self.serve, methods=["GET"])]

    async def serve(self, request: Request) -> Response:
        """Answer with a file, or with 304 if the caller has it."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise RefusedError(404, _("there is no such file"))
        headers = {"ETag": file.etag, "Cache-Control": f"public, max-age={_MAX_AGE_SECONDS}"}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, headers=headers, media_type=file.media_type)


def _load(name: str, content: bytes) -> _StaticFile:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _StaticFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
