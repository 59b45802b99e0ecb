"""The plugin API of subtitled, version 1: everything that a plugin may import.

Start with :mod:`subtitled.plugin.hookspecs`, the table of contents, and ``docs/plugins/index.md``.
The names below are what most plugins need. These modules hold the rest:

- :mod:`subtitled.plugin.http`: HTTP requests
- :mod:`subtitled.plugin.http_server`: a base class of media servers with an HTTP interface
- :mod:`subtitled.plugin.audio_encoding`: compressing audio for a remote service
- :mod:`subtitled.plugin.speech_windows`: cutting speech in pauses and between words
- :mod:`subtitled.plugin.speech_timeline`: placing words where pauses were cut out of the audio
- :mod:`subtitled.plugin.limits`: reading what others wrote, within limits of size, depth and type
- :mod:`subtitled.plugin.paths`: comparing paths of a media server
- :mod:`subtitled.plugin.files`: writing files that survive a power failure
- :mod:`subtitled.plugin.languages`: codes of languages in other systems
- :mod:`subtitled.plugin.notifier`: events as JSON
- :mod:`subtitled.plugin.testing`: checks for an author's tests
"""

# ruff: noqa: I001 - grouped by what a plugin is

# Hooks: what every plugin needs.
from .hookspecs import API_VERSION, Register, RegisterSettings, hookimpl

# Components: settings, secrets, self-checks.
from .component import CheckResult, Component, ComponentContext, Secret, Settings

# Errors: what the core should do next.
from .errors import InputRejectedError, SetupError, SubtitledError, TransientError

# Values: audio, words, languages, subtitles.
from .languages import UNDETERMINED, Language, language_codes
from .types import (
    SAMPLE_RATE,
    Audio,
    Chunk,
    Cue,
    LanguageGuess,
    SegmentScores,
    SpeechWindow,
    Subtitle,
    SubtitleKind,
    TimeSpan,
    Transcript,
    UsageRecord,
    Word,
)

# Engines.
from .engine import (
    LOCAL,
    Engine,
    EngineCapabilities,
    Price,
    TranscriptionRequest,
)

# Models of engines.
from .models import (
    ModelArchive,
    ModelChoice,
    ModelComponent,
    ModelFile,
    ModelSpec,
    ModelWheel,
)

# Translators.
from .translator import (
    Batch,
    Generation,
    Line,
    TextPair,
    Translation,
    Translator,
    TranslatorCapabilities,
)

# Media servers.
from .media_server import IndexStatus, MediaMetadata, MediaServer, Sidecar, SidecarChange
from .paths import PathMap, is_same_path
from .playback import PlaybackSession

# Notifiers.
from .notifier import (
    REVIEW_EVENTS,
    DeliverySchedule,
    Event,
    JobFailed,
    JobFinished,
    Notification,
    Notifier,
    ReviewEvent,
    ReviewReopened,
    ReviewsWaiting,
    SubtitleApproved,
    SubtitlePublished,
    event_from_json,
    event_to_json,
)

# Endpoints.
from .endpoint import (
    AsgiApplication,
    AsgiMessage,
    Endpoint,
    EndpointCaller,
    EndpointCapabilities,
    EndpointRole,
)

# Helpers of remote components.
from .backoff import Backoff
from .checkpoint import Checkpoint

__all__ = [  # noqa: RUF022 - grouped as above
    # hooks
    "API_VERSION",
    "Register",
    "RegisterSettings",
    "hookimpl",
    # components
    "CheckResult",
    "Component",
    "ComponentContext",
    "Secret",
    "Settings",
    # errors
    "InputRejectedError",
    "SetupError",
    "SubtitledError",
    "TransientError",
    # values
    "SAMPLE_RATE",
    "UNDETERMINED",
    "Audio",
    "Chunk",
    "Cue",
    "Language",
    "LanguageGuess",
    "SegmentScores",
    "SpeechWindow",
    "Subtitle",
    "SubtitleKind",
    "TimeSpan",
    "Transcript",
    "UsageRecord",
    "Word",
    "language_codes",
    # engines
    "LOCAL",
    "Engine",
    "EngineCapabilities",
    "Price",
    "TranscriptionRequest",
    # models
    "ModelArchive",
    "ModelChoice",
    "ModelComponent",
    "ModelFile",
    "ModelSpec",
    "ModelWheel",
    # translators
    "Batch",
    "Generation",
    "Line",
    "TextPair",
    "Translation",
    "Translator",
    "TranslatorCapabilities",
    # media servers
    "IndexStatus",
    "MediaMetadata",
    "MediaServer",
    "PathMap",
    "PlaybackSession",
    "Sidecar",
    "SidecarChange",
    "is_same_path",
    # notifiers
    "DeliverySchedule",
    "REVIEW_EVENTS",
    "Event",
    "JobFailed",
    "JobFinished",
    "Notification",
    "Notifier",
    "ReviewEvent",
    "ReviewReopened",
    "ReviewsWaiting",
    "SubtitleApproved",
    "SubtitlePublished",
    "event_from_json",
    "event_to_json",
    # endpoints
    "AsgiApplication",
    "AsgiMessage",
    "Endpoint",
    "EndpointCaller",
    "EndpointCapabilities",
    "EndpointRole",
    # helpers
    "Backoff",
    "Checkpoint",
]
