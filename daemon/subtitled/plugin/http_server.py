"""The base class of media servers with an HTTP interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field
from typing_extensions import TypeVar

from .component import ComponentContext, Settings
from .errors import SetupError
from .http import HttpService, get_host, parse_answer, send_request
from .limits import clean_text, read_path
from .media_server import MediaServer
from .paths import PathMap, PathPairs

if TYPE_CHECKING:
    import httpx


class NotFoundError(SetupError):
    """The server answers 404: it does not have what was asked for."""


class HttpServerSettings(Settings):
    """Settings of a media server with an HTTP interface."""

    url: str = Field(pattern=r"^https?://", description="The address of the server.")
    """The address of the server."""
    path_map: PathPairs = Field(
        (),
        description="Pairs of [our folder, its folder], if the server sees the media elsewhere.",
    )
    """Pairs of (folder of this machine, folder of the server)."""
    verify_tls: bool = Field(True, description="Require a valid certificate.")
    """Whether to verify the TLS certificate."""
    timeout: float = Field(15.0, gt=0, description="Seconds to wait for an answer.")
    """Seconds to wait for a response."""


H = TypeVar("H", bound=HttpServerSettings, default=HttpServerSettings)
"""The settings class of a media server: ``class Plex(HttpMediaServer[PlexSettings])``."""


class HttpMediaServer(MediaServer[H]):
    """A media server with an HTTP interface that answers JSON. It maps paths by ``path_map``."""

    kind: str
    """The product's name, for messages. Must be set."""
    example: str
    """A typical address of the server, for hints. Must be set."""

    def __init__(self, settings: H, context: ComponentContext) -> None:
        """Create the component. May be implemented.

        Args:
            settings: The validated settings.
            context: What the core gives to the component.
        """
        super().__init__(settings, context)
        self._paths = PathMap(settings.path_map)
        self._client: httpx.Client | None = None
        self._has_odd_paths = False

    def to_local(self, path: str) -> Path:
        """Map a path of the server by ``path_map``. May be implemented.

        Args:
            path: A path as the server names it.

        Returns:
            The path of this machine.
        """
        return self._paths.to_local(path)

    def to_server(self, path: Path) -> str:
        """Map a path of this machine by ``path_map``. May be implemented.

        Args:
            path: A path of this machine.

        Returns:
            The path as the server names it.
        """
        return self._paths.to_server(path)

    def to_local_paths(self, values: Iterable[object]) -> list[Path]:
        """Map the paths of a response to paths of this machine.

        Args:
            values: Paths as the server names them. What is no path is left out, and logged once.

        Returns:
            Paths of this machine, each once.
        """
        paths = []
        for value in dict.fromkeys(value for value in values if isinstance(value, str) and value):
            path = read_path(value)
            if path is not None:
                paths.append(self.to_local(path))
            elif not self._has_odd_paths:
                self._has_odd_paths = True
                self.context.log.warning(
                    "%s at %s names a file by what is no path, which is left out: %.200s",
                    self.kind,
                    get_host(self.url),
                    clean_text(value),
                )
        return paths

    @property
    def url(self) -> str:
        """The configured address without a slash at the end."""
        return self.settings.url.rstrip("/")

    def request_json(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Any:
        """Send a request to the server and parse the response as JSON.

        Args:
            method: The HTTP method.
            path: The path below :attr:`url`, with a slash in front.
            headers: Request headers, such as the key.
            query: Query parameters.
            body: The body, sent as JSON.

        Returns:
            The parsed response, or None if it is empty.

        Raises:
            TransientError: The server does not answer now.
            NotFoundError: The server answers 404.
            SetupError: The server refuses the key, or the response is not what this product sends.
        """
        import httpx

        name = f"{self.kind} at {self.url}"
        if self._client is None:
            # The client is kept, and reads no certificates for plain HTTP, because reading them
            # takes 0.1 s. Connections are not kept: calls are minutes apart.
            self._client = httpx.Client(
                timeout=self.settings.timeout,
                verify=self.settings.verify_tls and self.url.startswith("https"),
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        service = HttpService(
            name=name,
            timeout=self.settings.timeout,
            section=f"servers.{self.context.name}",
            example=self.example,
            client=self._client,
        )
        response = send_request(
            service,
            method,
            self.url + path,
            headers={"Accept": "application/json", **headers},
            params=query,
            json=body,
        )
        status = response.status_code
        if status in (401, 403):
            raise SetupError(f"{name} refuses the key ({status})", self.key_hint())
        if not response.is_success:
            kind = NotFoundError if status == 404 else SetupError
            raise kind(
                f"{self.url}{path} answers {status}", f"Check that the url is {self.kind}'s own"
            )
        try:
            return parse_answer(response)
        except ValueError:
            raise self.unexpected_answer(path) from None

    def key_hint(self) -> str:
        """Explain how to get a valid key, as the hint of an error. Must be implemented.

        Returns:
            One sentence without a full stop.
        """
        raise NotImplementedError

    def unexpected_answer(self, path: str) -> SetupError:
        """Create the error for a response that this product would not send.

        Args:
            path: The path below :attr:`url`.

        Returns:
            The error. The caller raises it.
        """
        return SetupError(f"{self.url}{path} does not answer as {self.kind} does", "Check the url")
