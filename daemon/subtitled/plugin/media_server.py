"""What is known of a film, an episode or a lecture, beside what is said in it.

Media servers show what was made: they are told of it, asked whether it is there, and asked back.

Written for the core's way with them: :meth:`MediaServer.refresh` by the first of the server's
methods, :meth:`MediaServer.check_indexed` a while later, and by the next method if it is not there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .component import Component
from .languages import Language
from .types import SubtitleKind


@dataclass(frozen=True, slots=True)
class MediaMetadata:
    """One title, as a media server or a file beside the medium describes it."""

    title: str
    original_title: str = ""
    series: str = ""
    year: int | None = None
    original_language: Language | None = None
    cast: tuple[str, ...] = ()
    """Names of who plays or speaks in it."""
    characters: tuple[str, ...] = ()
    """Names of whom they play."""
    plot: str = ""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """One subtitle file beside a medium, and what it is listed as where it is read right."""

    path: Path
    language: Language
    kind: SubtitleKind = SubtitleKind.FULL


@dataclass(frozen=True, slots=True)
class SidecarChange:
    """What is different beside one medium: sidecars that are there now, and that no longer are."""

    media: Path
    added: tuple[Sidecar, ...] = ()
    removed: tuple[Sidecar, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """Whether a server shows a change as it is."""

    is_complete: bool | None
    """True: each written one is listed with its language and flags, no removed one is. False: not,
    or not yet. None: this server cannot say."""
    detail: str = ""
    """In a few words, what is missing or why it cannot say."""


class MediaServer(Component, ABC):
    """A media server that is told about changed files.

    Every method may raise :class:`Temporary` when the server is away: the core keeps what it wanted
    to say and comes back. Paths are this machine's on our side; a server that sees the media
    elsewhere maps them with :class:`~subtitled.plugin.PathMap`.
    """

    refresh_strategies: ClassVar[tuple[str, ...]] = ("told about the file",)
    """The ways to have a change looked at, narrow to broad, in words for people. None of them may
    scan a whole library."""

    @abstractmethod
    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
        """Have exactly these media looked at again, by ``refresh_strategies[method]``; several in
        one call where the server takes that."""

    def check_indexed(self, change: SidecarChange) -> IndexStatus:
        """Whether a change is shown. Asked seconds to minutes after :meth:`refresh`."""
        return IndexStatus(None, "its plugin cannot ask it")

    def now_playing(self) -> Sequence[Path]:
        """The files that somebody watches now, as paths of this machine."""
        return ()

    def metadata(self, media: Path) -> MediaMetadata | None:
        """What the server knows of a medium: its names, original language and people."""
        return None

    def sample_paths(self) -> Sequence[str]:
        """A few media files of its libraries, as it names them: ``subtitled doctor`` looks for them
        here, and proposes a path mapping where they are elsewhere."""
        return ()

    def to_local(self, path: str) -> Path:
        """A path of the server as a path of this machine."""
        return Path(path)

    def to_server(self, path: Path) -> str:
        """A path of this machine as the server sees it."""
        return str(path)
