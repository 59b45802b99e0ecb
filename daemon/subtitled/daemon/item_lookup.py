"""The paths of items that a webhook names by id only, asked of the configured media servers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from subtitled.config.load import Configuration, servers_for_library
from subtitled.config.plugin_calls import call_with_timeout
from subtitled.config.plugins import ConfiguredComponent
from subtitled.db.commands import Command, CommandKind, CommandQueue, ServerItem
from subtitled.library.paths import is_local_path, library_containing
from subtitled.plugin import MediaServer, SubtitledError
from subtitled.plugin.limits import storable_paths

from .playback import PlaybackLookup

_log = logging.getLogger(__name__)

LOOKUP_TIMEOUT_SECONDS = 30.0
"""Seconds that a server may take to answer."""
RETRY_SECONDS = (5.0, 30.0, 120.0)
"""Waits before a server that does not answer is asked again. Then its libraries are scanned."""

ERROR_WAIT_SECONDS = 60.0
"""Wait after an error of the database."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the servers say about an item."""

    paths: tuple[Path, ...] = ()
    servers: tuple[str, ...] = ()
    """The configured servers that the item may be on."""
    is_incomplete: bool = False
    """Whether one of them did not answer."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A command whose item has to be asked for."""

    command: Command
    attempts: int = 0
    """How often a server did not answer."""
    due_at: float = 0.0
    """When to ask, by the monotonic clock."""


class ItemLookup:
    """Replaces commands about items by commands about paths.

    A thread asks the servers while there are such commands. What no server can say becomes a scan
    of the libraries that the server shows, and for playback the question what is being played.
    """

    def __init__(
        self,
        configuration: Configuration,
        commands: CommandQueue,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        self._configuration = configuration
        self._commands = commands
        self._retry_seconds = retry_seconds
        self._pending: list[_Pending] = []
        self._lock = threading.Lock()
        self._wake_event = threading.Event()
        self._thread: threading.Thread | None = None
        self._server_ids = dict[str, str]()
        """Id that a server gave itself, by its name in the configuration."""
        self._warned: set[str] = set()

    def look_up(self, command: Command) -> None:
        """Ask for the path of an item soon, because a server may be slow."""
        with self._lock:
            self._pending.append(_Pending(command))
            self._wake_event.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="item lookup", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                now = time.monotonic()
                due = [pending for pending in self._pending if pending.due_at <= now]
                self._pending = [pending for pending in self._pending if pending.due_at > now]
                if not due and not self._pending:
                    self._thread = None
                    return
                next_at = min((pending.due_at for pending in self._pending), default=now)
                self._wake_event.clear()
            if not due:
                self._wake_event.wait(next_at - now)
                continue
            try:
                unanswered = self._replace(due)
            except Exception:  # noqa: BLE001 - such as a full disk; they stay in the database
                _log.exception("items of media servers could not be looked up")
                due_at = time.monotonic() + ERROR_WAIT_SECONDS
                unanswered = [replace(one, due_at=due_at) for one in due]
            with self._lock:
                self._pending += unanswered

    def _replace(self, batch: Sequence[_Pending]) -> list[_Pending]:
        """Replace commands in one transaction. Return those about servers to be asked again."""
        answers = {item: self._ask(item) for one in batch if (item := one.command.item)}
        replacements = dict[Command, None]()
        done, unanswered = list[int](), list[_Pending]()
        for one in batch:
            assert one.command.item is not None
            answer = answers[one.command.item]
            if answer.is_incomplete and one.attempts < len(self._retry_seconds):
                due_at = time.monotonic() + self._retry_seconds[one.attempts]
                unanswered.append(_Pending(one.command, one.attempts + 1, due_at))
            else:
                replacements |= dict.fromkeys(self._commands_for(one.command, answer))
                done.append(one.command.id)
        self._commands.enqueue_all(replacements)
        self._commands.mark_done(done)
        return unanswered

    def _commands_for(self, command: Command, answer: _Answer) -> Sequence[Command]:
        is_played = command.kind is CommandKind.ITEM_PLAYED
        kind = CommandKind.PLAYBACK_STARTED if is_played else CommandKind.PATH_CHANGED
        if answer.paths:
            libraries = self._configuration.settings.libraries
            inside = [path for path in answer.paths if library_containing(path, libraries)]
            roots = {library.path for library in libraries.values()}
            if not inside:
                self._warn_once(
                    f"{', '.join(answer.servers)}: its files, such as {answer.paths[0]}, are in no "
                    "library. If it sees the media in another folder, set path_map of this server"
                )
            return [
                Command(
                    kind=CommandKind.SCAN if path in roots else kind,
                    path=path,
                    actor=command.actor,
                )
                for path in inside
            ]
        if is_played:
            return [Command(kind=CommandKind.PLAYBACK_STARTED, path=None, actor=command.actor)]
        return [
            Command(kind=CommandKind.SCAN, path=path, actor=command.actor)
            for path in self._folders_of(answer.servers)
        ]

    def _folders_of(self, servers: Sequence[str]) -> Sequence[Path]:
        """Return the folders of the libraries that these servers show, of all without a server."""
        return [
            library.path
            for library in self._configuration.settings.libraries.values()
            if not servers or set(servers) & set(servers_for_library(self._configuration, library))
        ]

    def _ask(self, item: ServerItem) -> _Answer:
        servers, is_incomplete = self._servers_of(item)
        if not servers and not is_incomplete:
            self._warn_once(
                f"the webhook of {item.sender} names no file, and no server is configured that "
                f"could be asked for it: set [servers.{item.sender}] with the address and key of "
                f"the server{f' {item.server_id}' if item.server_id else ''}. Until then all "
                "libraries are scanned for each webhook"
            )
        paths = dict[Path, None]()
        for name, configured in servers.items():
            try:
                paths |= dict.fromkeys(
                    call_with_timeout(
                        name,
                        partial(_item_paths, configured, item.item_id),
                        LOOKUP_TIMEOUT_SECONDS,
                    )
                )
            except SubtitledError as error:
                _log.warning("server %s: the path of an item is not known: %s", name, error)
                is_incomplete = True
        return _Answer(tuple(paths), tuple(servers), is_incomplete and not paths)

    def _servers_of(
        self, item: ServerItem
    ) -> tuple[Mapping[str, ConfiguredComponent[MediaServer]], bool]:
        """Return the servers that an item may be on, and whether one did not say who it is."""
        possible = {
            name: configured
            for name, configured in self._configuration.servers.items()
            if configured.component_class.item_paths is not MediaServer.item_paths
        }
        if not item.server_id:
            return {
                name: configured
                for name, configured in possible.items()
                if configured.plugin == item.sender
            }, False
        wanted_id, is_incomplete = _normalise_id(item.server_id), False
        matches = {}
        for name, configured in possible.items():
            if (server_id := self._server_id_of(name, configured)) is None:
                is_incomplete = True
            elif server_id == wanted_id:
                return {name: configured}, False
            elif not server_id and configured.plugin == item.sender:
                matches[name] = configured
        return matches, is_incomplete

    def _server_id_of(self, name: str, configured: ConfiguredComponent[MediaServer]) -> str | None:
        """Return the id that a server gives itself, "" if it gives none, None without an answer."""
        if name not in self._server_ids:
            try:
                self._server_ids[name] = _normalise_id(
                    call_with_timeout(
                        name, lambda: configured.create().server_id(), LOOKUP_TIMEOUT_SECONDS
                    )
                )
            except SubtitledError as error:
                _log.warning("server %s does not say its id: %s", name, error)
                return None
        return self._server_ids[name]

    def _warn_once(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            _log.warning("%s", message)


MAX_ITEM_PATHS = 10_000
"""Most files of one item that are looked at."""


def _item_paths(configured: ConfiguredComponent[MediaServer], item_id: str) -> list[Path]:
    paths = storable_paths(configured.create().item_paths(item_id), MAX_ITEM_PATHS)
    return [path for path in paths if is_local_path(path)]


def _normalise_id(server_id: str) -> str:
    """Return an id without dashes and case, in which templates of users differ."""
    return str(server_id).replace("-", "").casefold()


class ServerLookup:
    """Takes the commands that only the media servers can complete."""

    def __init__(self, configuration: Configuration, commands: CommandQueue) -> None:
        self._items = ItemLookup(configuration, commands)
        self._playback = PlaybackLookup(configuration, commands)

    def take(self, command: Command) -> bool:
        """Ask the servers in another thread if a command needs it; return whether it does."""
        if command.item is not None:
            self._items.look_up(command)
        elif command.kind is CommandKind.PLAYBACK_STARTED and command.path is None:
            self._playback.look_up(command)
        else:
            return False
        return True
