"""The base class of endpoints: HTTP routes of a plugin behind the sign-in of subtitled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from .component import Component, S

AsgiMessage: TypeAlias = MutableMapping[str, Any]
"""A message of ASGI, such as ``{"type": "http.response.start", "status": 200, "headers": []}``."""
AsgiApplication: TypeAlias = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[AsgiMessage]],
        Callable[[AsgiMessage], Awaitable[None]],
    ],
    Awaitable[None],
]
"""An application of ASGI 3, such as one of Starlette or FastAPI."""


class EndpointRole(StrEnum):
    """What a caller may do in subtitled. Each role may do all that those before it may."""

    VIEWER = "viewer"
    """See everything but the configuration and the logs."""
    REVIEWER = "reviewer"
    """Edit and approve subtitles."""
    OPERATOR = "operator"
    """Steer the queue, pauses and undo."""
    ADMIN = "admin"
    """Manage users, keys and the configuration, and read the logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCapabilities:
    """What an endpoint needs, and its limits."""

    role: EndpointRole = EndpointRole.OPERATOR
    """The role that a caller must have, or a higher one."""
    methods: frozenset[str] = frozenset({"GET"})
    """The methods that it answers: GET, which brings HEAD, POST, PUT, PATCH, DELETE."""
    max_body_bytes: int = 1_000_000
    """Largest request body, up to 64 MiB."""
    max_response_bytes: int = 16_000_000
    """Largest body of an answer, up to 64 MiB."""
    timeout_seconds: float = 30.0
    """Seconds that an answer may take, up to 300."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCaller:
    """Who calls. Endpoints find it as ``scope["state"]["caller"]``.

    In Starlette and FastAPI that is ``request.state.caller``.
    """

    name: str
    """The name of the user or of the API key."""
    role: EndpointRole
    """The role, at least that of :attr:`EndpointCapabilities.role`."""
    libraries: tuple[str, ...] | None = None
    """The libraries that the caller may see; None for all."""
    csrf_token: str = ""
    """What a form of a page must send along as the field ``csrf_token``, or a script as the header
    ``X-CSRF-Token``. Empty for programs."""


class Endpoint(Component[S], ABC):
    """HTTP routes below ``/x/NAME`` of the HTTP port, where ``NAME`` is that of the section.

    subtitled checks host, caller, role, other pages and sizes before it calls the application.
    Credentials do not arrive: no cookie and no key. Each call runs in a thread and an event loop
    of its own in the daemon's process, with a time limit. The answer is sent when it is complete.
    It cannot set cookies, and its pages load scripts and styles from this port only. There is no
    ``lifespan`` and there are no WebSockets.
    """

    @classmethod
    def capabilities(cls, settings: S) -> EndpointCapabilities:
        """State what the endpoint needs. May be implemented.

        Do not import heavy packages and do not use the network.

        Args:
            settings: The validated settings.

        Returns:
            The role, methods and limits. The default is GET, for operators.
        """
        return EndpointCapabilities()

    @abstractmethod
    def application(self) -> AsgiApplication:
        """Create the application. Must be implemented. Called once, before the first request.

        ``scope["root_path"]`` ends with ``/x/NAME``, and routes begin behind it: ``/`` is
        ``/x/NAME/``.

        Returns:
            An application of ASGI 3.

        Raises:
            SetupError: Something has to be set up first. All requests are then answered with 503.
        """
