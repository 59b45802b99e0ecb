"""A fake of PeerTube: sign-in, the videos of a user, and captions.

It accepts what the OpenAPI description of PeerTube 7 has for these operations, and what its source
checks beyond that, and records everything else in ``violations``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

DESCRIPTION = Path(__file__).parent / "descriptions" / "peertube.json"


@dataclass(kw_only=True)
class FakeVideo:
    """A video with its captions by language."""

    uuid: str
    name: str
    source: str = ""
    """The name under which it was uploaded; "" if that is not known any more."""
    captions: dict[str, str] = field(default_factory=dict)
    automatic: set[str] = field(default_factory=set)


class FakePeerTube:
    """A PeerTube with one user."""

    user, password = "ana", "secret"

    def __init__(self) -> None:
        self._operations = json.loads(DESCRIPTION.read_text())["operations"]
        self.port = 0
        self.location = ""
        self.page: bytes | None = None
        self.fault: int | None = None
        self.called: list[str] = []
        self.violations: list[str] = []
        self.videos: list[FakeVideo] = []
        self.languages = {"en": "English", "de": "German", "zh-Hans": "Simplified Chinese"}
        self.tokens = 0
        self.expired = False
        """Whether the token of the last sign-in is not valid any more."""
        self.two_factor = False
        """Whether the user has to give a one-time password too."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, name: str, source: str = "") -> FakeVideo:
        number = len(self.videos) + 1
        uuid = f"9c9de5e8-0a1e-484a-b099-{number:012x}"
        video = FakeVideo(uuid=uuid, name=name, source=source)
        self.videos.append(video)
        return video

    def take(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any]:
        if self.fault is not None or self.page is not None:
            return self.fault or 200, None
        url = urlsplit(target)
        if url.path.startswith("/lazy-static/"):
            return self._serve_file(url.path)
        for operation in self._operations:
            path = _match(operation["path"], url.path)
            if path is None or operation["method"] != method:
                continue
            unknown = set(dict(parse_qsl(url.query))) - set(operation.get("query", ()))
            if unknown:
                self.violations.append(f"{method} {target}: no parameters {unknown}")
                return 400, None
            if operation.get("signed_in") and not self._is_signed_in(headers):
                return 401, {"code": "invalid_token", "error": "The access token is invalid"}
            self.called.append(operation["id"])
            handler = getattr(self, f"_{operation['id']}")
            answer: tuple[int, Any] = handler(path, dict(parse_qsl(url.query)), headers, body)
            return answer
        self.violations.append(f"{method} {target} is not described")
        return 404, None

    def _is_signed_in(self, headers: Any) -> bool:
        is_valid = headers.get("Authorization") == f"Bearer token-{self.tokens}"
        return is_valid and not self.expired

    def _get_oauth_client(self, *_: Any) -> tuple[int, Any]:
        return 200, {"client_id": "client", "client_secret": "client-secret"}

    def _get_oauth_token(self, _path: Any, _query: Any, headers: Any, body: bytes) -> Any:
        if headers.get_content_type() != "application/x-www-form-urlencoded":
            self.violations.append("the token is not asked for with a form")
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        client = (form.get("client_id"), form.get("client_secret"), form.get("grant_type"))
        if client != ("client", "client-secret", "password"):
            self.violations.append(f"wrong client {client}")
        if (form.get("username"), form.get("password")) != (self.user, self.password):
            return 400, {"code": "invalid_grant", "error": "Invalid grant"}
        if self.two_factor and headers.get("x-peertube-otp") is None:
            return 401, {"code": "missing_two_factor", "error": "Missing two factor header"}
        self.tokens += 1
        self.expired = False
        token = f"token-{self.tokens}"
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 14399}

    def _get_languages(self, *_: Any) -> tuple[int, Any]:
        return 200, self.languages

    def _get_my_videos(self, _path: Any, query: dict[str, str], *_: Any) -> tuple[int, Any]:
        start, count = int(query["start"]), int(query["count"])
        if count > 100:
            self.violations.append(f"count={count}")
        newest = self.videos[::-1][start : start + count]
        data = [{"uuid": video.uuid, "name": video.name} for video in newest]
        return 200, {"total": len(self.videos), "data": data}

    def _get_source(self, path: dict[str, str], *_: Any) -> tuple[int, Any]:
        video = self._video(path["id"])
        if video is None or not video.source:
            return 404, None
        return 200, {"inputFilename": video.source}

    def _list_captions(self, path: dict[str, str], *_: Any) -> tuple[int, Any]:
        video = self._video(path["id"])
        if video is None:
            return 404, None
        data = [
            {
                "language": {"id": language, "label": self.languages[language]},
                "automaticallyGenerated": language in video.automatic,
                "captionPath": f"/lazy-static/video-captions/{video.uuid}-{language}.vtt",
                "fileUrl": f"{self.url}/lazy-static/video-captions/{video.uuid}-{language}.vtt",
            }
            for language in video.captions
        ]
        return 200, {"total": len(data), "data": data}

    def _add_caption(
        self, path: dict[str, str], _query: Any, headers: Any, body: bytes
    ) -> tuple[int, Any]:
        video, language = self._video(path["id"]), path["captionLanguage"]
        if video is None:
            return 404, None
        kind = headers.get("Content-Type", "")
        message: Any = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts: dict[str, Any] = {
            part.get_param("name", header="content-disposition"): part
            for part in (message.get_payload() if message.is_multipart() else ())
        }
        file = parts.get("captionfile")
        if file is None or language not in self.languages:
            self.violations.append(f"no caption file, or no language {language}")
            return 400, None
        if file.get_content_type() not in ("text/vtt", "application/x-subrip", "text/plain"):
            self.violations.append(f"the caption is said to be {file.get_content_type()}")
            return 400, None
        video.captions[language] = file.get_payload(decode=True).decode()
        video.automatic.discard(language)
        return 204, None

    def _delete_caption(self, path: dict[str, str], *_: Any) -> tuple[int, Any]:
        video = self._video(path["id"])
        if video is None or video.captions.pop(path["captionLanguage"], None) is None:
            return 404, None
        return 204, None

    def _serve_file(self, path: str) -> tuple[int, Any]:
        name = path.rpartition("/")[2].removesuffix(".vtt")
        video = self._video(name[:36])
        content = video.captions.get(name[37:]) if video is not None else None
        return (404, None) if content is None else (200, content.encode())

    def _video(self, uuid: str) -> FakeVideo | None:
        return next((video for video in self.videos if video.uuid == uuid), None)


def _match(template: str, path: str) -> dict[str, str] | None:
    """Return the parameters of a path, or None if it is another one."""
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    values: dict[str, str] = {}
    for part, value in zip(wanted, given, strict=True):
        if part.startswith("{"):
            values[part.strip("{}")] = value
        elif part != value:
            return None
    return values
