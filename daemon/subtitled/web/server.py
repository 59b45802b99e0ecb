"""The server of the HTTP port, which runs in its own thread while the daemon runs."""

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

from .auth.token import load_token
from .endpoints import TextEndpoint, TextEndpoints
from .group_commit import GroupCommitQueue
from .receiver import WebhookReceiver

if TYPE_CHECKING:
    import uvicorn

_log = logging.getLogger(__name__)

SHUTDOWN_TIMEOUT_SECONDS = 5.0
"""Seconds that unfinished answers may take when the port is closed."""


def build_web(
    configuration: Configuration, db: Database, health_monitor: HealthMonitor
) -> WebServer | None:
    """Create the server, if a port is configured."""
    if configuration.settings.web.port is None:
        return None
    endpoints = {"/metrics": TextEndpoint(health_monitor.render_metrics, CONTENT_TYPE)}
    return WebServer(configuration, db, health_monitor.evaluate_health, endpoints)


class WebServer:
    """One HTTP port with the webhooks and some text ``endpoints``, all behind the same token."""

    def __init__(
        self,
        configuration: Configuration,
        db: Database,
        health: Callable[[], HealthReport],
        endpoints: TextEndpoints,
    ) -> None:
        self._configuration = configuration
        self._settings: WebSettings = configuration.settings.web
        self.db = db
        self._health = health
        self._endpoints = endpoints
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.port = 0
        """The port number, once the port is open."""

    def start(self) -> None:
        """Open the port.

        Raises:
            SetupError: The port cannot be opened, the token is not usable, or a package is missing.
        """
        try:
            import python_multipart  # noqa: F401 - Starlette imports it only for a form
            import uvicorn

            from .app import build_application
            from .connections import (
                ACCEPT_BATCH,
                ConnectionGuard,
                PortServer,
                connection_limit,
                guarded_protocol,
            )
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
            GroupCommitQueue(self.db.commands),
            self._health,
            self._endpoints,
            token,
            settings.max_body_bytes,
        )
        guard = ConnectionGuard(connection_limit())
        self._server = PortServer(
            uvicorn.Config(
                app,
                access_log=False,  # its lines would hold the query, which may hold the token
                date_header=False,
                lifespan="off",
                backlog=ACCEPT_BATCH,
                http=guarded_protocol(guard),
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
        """Close the port. All commands that were answered are on disk."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(SHUTDOWN_TIMEOUT_SECONDS)

    def _listen(self) -> socket.socket:
        address, port = self._settings.address, self._settings.port or 0
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            return socket.create_server((address, port), family=family, backlog=1024)
        except OSError as error:
            hint = {
                errno.EADDRINUSE: "Stop the program that uses it, or choose another web.port",
                errno.EADDRNOTAVAIL: "web.address must be an address of this machine",
                errno.EACCES: "Choose a web.port above 1023",
            }.get(error.errno or 0, "Choose another web.port")
            raise SetupError(
                f"the HTTP port {port} on {address} cannot be opened: {error.strerror}", hint
            ) from error
