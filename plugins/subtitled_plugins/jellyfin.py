"""Jellyfin: told about exactly the changed file.

Its answer to ``POST /Library/Media/Updated`` is 204 whatever the path (Jellyfin's source, 2026-08),
so that alone confirms nothing; it acts about a minute later.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from pydantic import Field

from subtitled.plugin import (
    Component,
    Finding,
    MediaServer,
    Misconfigured,
    Problem,
    Secret,
    Settings,
    Temporary,
    hookimpl,
)

SUBTITLED_CONTRACT = "2.0"


class JellyfinSettings(Settings):
    """``[servers.jellyfin]``"""

    url: str = Field(
        pattern=r"^https?://", description="Where it answers, such as http://nas:8096."
    )
    api_key: Secret = Field(description="A key from Dashboard > API Keys, by reference.")
    path_map: tuple[tuple[str, str], ...] = Field(
        (), description="Pairs of [our folder, its folder], where it sees the media elsewhere."
    )
    verify_tls: bool = Field(True, description="Insist on a valid certificate.")
    timeout: float = Field(15.0, gt=0, description="Seconds to wait for its answer.")


class Jellyfin(MediaServer):
    """One Jellyfin server."""

    Settings = JellyfinSettings
    settings: JellyfinSettings

    def changed(self, media: Path, sidecars: Sequence[Path]) -> None:
        path = theirs(media, self.settings.path_map)
        update = {"Updates": [{"Path": path, "UpdateType": "Modified"}]}
        self._ask("POST", "/Library/Media/Updated", update)

    def playing(self) -> Sequence[Path]:
        sessions = self._ask("GET", "/Sessions")
        if not isinstance(sessions, list):
            raise self._stranger("/Sessions")
        playing = [session.get("NowPlayingItem") or {} for session in sessions]
        found = [item.get("Path") for item in playing]
        return [ours(path, self.settings.path_map) for path in found if path]

    def check(self) -> Sequence[Finding]:
        what = f"Jellyfin at {self.settings.url}"
        try:
            said = self._ask("GET", "/System/Info")
            if not isinstance(said, dict):
                raise self._stranger("/System/Info")
        except Problem as problem:
            return [Finding(what, False, problem.what, problem.cure)]
        return [Finding(what, True, f"version {said.get('Version', '?')}, the key is right")]

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        import httpx

        url = self.settings.url.rstrip("/")
        try:
            answer = httpx.request(
                method,
                url + path,
                json=body,
                headers={"Authorization": self._authorisation()},
                timeout=self.settings.timeout,
                verify=self.settings.verify_tls,
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise Misconfigured(
                f"{url} is no address", "Write one such as http://nas:8096"
            ) from None
        except httpx.HTTPError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise Misconfigured(
                    f"the certificate of Jellyfin at {url} is not valid",
                    f"Give it one, or set servers.{self.context.name}.verify_tls = false",
                ) from None
            raise Temporary(
                f"Jellyfin at {url} does not answer: {type(error).__name__}",
                "Check that it runs and that the url is right",
            ) from None
        status = answer.status_code
        if status in (401, 403):
            raise Misconfigured(f"Jellyfin at {url} refuses the key ({status})", self._new_key())
        if status >= 500 or status == 429:
            raise Temporary(f"Jellyfin at {url} answers {status}", "Look at its log")
        if answer.has_redirect_location:
            # Not followed: what is asked with POST would arrive as GET, or the key elsewhere.
            raise Misconfigured(
                f"{url} sends callers elsewhere, to {answer.headers['Location']}",
                f"Set servers.{self.context.name}.url to that place",
            )
        if not answer.is_success:
            raise Misconfigured(
                f"{url}{path} answers {status}", "Check that the url is Jellyfin's own"
            )
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise self._stranger(path) from None

    def _authorisation(self) -> str:
        """The scheme that Jellyfin documents; a key in the URL would end up in its logs."""
        key = self.settings.api_key.reveal()
        if not (key.isascii() and key.isalnum()):
            raise Misconfigured("what is given as Jellyfin's key is no such key", self._new_key())
        return f'MediaBrowser Token="{key}"'

    def _new_key(self) -> str:
        return (
            f"Make a new one under Dashboard > API Keys and set servers.{self.context.name}"
            ".api_key to where it lies"
        )

    def _stranger(self, path: str) -> Misconfigured:
        return Misconfigured(
            f"{self.settings.url.rstrip('/')}{path} does not answer as Jellyfin does",
            "Check the url",
        )


def theirs(path: Path, pairs: Sequence[tuple[str, str]]) -> str:
    """Our path as the server sees it: by the first pair whose folder holds it.

    Bytes that are no UTF-8 become U+FFFD, as the server's own runtime reads them.
    """
    path = Path(os.fsencode(path).decode("utf-8", "replace"))
    for mine, other in pairs:
        if path.is_relative_to(mine):
            rest = path.relative_to(mine).parts
            return str(_flavoured(other).joinpath(*rest))
    return str(path)


def ours(path: str, pairs: Sequence[tuple[str, str]]) -> Path:
    """The server's path as a path of this machine."""
    for mine, other in pairs:
        folder = _flavoured(other)
        there = type(folder)(path)
        if there.is_relative_to(folder):
            return Path(mine).joinpath(*there.relative_to(folder).parts)
    return Path(path)


def _flavoured(folder: str) -> PurePosixPath | PureWindowsPath:
    """A folder in the server's own manner: backslashes or a drive letter mean Windows."""
    windows = "\\" in folder or folder[1:2] == ":"
    return PureWindowsPath(folder) if windows else PurePosixPath(folder)


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [Jellyfin]
