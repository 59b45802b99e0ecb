"""What the bundled media servers have in common: asking over HTTP, and what goes wrong with it."""

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
    Temporary,
)

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

        where = f"{self.kind} at {self.url}"
        try:
            if self._client is None:
                # Kept, and without certificates where none is asked for: reading them all takes a
                # tenth of a second. Connections are not kept: minutes lie between two calls.
                self._client = httpx.Client(
                    timeout=self.settings.timeout,
                    verify=self.settings.verify_tls and self.url.startswith("https"),
                    limits=httpx.Limits(max_keepalive_connections=0),
                )
            said = {"Accept": "application/json", **headers}
            answer = self._client.request(
                method, self.url + path, params=query, json=body, headers=said
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise Misconfigured(
                f"{self.url} is no address", f"Write one such as {self.example}"
            ) from None
        except httpx.HTTPError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise Misconfigured(
                    f"the certificate of {where} is not valid",
                    f"Give it one, or set servers.{self.context.name}.verify_tls = false",
                ) from None
            raise Temporary(
                f"{where} does not answer: {type(error).__name__}",
                "Check that it runs and that the url is right",
            ) from None
        status = answer.status_code
        if status in (401, 403):
            raise Misconfigured(f"{where} refuses the key ({status})", self.new_key())
        if status >= 500 or status == 429:
            raise Temporary(f"{where} answers {status}", "Look at its log", _seconds(answer))
        if answer.has_redirect_location:
            # Not followed: what is asked with POST would arrive as GET, or the key elsewhere.
            raise Misconfigured(
                f"{self.url} sends callers elsewhere, to {answer.headers['Location']}",
                f"Set servers.{self.context.name}.url to that place",
            )
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


def _seconds(answer: Any) -> float | None:
    """What ``Retry-After`` says, in seconds; dates are left aside."""
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdecimal() else None
