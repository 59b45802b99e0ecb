"""The port itself: opened with the daemon's life, in a thread of its own, and closed with it."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from subtitled.config.load import Configuration
from subtitled.config.web import WebSettings
from subtitled.library.ledger import Ledger
from subtitled.plugin import Misconfigured
from subtitled.service.health import Health
from subtitled.service.metrics import CONTENT_TYPE
from subtitled.service.vitals import Vitals

from .commits import Commits
from .hooks import Hooks
from .pages import Page, Pages
from .tokens import reveal

if TYPE_CHECKING:
    import uvicorn

_log = logging.getLogger(__name__)

ENDS_WITHIN = 5.0
"""Seconds that answers under way may take when the port is closed."""
CALLERS_AT_ONCE = 500
"""Connections; who comes on top is told to come later."""


def web_of(configuration: Configuration, ledger: Ledger, vitals: Vitals) -> Web | None:
    """The port, if one is configured."""
    if configuration.settings.web.port is None:
        return None
    pages = {"/metrics": Page(vitals.metrics, CONTENT_TYPE)}
    return Web(configuration, ledger, vitals.health, pages)


class Web:
    """One HTTP port. ``pages`` are hung up beside the webhooks, behind the same token."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        health: Callable[[], Health],
        pages: Pages,
    ) -> None:
        self._configuration = configuration
        self._settings: WebSettings = configuration.settings.web
        self.ledger = ledger
        self._health = health
        self._pages = pages
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.port = 0
        """The port that is listened on, once it is."""

    def start(self) -> None:
        """Open the port. Raises :class:`Misconfigured` with what is in the way."""
        try:
            import python_multipart  # noqa: F401 - Starlette asks for it only when a form comes
            import uvicorn

            from .app import application
        except ImportError as error:
            raise Misconfigured(
                f"the HTTP port needs a package that is not installed: {error.name}",
                "Install it: pip install 'subtitled[web]'",
            ) from error
        settings = self._settings
        token = reveal(settings.token) if settings.token is not None else None
        listening = self._listen()
        self.port = listening.getsockname()[1]
        app = application(
            Hooks(settings, self._configuration.settings.libraries),
            Commits(self.ledger.mailbox),
            self._health,
            self._pages,
            token,
            settings.size_limit,
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                access_log=False,  # its lines hold the query, and so perhaps the token
                date_header=False,
                lifespan="off",
                limit_concurrency=CALLERS_AT_ONCE,
                log_config=None,
                loop="asyncio",
                server_header=False,
                timeout_graceful_shutdown=1,
                ws="none",
            )
        )
        run = self._server.run
        self._thread = threading.Thread(
            target=lambda: run(sockets=[listening]), name="web", daemon=True
        )
        self._thread.start()
        _log.info("listening on %s, port %d", settings.address, self.port)

    def stop(self) -> None:
        """Close the port; what was answered is on the disk."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(ENDS_WITHIN)

    def _listen(self) -> socket.socket:
        address, port = self._settings.address, self._settings.port or 0
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            return socket.create_server((address, port), family=family, backlog=1024)
        except OSError as error:
            cure = {
                errno.EADDRINUSE: "End what listens there, or choose another web.port",
                errno.EADDRNOTAVAIL: "web.address must be an address of this machine",
                errno.EACCES: "Choose a web.port above 1023",
            }.get(error.errno or 0, "Choose another web.port")
            raise Misconfigured(
                f"the HTTP port {port} on {address} cannot be opened: {error.strerror}", cure
            ) from error
