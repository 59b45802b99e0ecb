"""The contract between subtitled and its plugins: the only module that a plugin imports.

Start with :mod:`subtitled.plugin.hookspecs`, which reads as a manual. ``subtitled.plugin.testing``
holds the conformance kit for your tests.
"""

from .backoff import Backoff
from .component import Component, Context, Finding, Settings
from .encoding import CODECS, ENDINGS, encode
from .engine import LOCAL, Capabilities, Engine, Price, Request
from .errors import Misconfigured, Problem, Rejected, Temporary
from .events import Event, Failed, Finished, Published, event_from_json, event_to_json
from .hookspecs import CONTRACT, hookimpl
from .language import UNDETERMINED, Language
from .language_names import LanguageNames, names_of
from .memo import Memo
from .model import DataWheel, ModelSpec
from .notifier import Notice, Notifier, Rhythm
from .paths import PathMap, PathPairs, lies_in, same_path
from .secret import Secret
from .sent import Sent
from .server import Change, Listing, MediaServer, Sidecar
from .speech import (
    SAMPLE_RATE,
    Audio,
    Evidence,
    Interval,
    LanguageGuess,
    Note,
    Stretch,
    Transcript,
    Word,
)
from .subtitle import Cue, Kind, Subtitle
from .title import Title
from .translator import (
    Batch,
    Line,
    Pair,
    Translation,
    Translator,
    TranslatorCapabilities,
    Writing,
)

__all__ = [
    "CODECS",
    "CONTRACT",
    "ENDINGS",
    "LOCAL",
    "SAMPLE_RATE",
    "UNDETERMINED",
    "Audio",
    "Backoff",
    "Batch",
    "Capabilities",
    "Change",
    "Component",
    "Context",
    "Cue",
    "DataWheel",
    "Engine",
    "Event",
    "Evidence",
    "Failed",
    "Finding",
    "Finished",
    "Interval",
    "Kind",
    "Language",
    "LanguageGuess",
    "LanguageNames",
    "Line",
    "Listing",
    "MediaServer",
    "Memo",
    "Misconfigured",
    "ModelSpec",
    "Note",
    "Notice",
    "Notifier",
    "Pair",
    "PathMap",
    "PathPairs",
    "Price",
    "Problem",
    "Published",
    "Rejected",
    "Request",
    "Rhythm",
    "Secret",
    "Sent",
    "Settings",
    "Sidecar",
    "Stretch",
    "Subtitle",
    "Temporary",
    "Title",
    "Transcript",
    "Translation",
    "Translator",
    "TranslatorCapabilities",
    "Word",
    "Writing",
    "encode",
    "event_from_json",
    "event_to_json",
    "hookimpl",
    "lies_in",
    "names_of",
    "same_path",
]
