"""The port itself: opened with the daemon's life, in a thread of its own, and closed with it."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from subtitled.config.daemon_settings import WebSettings
from subtitled.config.load import Configuration
from subtitled.daemon.health import HealthMonitor, HealthReport
from subtitled.daemon.metrics import CONTENT_TYPE
from subtitled.db.database import Database
from subtitled.plugin import SetupError

from .auth import load_token
from .endpoints import TextEndpoint, TextEndpoints
from .group_commit import GroupCommitQueue
from .receiver import WebhookReceiver

if TYPE_CHECKING:
    import uvicorn

_log = logging.getLogger(__name__)

SHUTDOWN_TIMEOUT = 5.0
"""Seconds that answers under way may take when the port is closed."""
MAX_CONNECTIONS = 500
"""Connections; who comes on top is told to come later."""


def build_web(
    configuration: Configuration, ledger: Database, vitals: HealthMonitor
) -> WebServer | None:
    """The port, if one is configured."""
    if configuration.settings.web.port is None:
        return None
    endpoints = {"/metrics": TextEndpoint(vitals.render_metrics, CONTENT_TYPE)}
    return WebServer(configuration, ledger, vitals.evaluate_health, endpoints)


class WebServer:
    """One HTTP port. ``pages`` are hung up beside the webhooks, behind the same token."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Database,
        health: Callable[[], HealthReport],
        endpoints: TextEndpoints,
    ) -> None:
        self._configuration = configuration
        self._settings: WebSettings = configuration.settings.web
        self.ledger = ledger
        self._health = health
        self._endpoints = endpoints
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.port = 0
        """The port that is listened on, once it is."""

    def start(self) -> None:
        """Open the port. Raises :class:`SetupError` with what is in the way."""
        try:
            import python_multipart  # noqa: F401 - Starlette asks for it only when a form comes
            import uvicorn

            from .app import build_application
        except ImportError as error:
            raise SetupError(
                f"the HTTP port needs a package that is not installed: {error.name}",
                "Install it: pip install 'subtitled[web]'",
            ) from error
        settings = self._settings
        token = load_token(settings.token) if settings.token is not None else None
        listener = self._listen()
        self.port = listener.getsockname()[1]
        app = build_application(
            WebhookReceiver(settings, self._configuration.settings.libraries),
            GroupCommitQueue(self.ledger.commands),
            self._health,
            self._endpoints,
            token,
            settings.max_body_bytes,
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                access_log=False,  # its lines hold the query, and so perhaps the token
                date_header=False,
                lifespan="off",
                limit_concurrency=MAX_CONNECTIONS,
                log_config=None,
                loop="asyncio",
                server_header=False,
                timeout_graceful_shutdown=1,
                ws="none",
            )
        )
        run = self._server.run
        self._thread = threading.Thread(
            target=lambda: run(sockets=[listener]), name="web", daemon=True
        )
        self._thread.start()
        _log.info("listening on %s, port %d", settings.address, self.port)

    def stop(self) -> None:
        """Close the port; what was answered is on the disk."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(SHUTDOWN_TIMEOUT)

    def _listen(self) -> socket.socket:
        address, port = self._settings.address, self._settings.port or 0
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            return socket.create_server((address, port), family=family, backlog=1024)
        except OSError as error:
            hint = {
                errno.EADDRINUSE: "End what listens there, or choose another web.port",
                errno.EADDRNOTAVAIL: "web.address must be an address of this machine",
                errno.EACCES: "Choose a web.port above 1023",
            }.get(error.errno or 0, "Choose another web.port")
            raise SetupError(
                f"the HTTP port {port} on {address} cannot be opened: {error.strerror}", hint
            ) from error
