"""The receiver of webhooks: turns a payload into commands to the daemon, without any HTTP."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from subtitled.config.settings import LibrarySettings
from subtitled.config.web_settings import WebhookKind, WebhookSenderSettings, WebSettings
from subtitled.db.commands import Command, CommandKind
from subtitled.library.paths import library_containing

from .paths import to_local_path
from .webhooks import PARSERS
from .webhooks.payload import InvalidPayloadError, WebhookEvent

_log = logging.getLogger(__name__)

MAX_REQUESTS = 10_000
"""Most paths of one webhook. The longest series have two thousand episodes."""


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """The commands that a webhook leads to."""

    event: str
    """Name of the event, for the log and the answer."""
    commands: tuple[Command, ...]
    unmatched: int
    """Number of paths that are in none of the libraries."""


class WebhookReceiver:
    """Handles the webhooks of the senders of one configuration."""

    def __init__(self, settings: WebSettings, libraries: Mapping[str, LibrarySettings]) -> None:
        self._libraries = libraries
        self._senders: dict[str, tuple[WebhookKind, WebhookSenderSettings]] = {
            kind: (kind, WebhookSenderSettings()) for kind in PARSERS
        }
        for name, source in settings.webhooks.items():
            sender_kind: WebhookKind = next(
                parser_kind for parser_kind in PARSERS if parser_kind == (source.kind or name)
            )
            self._senders[name] = (sender_kind, source)
        self._warned: set[str] = set()

    def __contains__(self, source: str) -> bool:
        return source in self._senders

    def handle(self, source: str, payload: Any) -> WebhookResult:
        """Return the commands that a payload leads to.

        Raises:
            InvalidPayloadError: The source does not send such a payload.
        """
        kind, settings = self._senders[source]
        event = PARSERS[kind](payload)
        if len(event.requests) > MAX_REQUESTS:
            raise InvalidPayloadError(f"it names more than {MAX_REQUESTS} paths")
        result = self._resolve(event, settings, source)
        _log.debug("%s: %s, %d paths", source, event.name, len(result.commands))
        if result.unmatched and source not in self._warned:
            self._warned.add(source)
            _log.warning(
                "%s sends paths that are in no library: if it sees the media in another folder, "
                "set web.webhooks.%s.path_map",
                source,
                source,
            )
        return result

    def _resolve(
        self, event: WebhookEvent, settings: WebhookSenderSettings, source: str
    ) -> WebhookResult:
        commands: dict[Command, None] = {}
        unmatched = 0
        actor = f"webhook {source}"
        for request in event.requests:
            path = (
                to_local_path(request.path, settings.path_map) if request.path is not None else None
            )
            if request.path is None:
                commands[Command(kind=request.kind, path=None, item=request.item, actor=actor)] = (
                    None
                )
            elif path is None or (name := library_containing(path, self._libraries)) is None:
                unmatched += 1
            elif path == self._libraries[name].path:
                commands[Command(kind=CommandKind.SCAN, path=path, actor=actor)] = None
            else:
                commands[Command(kind=request.kind, path=path, actor=actor)] = None
        return WebhookResult(event.name, tuple(commands), unmatched)
