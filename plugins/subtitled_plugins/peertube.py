"""PeerTube: subtitles are sent as captions of the video that was made of the same media file.

PeerTube does not see the media files, so it is sent the text itself. It has one caption for each
language of a video. A caption that somebody else made there is kept.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field

from subtitled.plugin import (
    CheckResult,
    IndexStatus,
    Language,
    MediaServer,
    Register,
    Secret,
    Settings,
    SetupError,
    Sidecar,
    SidecarChange,
    SubtitledError,
    SubtitleKind,
    hookimpl,
)
from subtitled.plugin.http import HttpService, parse_answer, send_request
from subtitled.plugin.http_server import NotFoundError
from subtitled.plugin.limits import (
    clean_text,
    read_file,
    read_integer,
    read_object,
    read_objects,
)

from ._peertube_captions import is_unchanged_ours, to_caption

SUBTITLED_API = "1"

SUBTITLE_EXTENSIONS = (".vtt", ".srt")
"""What is sent, the better first."""
PAGE_SIZE = 100
MAX_VIDEOS = 20_000
"""The most videos of the user that are looked through."""
MAX_CAPTION_BYTES = 16 * 1024 * 1024
OTP_HEADER, MISSING_FACTOR = "x-peertube-otp", "missing_two_factor"
"""How PeerTube says that a user has to give a one-time password too."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class PeerTubeSettings(Settings):
    """The settings in ``[servers.peertube]``."""

    url: str = Field(
        pattern=r"^https?://",
        description="The address of the PeerTube, such as https://videos.example.org.",
    )
    user: str = Field(description="The user whose videos get captions.")
    password: Secret = Field(description="The password of that user, by reference.")
    replace_captions: Literal["ours", "all"] = Field(
        "ours",
        description="Which captions in the same language are replaced. ours: those that subtitled "
        "sent and nobody changed, and those that PeerTube transcribed. all: any.",
    )
    verify_tls: bool = Field(True, description="Require a valid certificate.")
    timeout: float = Field(15.0, gt=0, description="Seconds to wait for an answer.")
    remove_captions: bool = Field(
        False,
        description="Remove a caption of ours when its subtitle is removed from the library.",
    )


class PeerTube(MediaServer[PeerTubeSettings]):
    """A PeerTube, as a user who may change the videos."""

    refresh_strategies = ("sent the captions",)

    def __init__(self, settings: PeerTubeSettings, context: Any) -> None:
        super().__init__(settings, context)
        self._client: Any = None
        """An HTTP client to use for all requests; None: one for each."""
        self._token = ""
        self._videos = dict[str, str]()
        """Name of a media file -> UUID of its video, for those found before."""
        self._uploaded_as = dict[str, tuple[str, ...]]()
        """UUID of a video -> names under which it was uploaded, for the newest."""

    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
        for change in changes:
            video = self._find_video(change.media)
            if video is None:
                continue  # check_indexed reports it
            with contextlib.suppress(NotFoundError):  # so is a video that is gone
                self._send_change(video, change)

    def check_indexed(self, change: SidecarChange) -> IndexStatus:
        chosen = _choose_sidecars(change.added)
        if not chosen:
            return IndexStatus(None, "nothing of this is a caption: PeerTube takes srt and vtt")
        video = self._find_video(change.media)
        if video is None:
            return IndexStatus(False, f"no video of {self.settings.user} is {change.media.name}")
        try:
            captions = self._list_captions(video)
        except NotFoundError:
            self._videos.pop(change.media.name, None)
            return IndexStatus(False, f"it has no video {video}")
        missing = []
        for sidecar in chosen:
            caption = captions.get(self._language_id(sidecar.language) or "")
            if caption is None:
                missing.append(f"it has no caption in {sidecar.language}")
            elif self.settings.replace_captions == "ours" and not self._is_ours(caption):
                missing.append(f"somebody else made the caption in {sidecar.language}: it is kept")
        return IndexStatus(not missing, "; ".join(missing))

    def self_check(self) -> Sequence[CheckResult]:
        subject = f"PeerTube at {self._url}"
        try:
            total = read_integer(self._list_page(0, 1).get("total"), 0, 10**9) or 0
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        return [CheckResult(subject, True, f"{self.settings.user} is signed in: {total} videos")]

    def _send_change(self, video: str, change: SidecarChange) -> None:
        for sidecar in _choose_sidecars(change.added):
            self._send(video, sidecar)
        added = {sidecar.language for sidecar in change.added}
        for sidecar in _choose_sidecars(change.removed):
            if self.settings.remove_captions and sidecar.language not in added:
                self._remove(video, sidecar.language)

    def _send(self, video: str, sidecar: Sidecar) -> None:
        """Send a sidecar as the caption of its language, unless that is somebody else's."""
        language = self._language_id(sidecar.language)
        if language is None:
            return
        caption = self._list_captions(video).get(language)
        if caption is not None and self.settings.replace_captions == "ours":
            is_automatic = bool(caption.get("automaticallyGenerated"))
            if not is_automatic and not self._is_ours(caption):
                self.context.log.warning(
                    "%s: somebody else made the caption in %s of %s; it is kept",
                    self._url,
                    sidecar.language,
                    video,
                )
                return
        content = read_file(sidecar.path, MAX_CAPTION_BYTES).decode("utf-8", "replace")
        text = to_caption(content, sidecar.path.suffix.lower())
        path = f"/api/v1/videos/{video}/captions/{quote(language)}"
        self._call("PUT", path, files={"captionfile": ("caption.vtt", text.encode(), "text/vtt")})

    def _remove(self, video: str, tag: Language) -> None:
        language = self._language_id(tag)
        caption = self._list_captions(video).get(language or "")
        if language is not None and caption is not None and self._is_ours(caption):
            self._call("DELETE", f"/api/v1/videos/{video}/captions/{quote(language)}")

    def _is_ours(self, caption: Mapping[str, Any]) -> bool:
        """Return whether we sent a caption and nobody changed it. One elsewhere is not read."""
        path = clean_text(caption.get("captionPath"))
        url = clean_text(caption.get("fileUrl"))
        if not path.startswith("/") and url.startswith(f"{self._url}/"):
            path = url.removeprefix(self._url)
        if not path.startswith("/") or path.startswith("//"):
            return False
        try:
            response = self._request("GET", path)
        except NotFoundError:
            return False
        return is_unchanged_ours(response.content.decode("utf-8", "replace"))

    def _list_captions(self, video: str) -> dict[str, dict[str, Any]]:
        """Return the captions of a video by the ids of their languages."""
        answer = read_object(self._call("GET", f"/api/v1/videos/{video}/captions"))
        return {
            clean_text(read_object(caption.get("language")).get("id")): caption
            for caption in read_objects(answer.get("data"))
        }

    def _language_id(self, language: Language) -> str | None:
        """Return PeerTube's id of a language; None if it has none, which is logged."""
        known = read_object(self._call("GET", "/api/v1/videos/languages", signed_in=False))
        for candidate in (str(language), str(language.primary)):
            if candidate in known:
                return candidate
        self.context.log.warning("%s knows no language %s", self._url, language)
        return None

    def _find_video(self, media: Path) -> str | None:
        """Return the UUID of the video of a media file; None if there is none, or several are.

        It is in the name of the file or of its folder. Else it is that of the only video of the
        user with this title, or that was uploaded under this name.
        """
        for name in (media.stem, media.parent.name):
            if (match := _UUID.search(name.lower())) is not None:
                return match[0]
        if media.name in self._videos:
            return self._videos[media.name]
        videos = list(self._list_videos())
        titled = [uuid for uuid, title in videos if title.casefold() == media.stem.casefold()]
        if not titled:
            newest = [uuid for uuid, _ in videos[:PAGE_SIZE]]
            titled = [uuid for uuid in newest if self._was_uploaded_as(uuid, media)]
            self._uploaded_as = {uuid: self._uploaded_as[uuid] for uuid in newest}
        if len(titled) != 1:
            return None
        self._videos[media.name] = titled[0]
        return titled[0]

    def _was_uploaded_as(self, video: str, media: Path) -> bool:
        if video not in self._uploaded_as:
            self._uploaded_as[video] = self._read_source(video)
        return media.name in self._uploaded_as[video]

    def _read_source(self, video: str) -> tuple[str, ...]:
        """Return the names under which the file of a video was uploaded."""
        try:
            source = read_object(self._call("GET", f"/api/v1/videos/{video}/source"))
        except NotFoundError:
            return ()  # The original is not known any more.
        return clean_text(source.get("inputFilename")), clean_text(source.get("filename"))

    def _list_videos(self) -> Iterator[tuple[str, str]]:
        """Yield UUID and title of the user's videos, the newest first."""
        for start in range(0, MAX_VIDEOS, PAGE_SIZE):
            page = self._list_page(start, PAGE_SIZE)
            videos = read_objects(page.get("data"))
            for video in videos:
                uuid = clean_text(video.get("uuid")).lower()
                if _UUID.fullmatch(uuid):
                    yield uuid, clean_text(video.get("name"))
            if len(videos) < PAGE_SIZE:
                return

    def _list_page(self, start: int, count: int) -> dict[str, Any]:
        query = {"start": str(start), "count": str(count), "sort": "-createdAt"}
        return read_object(self._call("GET", "/api/v1/users/me/videos", params=query))

    @property
    def _url(self) -> str:
        return self.settings.url.rstrip("/")

    def _call(self, method: str, path: str, *, signed_in: bool = True, **options: Any) -> Any:
        """Send a request, and parse its answer. A token that has expired is renewed once."""
        if not signed_in:
            return self._parse(self._request(method, path, **options), path)
        is_new = not self._token
        if is_new:
            self._sign_in()
        response = self._request(method, path, headers=self._bearer(), may_refuse=True, **options)
        if response.status_code == 401 and not is_new:
            self._sign_in()
            response = self._request(method, path, headers=self._bearer(), **options)
        elif response.status_code in (401, 403):
            raise self._refused(response.status_code)
        return self._parse(response, path)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _sign_in(self) -> None:
        """Get a token with the password, as the client that every PeerTube gives to everybody."""
        client = read_object(self._call("GET", "/api/v1/oauth-clients/local", signed_in=False))
        form = {
            "client_id": clean_text(client.get("client_id")),
            "client_secret": clean_text(client.get("client_secret")),
            "grant_type": "password",
            "response_type": "code",
            "username": self.settings.user,
            "password": self.settings.password.reveal(),
        }
        response = self._request("POST", "/api/v1/users/token", data=form, may_refuse=True)
        if response.status_code in (400, 401, 403):
            if _asks_for_one_time_password(response):
                raise self._needs_one_time_password()
            raise self._refused(response.status_code)
        answer = read_object(self._parse(response, "/api/v1/users/token"))
        self._token = clean_text(answer.get("access_token"))
        if not self._token:
            raise SetupError(f"{self._url} does not answer as PeerTube does", "Check the url")

    def _refused(self, status: int) -> SetupError:
        self._token = ""
        name = f"servers.{self.context.name}"
        return SetupError(
            f"PeerTube at {self._url} refuses {self.settings.user} ({status})",
            f"Check {name}.user and {name}.password, and that the user may change the video",
        )

    def _needs_one_time_password(self) -> SetupError:
        self._token = ""
        name = f"servers.{self.context.name}"
        return SetupError(
            f"PeerTube at {self._url} asks {self.settings.user} for a one-time password, which no "
            "program can give",
            f"Create a user without two-factor authentication that may change the videos, such as "
            f"a moderator, and set {name}.user and {name}.password to it; or turn two-factor "
            f"authentication off for {self.settings.user}",
        )

    def _request(self, method: str, path: str, *, may_refuse: bool = False, **options: Any) -> Any:
        service = HttpService(
            name=f"PeerTube at {self._url}",
            timeout=self.settings.timeout,
            verify=self.settings.verify_tls,
            section=f"servers.{self.context.name}",
            example="https://videos.example.org",
            client=self._client,
        )
        response = send_request(service, method, self._url + path, **options)
        status = response.status_code
        if response.is_success or (may_refuse and status in (400, 401, 403)):
            return response
        if status in (401, 403):
            raise self._refused(status)
        kind = NotFoundError if status == 404 else SetupError
        raise kind(f"{self._url}{path} answers {status}", "Check that the url is PeerTube's own")

    def _parse(self, response: Any, path: str) -> Any:
        if not response.is_success:
            raise SetupError(
                f"{self._url}{path} answers {response.status_code}", "Look at PeerTube's log"
            )
        try:
            return parse_answer(response)
        except ValueError:
            raise SetupError(
                f"{self._url}{path} does not answer as PeerTube does", "Check the url"
            ) from None


def _asks_for_one_time_password(response: Any) -> bool:
    """Return whether a user cannot sign in with the password alone."""
    if "required" in response.headers.get(OTP_HEADER, "").lower():
        return True
    try:
        return read_object(parse_answer(response)).get("code") == MISSING_FACTOR
    except ValueError:
        return False


def _choose_sidecars(sidecars: Sequence[Sidecar]) -> list[Sidecar]:
    """Return the full subtitle of each language, in the better format if there are two."""
    chosen: dict[Language, Sidecar] = {}
    for extension in SUBTITLE_EXTENSIONS:
        for sidecar in sidecars:
            if sidecar.kind is SubtitleKind.FULL and sidecar.path.suffix.lower() == extension:
                chosen.setdefault(sidecar.language, sidecar)
    return list(chosen.values())


@hookimpl
def register_media_servers(register: Register[MediaServer[Any]]) -> None:
    """Register PeerTube."""
    register(PeerTube)
