"""One webhook, from its body to what is asked of the daemon: everything but the wire."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from subtitled.config.settings import LibrarySettings
from subtitled.config.web import SenderSettings, Source, WebSettings
from subtitled.library.intake import library_of
from subtitled.library.mailbox import AskedFor

from .heard import Heard
from .paths import ours
from .sources import PARSERS

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be asked of the daemon, and how many paths lie in none of its libraries."""

    what: str
    asked: tuple[AskedFor, ...]
    outside: int


class Hooks:
    """The senders of one configuration."""

    def __init__(self, settings: WebSettings, libraries: Mapping[str, LibrarySettings]) -> None:
        self._libraries = libraries
        self._sources: dict[str, tuple[Source, SenderSettings]] = {
            kind: (kind, SenderSettings()) for kind in PARSERS
        }
        for name, source in settings.sources.items():
            named: Source = next(known for known in PARSERS if known == (source.kind or name))
            self._sources[name] = (named, source)
        self._told: set[str] = set()

    def __contains__(self, source: str) -> bool:
        return source in self._sources

    def hear(self, source: str, payload: Any) -> Answer:
        """What a payload of a source asks for. Raises :class:`~.heard.NotUnderstood`."""
        kind, settings = self._sources[source]
        heard = PARSERS[kind](payload)
        answer = self._placed(heard, settings)
        _log.debug("%s: %s, %d paths", source, heard.what, len(answer.asked))
        if answer.outside and source not in self._told:
            self._told.add(source)
            _log.warning(
                "%s tells of paths that lie in no library: if it sees the media under another "
                "folder, set web.sources.%s.path_map",
                source,
                source,
            )
        return answer

    def _placed(self, heard: Heard, settings: SenderSettings) -> Answer:
        asked: dict[AskedFor, None] = {}
        outside = 0
        for ask in heard.asks:
            path = ours(ask.path, settings.path_map) if ask.path is not None else None
            if ask.path is None:
                asked[AskedFor(ask.kind, None)] = None
            elif path is None or (name := library_of(path, self._libraries)) is None:
                outside += 1
            elif path == self._libraries[name].path:
                asked[AskedFor("scan", path)] = None
            else:
                asked[AskedFor(ask.kind, path)] = None
        return Answer(heard.what, tuple(asked), outside)
