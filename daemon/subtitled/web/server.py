"""The server of the HTTP port, which runs in its own thread while the daemon runs."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.config.web_settings import WebSettings
from subtitled.daemon.health import HealthMonitor, HealthReport
from subtitled.db.database import Database
from subtitled.plugin import SetupError
from subtitled.plugin.paths import display_path

from .auth.token import load_token
from .group_commit import GroupCommitQueue
from .receiver import WebhookReceiver
from .text_endpoints import TextEndpoint, TextEndpoints
from .unix_socket import open_unix_socket

if TYPE_CHECKING:
    from subtitled.daemon.audio_requests.service import AudioRequests

    from .api.events import EventHub
    from .auth.accounts import Accounts
    from .connections import PortServer
    from .endpoints.transcription import TranscriptionEndpoint

_log = logging.getLogger(__name__)

SHUTDOWN_TIMEOUT_SECONDS = 5.0
"""Seconds that unfinished answers may take when the port is closed."""


def build_web(
    configuration: Configuration,
    db: Database,
    health_monitor: HealthMonitor,
    audio_requests: AudioRequests | None = None,
) -> WebServer | None:
    """Create the server, if a port is configured."""
    if not configuration.settings.web.is_enabled:
        return None
    from subtitled.daemon.metrics import CONTENT_TYPE  # a daemon without a port has no use for it

    endpoints = {"/metrics": TextEndpoint(health_monitor.render_metrics, CONTENT_TYPE)}
    return WebServer(configuration, db, health_monitor.evaluate_health, endpoints, audio_requests)


class WebServer:
    """One HTTP port, or unix socket, with pages, webhooks and some text ``endpoints``."""

    def __init__(
        self,
        configuration: Configuration,
        db: Database,
        health: Callable[[], HealthReport],
        endpoints: TextEndpoints,
        audio_requests: AudioRequests | None = None,
    ) -> None:
        self._audio_requests = audio_requests
        self._configuration = configuration
        self._settings: WebSettings = configuration.settings.web
        self.db = db
        self._health = health
        self._endpoints = endpoints
        self._server: PortServer | None = None
        self._thread: threading.Thread | None = None
        self._accounts: Accounts | None = None
        self._events: EventHub | None = None
        self.port = 0
        """The port number, once the port is open."""

    def start(self) -> None:
        """Open the port.

        Raises:
            SetupError: The port cannot be opened, the token is not usable, or a package is missing.
        """
        try:
            import jinja2  # noqa: F401 - the pages are imported below
            import python_multipart  # noqa: F401 - Starlette imports it only for a form
            import uvicorn

            from .api.events import EventHub
            from .api.idempotency import IdempotentRequests
            from .api.services import ApiServices
            from .app import PortServices, build_application
            from .connections import (
                ACCEPT_BATCH,
                ConnectionGuard,
                PortServer,
                connection_limit,
                guarded_protocol,
            )
            from .pages.services import SiteServices
            from .plugin_endpoints import PluginEndpoint
            from .wall_setup import build_wall_parts, log_setup_code
        except ImportError as error:
            raise SetupError(
                f"the HTTP port needs a package that is not installed: {error.name}",
                "Install it: pip install 'subtitled[web]'",
            ) from error
        settings = self._settings
        token = load_token(settings.token) if settings.token is not None else None
        state = resolve_state_dir(self._configuration.settings)
        parts = build_wall_parts(settings, state, token, self.db.history)
        self._events = EventHub(self.db)
        app = build_application(
            PortServices(
                receiver=WebhookReceiver(settings, self._configuration.settings.libraries),
                commit_queue=GroupCommitQueue(self.db.commands),
                health=self._health,
                endpoints=self._endpoints,
                accounts=parts.accounts,
                authenticator=parts.authenticator,
                hosts=parts.hosts,
                site=SiteServices(
                    configuration=self._configuration,
                    db=self.db,
                    state=resolve_state_dir(self._configuration.settings),
                ),
                api=ApiServices(
                    configuration=self._configuration,
                    db=self.db,
                    health=self._health,
                    authenticator=parts.authenticator,
                    events=self._events,
                    requests=IdempotentRequests(self.db.kv),
                    base_path=settings.base_path,
                ),
                base_path=settings.base_path,
                max_body_bytes=settings.max_body_bytes,
                transcription=self._build_transcription(),
                plugin_endpoints=[
                    PluginEndpoint(configured, settings.base_path)
                    for configured in self._configuration.endpoints.values()
                ],
            )
        )
        self._accounts = parts.accounts
        listener = self._listen()
        self.port = 0 if settings.socket_path else listener.getsockname()[1]
        log_setup_code(parts.accounts, settings, self.port)
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
                proxy_headers=False,  # the wall believes named proxies only
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
        if settings.socket_path:
            _log.info("listening on %s", display_path(settings.socket_path))
        else:
            _log.info("listening on %s, port %d", settings.address, self.port)

    def stop(self) -> None:
        """Close the port. All commands that were answered are on disk."""
        if self._events is not None:
            self._events.stop()
        if self._server is not None and self._thread is not None:
            self._server.request_exit()
            self._thread.join(SHUTDOWN_TIMEOUT_SECONDS)
        if self._accounts is not None:
            self._accounts.close()

    def _build_transcription(self) -> TranscriptionEndpoint | None:
        """Create what answers programs that send audio. Its code is imported only then."""
        if self._audio_requests is None:
            return None
        from .endpoints.transcription import TranscriptionEndpoint

        return TranscriptionEndpoint(self._audio_requests, self._configuration)

    def _listen(self) -> socket.socket:
        if self._settings.socket_path is not None:
            return open_unix_socket(self._settings.socket_path)
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
