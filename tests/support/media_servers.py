"""The media server plugins with their fake servers, created alike for tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subtitled.plugin import (
    ComponentContext,
    Language,
    MediaServer,
    Sidecar,
    SidecarChange,
    SubtitleKind,
)
from subtitled.plugin.testing import DescribedServer, FakeEmby, FakeJellyfin, FakePlex
from subtitled_plugins.emby import Emby
from subtitled_plugins.jellyfin import Jellyfin
from subtitled_plugins.plex import Plex

FILM = Path("/media/films/Film [2020]/Film [2020].mkv")
MAP = [["/media", "/data"]]
THERE = "/data/films/Film [2020]/Film [2020].mkv"


@dataclass(frozen=True)
class ServerPlugin:
    """A plugin with its fake server, and the name of its key setting."""

    plugin: Any
    fake: type[DescribedServer]
    key: str

    def make(self, server: DescribedServer, **settings: object) -> MediaServer:
        """Create the component, with its key in the environment variable SERVER_KEY."""
        asked = {"url": server.url, self.key: {"env": "SERVER_KEY"}, "path_map": MAP} | settings
        created: MediaServer = self.plugin(
            self.plugin.Settings.model_validate(asked), ComponentContext("den")
        )
        return created


JELLYFIN = ServerPlugin(Jellyfin, FakeJellyfin, "api_key")
EMBY = ServerPlugin(Emby, FakeEmby, "api_key")
PLEX = ServerPlugin(Plex, FakePlex, "token")
ALL = {"jellyfin": JELLYFIN, "emby": EMBY, "plex": PLEX}


def sidecar(tags: str, language: str, kind: SubtitleKind = SubtitleKind.FULL) -> Sidecar:
    """Build a sidecar of the film, such as ``es.srt``."""
    return Sidecar(FILM.with_name(f"{FILM.stem}.{tags}"), Language(language), kind)


SPANISH = sidecar("es.srt", "es")
FORCED = sidecar("en.forced.srt", "en", SubtitleKind.FORCED)
SDH = sidecar("en.sdh.srt", "en", SubtitleKind.SDH)
WRITTEN = SidecarChange(FILM, added=(SPANISH,))
