"""Media servers: told about new sidecars, then asked whether they show them.

The core calls :meth:`MediaServer.refresh` with the first of the server's strategies, then
:meth:`MediaServer.check_indexed` a while later. If the change is not shown, it tries the next
strategy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .component import Component, S
from .languages import Language
from .playback import PlaybackSession
from .types import SubtitleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaMetadata:
    """What a media server or an NFO file knows about a media file: its titles and its people."""

    title: str
    """The title in the language of the library."""
    original_title: str = ""
    """The title in the original language."""
    series: str = ""
    """The series of an episode."""
    year: int | None = None
    """The year of release."""
    cast: tuple[str, ...] = ()
    """Names of actors and speakers."""
    characters: tuple[str, ...] = ()
    """Names of the characters."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A subtitle file beside a media file, and how a server should list it."""

    path: Path
    """The file, as a path of this machine."""
    language: Language
    """Its language."""
    kind: SubtitleKind = SubtitleKind.FULL
    """Full, forced or SDH."""


@dataclass(frozen=True, slots=True)
class SidecarChange:
    """The sidecars of one media file that were added and removed."""

    media: Path
    """The media file, as a path of this machine."""
    added: tuple[Sidecar, ...] = ()
    """Sidecars that are new or changed."""
    removed: tuple[Sidecar, ...] = ()
    """Sidecars that no longer exist."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """Whether a server shows a change."""

    is_complete: bool | None
    """True if each added sidecar is listed with its language and kind, and no removed one is.
    False if not, or not yet. None if the server cannot tell."""
    detail: str = ""
    """What is missing, or why the server cannot tell, in a few words."""


class MediaServer(Component[S], ABC):
    """A media server. It runs in the daemon's process. A call may take 30 seconds.

    All paths in the interface are paths of this machine, except those of :meth:`sample_paths` and
    :meth:`to_server`. A server that sees the files elsewhere maps paths with
    :class:`~subtitled.plugin.PathMap`.

    Every method may raise :class:`~subtitled.plugin.TransientError` if the server does not answer:
    the core keeps the changes, also over restarts, and tries again later.
    """

    refresh_strategies: ClassVar[tuple[str, ...]] = ("told about the file",)
    """The ways to have a change noticed, from narrow to broad, in words for users. None of them may
    scan a whole library."""

    @abstractmethod
    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
        """Have the server look at these media files again. Must be implemented.

        Return when the server has accepted the request. Do not wait for its effect.

        Args:
            changes: The changed media files. Send them in one request where the server allows it.
            strategy: An index into :attr:`refresh_strategies`.

        Raises:
            TransientError: The server does not answer now.
            SetupError: The url or the key is wrong.
        """

    def check_indexed(self, change: SidecarChange) -> IndexStatus:
        """Check whether the server shows a change. May be implemented.

        Called seconds to minutes after :meth:`refresh`.

        Args:
            change: One of the changes given to :meth:`refresh`.

        Returns:
            What the server shows. The default is that it cannot tell.

        Raises:
            TransientError: The server does not answer now.
            SetupError: The url or the key is wrong.
        """
        return IndexStatus(None, "its plugin cannot ask it")

    def now_playing(self) -> Sequence[Path]:
        """List the media files that are being watched now. May be implemented.

        Returns:
            Paths of this machine. The default is none.

        Raises:
            TransientError: The server does not answer now.
        """
        return ()

    def playback_sessions(self) -> Sequence[PlaybackSession]:
        """List who watches what now, and where in it each of them is. May be implemented.

        Called every few seconds while there is work for a library whose films get their subtitle
        while they are played.

        Returns:
            The sessions. The default is one without a position for each of :meth:`now_playing`.

        Raises:
            TransientError: The server does not answer now.
        """
        return tuple(
            PlaybackSession(id=str(path), media=path) for path in dict.fromkeys(self.now_playing())
        )

    def show_sidecar(self, session: PlaybackSession, sidecar: Sidecar, is_new: bool) -> bool | None:
        """Have the player of a viewer read a sidecar, now or again. May be implemented.

        Called while a sidecar grows, and once when it is whole. A viewer who has chosen another
        subtitle keeps that one.

        Args:
            session: One of :meth:`playback_sessions`.
            sidecar: A sidecar of its media file. It is complete on disk, with the cues so far.
            is_new: Whether this viewer was not yet shown it.

        Returns:
            True if the player was told. False if it cannot be yet, such as before the server has
            indexed the sidecar: the core tries again. None if this player cannot be told, or the
            viewer has chosen another subtitle. The default is None.

        Raises:
            TransientError: The server does not answer now.
        """
        return None

    def server_id(self) -> str:
        """Return the id by which the server names itself in its webhooks. May be implemented.

        A webhook that names an item, but no file, is about the server with this id.

        Returns:
            The id. The default is "": the server does not say it, and any item may be its own.

        Raises:
            TransientError: The server does not answer now.
            SetupError: The url or the key is wrong.
        """
        return ""

    def item_paths(self, item_id: str) -> Sequence[Path]:
        """List the files or the folder of an item. May be implemented.

        Called for a webhook that names an item, but no file.

        Args:
            item_id: The id of the item as the webhook has it. It was not checked: return nothing if
                it is not an id of this kind of server, and never put it into a url before.

        Returns:
            Paths of this machine, none if the server has no such item. The default is none.

        Raises:
            TransientError: The server does not answer now.
            SetupError: The url or the key is wrong.
        """
        return ()

    def metadata(self, media: Path) -> MediaMetadata | None:
        """Look up what the server knows about a media file. May be implemented.

        Args:
            media: The media file.

        Returns:
            Its metadata, or None if the server does not know the file. The default is None.

        Raises:
            TransientError: The server does not answer now.
        """
        return None

    def sample_paths(self) -> Sequence[str]:
        """List a few media files of the server's libraries. May be implemented.

        ``subtitled doctor`` looks for them on this machine, and proposes a path mapping if they are
        elsewhere.

        Returns:
            Paths as the server names them. The default is none.

        Raises:
            TransientError: The server does not answer now.
        """
        return ()

    def to_local(self, path: str) -> Path:
        """Map a path of the server to a path of this machine. May be implemented.

        Args:
            path: A path as the server names it.

        Returns:
            The path of this machine. The default is the same path.
        """
        return Path(path)

    def to_server(self, path: Path) -> str:
        """Map a path of this machine to a path of the server. May be implemented.

        Args:
            path: A path of this machine.

        Returns:
            The path as the server names it. The default is the same path.
        """
        return str(path)
