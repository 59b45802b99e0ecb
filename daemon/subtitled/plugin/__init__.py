"""The contract between subtitled and its plugins: the only module that a plugin imports.

Start with :mod:`subtitled.plugin.hookspecs`, which reads as a manual. ``subtitled.plugin.testing``
holds the conformance kit for your tests.
"""

from .audio_encoding import CODECS, EXTENSIONS, encode_audio
from .backoff import Backoff
from .checkpoint import Checkpoint
from .component import CheckResult, Component, ComponentContext, Secret, Settings
from .engine import (
    LOCAL,
    Engine,
    EngineCapabilities,
    ModelSpec,
    ModelWheel,
    Price,
    TranscriptionRequest,
)
from .errors import InputRejectedError, SetupError, SubtitledError, TransientError
from .hookspecs import API_VERSION, hookimpl
from .languages import UNDETERMINED, Language, LanguageCodes, language_codes
from .media_server import IndexStatus, MediaMetadata, MediaServer, Sidecar, SidecarChange
from .notifier import (
    DeliverySchedule,
    Event,
    JobFailed,
    JobFinished,
    Notification,
    Notifier,
    SubtitlePublished,
    event_from_json,
    event_to_json,
)
from .paths import PathMap, PathPairs, is_inside, is_same_path
from .translator import (
    Batch,
    Generation,
    Line,
    TextPair,
    Translation,
    Translator,
    TranslatorCapabilities,
)
from .types import (
    SAMPLE_RATE,
    Audio,
    Chunk,
    Cue,
    LanguageGuess,
    SegmentInfo,
    SegmentScores,
    Subtitle,
    SubtitleKind,
    TimeSpan,
    Transcript,
    UsageRecord,
    Word,
)

__all__ = [
    "API_VERSION",
    "CODECS",
    "EXTENSIONS",
    "LOCAL",
    "SAMPLE_RATE",
    "UNDETERMINED",
    "Audio",
    "Backoff",
    "Batch",
    "CheckResult",
    "Checkpoint",
    "Chunk",
    "Component",
    "ComponentContext",
    "Cue",
    "DeliverySchedule",
    "Engine",
    "EngineCapabilities",
    "Event",
    "Generation",
    "IndexStatus",
    "InputRejectedError",
    "JobFailed",
    "JobFinished",
    "Language",
    "LanguageCodes",
    "LanguageGuess",
    "Line",
    "MediaMetadata",
    "MediaServer",
    "ModelSpec",
    "ModelWheel",
    "Notification",
    "Notifier",
    "PathMap",
    "PathPairs",
    "Price",
    "Secret",
    "SegmentInfo",
    "SegmentScores",
    "Settings",
    "SetupError",
    "Sidecar",
    "SidecarChange",
    "Subtitle",
    "SubtitleKind",
    "SubtitlePublished",
    "SubtitledError",
    "TextPair",
    "TimeSpan",
    "Transcript",
    "TranscriptionRequest",
    "TransientError",
    "Translation",
    "Translator",
    "TranslatorCapabilities",
    "UsageRecord",
    "Word",
    "encode_audio",
    "event_from_json",
    "event_to_json",
    "hookimpl",
    "is_inside",
    "is_same_path",
    "language_codes",
]
