"""What the bundled media servers have in common: their paths, and one way of asking them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from subtitled.plugin import (
    Context,
    MediaServer,
    Misconfigured,
    PathMap,
    PathPairs,
    Settings,
)

from ._http import ask

if TYPE_CHECKING:
    import httpx


class NotThere(Misconfigured):
    """The server answers 404."""


class ServerSettings(Settings):
    """What each of them needs."""

    url: str = Field(pattern=r"^https?://", description="Where it answers.")
    path_map: PathPairs = Field(
        (), description="Pairs of [our folder, its folder], where it sees the media elsewhere."
    )
    verify_tls: bool = Field(True, description="Insist on a valid certificate.")
    timeout: float = Field(15.0, gt=0, description="Seconds to wait for its answer.")


class Server(MediaServer):
    """One that is asked over HTTP. ``kind`` is its name, ``example`` an address such as it has."""

    kind: str
    example: str
    settings: ServerSettings

    def __init__(self, settings: ServerSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._paths = PathMap(settings.path_map)
        self._client: httpx.Client | None = None

    def ours(self, path: str) -> Path:
        return self._paths.ours(path)

    def theirs(self, path: Path) -> str:
        return self._paths.theirs(path)

    @property
    def url(self) -> str:
        return self.settings.url.rstrip("/")

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Any:
        """What it answers, read as JSON; None where it says nothing.

        Raises :class:`Temporary` when it is away and :class:`Misconfigured` when it refuses.
        """
        import httpx

        where, section = f"{self.kind} at {self.url}", f"servers.{self.context.name}"
        if self._client is None:
            # Kept, and without certificates where none is asked for: reading them all takes a
            # tenth of a second. Connections are not kept: minutes lie between two calls.
            self._client = httpx.Client(
                timeout=self.settings.timeout,
                verify=self.settings.verify_tls and self.url.startswith("https"),
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        answer = ask(
            where,
            method,
            self.url + path,
            timeout=self.settings.timeout,
            headers={"Accept": "application/json", **headers},
            section=section,
            example=self.example,
            client=self._client,
            params=query,
            json=body,
        )
        status = answer.status_code
        if status in (401, 403):
            raise Misconfigured(f"{where} refuses the key ({status})", self.new_key())
        if not answer.is_success:
            kind = NotThere if status == 404 else Misconfigured
            raise kind(
                f"{self.url}{path} answers {status}", f"Check that the url is {self.kind}'s own"
            )
        try:
            return answer.json() if answer.content.strip() else None
        except ValueError:
            raise self.stranger(path) from None

    def new_key(self) -> str:
        """How to get a key that is right."""
        raise NotImplementedError

    def stranger(self, path: str) -> Misconfigured:
        """What answers there is no such server."""
        return Misconfigured(
            f"{self.url}{path} does not answer as {self.kind} does", "Check the url"
        )
