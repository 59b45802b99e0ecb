"""Fakes of services, for tests of plugins that talk to them.

Each runs on a port of loopback, refuses what the real service refuses, and records its requests.
:mod:`subtitled.plugin.testing` exports them. The fakes of media servers need the extra
``subtitled[testing]``, since they compare each request with the published description.
"""

from .chat import FakeChat, serve_chat
from .described_server import DescribedServer, RecordedRequest, listening
from .jellyfin_emby import FakeEmby, FakeJellyfin
from .libretranslate import FakeLibreTranslate, serve_libretranslate
from .media_library import FakeMediaLibrary, Film, Subtitle
from .plex import FakePlex
from .serving import serving
from .transcriptions import FakeTranscriptions, Recogniser, Sentence, serve_transcriptions

__all__ = [
    "DescribedServer",
    "FakeChat",
    "FakeEmby",
    "FakeJellyfin",
    "FakeLibreTranslate",
    "FakeMediaLibrary",
    "FakePlex",
    "FakeTranscriptions",
    "Film",
    "Recogniser",
    "RecordedRequest",
    "Sentence",
    "Subtitle",
    "listening",
    "serve_chat",
    "serve_libretranslate",
    "serve_transcriptions",
    "serving",
]
