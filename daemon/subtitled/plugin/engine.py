"""Engines: speech recognisers, their capabilities and their models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from .call_control import CallControl
from .checkpoint import Checkpoint
from .component import S
from .languages import Language
from .models import ModelComponent, ModelSpec
from .types import Audio, Chunk, LanguageGuess, SpeechWindow, Transcript, Word

LOCAL: Final = "local"
"""The destination of a component that sends nothing to another machine."""


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a service, for budgets and estimates."""

    amount: float
    """The price of one unit."""
    currency: str
    """An ISO 4217 code, such as ``USD``."""
    per: str = "hour"
    """The unit: ``hour`` of audio or ``million characters``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCapabilities:
    """What an engine can do with given settings. The core plans jobs by it."""

    languages: frozenset[Language] | None = None
    """The spoken languages that it recognises. None means any."""
    word_timestamps: bool = True
    """Whether each :class:`Word` has its own times. If False, a :class:`Word` is a whole segment or
    the text of the whole chunk, and the core aligns or estimates the times of its words."""
    supports_language_detection: bool = False
    """Whether it implements :meth:`Engine.detect_language`."""
    needs_language: bool = True
    """Whether it has to be told which language is spoken. Set it to False if it finds the language
    by itself. Where nobody knows the language, the core then has it transcribe some windows of the
    track with the language ``und``, and identifies the language by ``Transcript.language`` and the
    text. An engine that needs a language is never asked with ``und``."""
    translates_to: frozenset[Language] = frozenset()
    """Languages into which it translates speech directly, from the audio."""
    supports_hotwords: bool = False
    """Whether it uses ``TranscriptionRequest.hotwords``."""
    checks_hotwords: bool = False
    """Whether it verifies by itself that hotwords cause no errors. If False, the core transcribes a
    chunk again without hotwords if the transcript with them looks wrong."""
    max_chunk_seconds: float | None = None
    """The length of the longest chunk that it accepts, silence included. None means any length."""
    whole_file: bool = False
    """Whether it wants each track as one chunk, however long."""
    max_concurrency: int = 1
    """How many calls of :meth:`Engine.transcribe` run at the same time, each in a thread. With 1,
    all calls come from the main thread of the process."""
    supports_alignment: bool = False
    """Whether it implements :meth:`Engine.align`."""
    destination: str = LOCAL
    """Where the audio is sent: ``local``, or a service with its region or host, such as
    ``qwen:singapore`` or ``openai:api.example.org``. Libraries allow destinations by this text."""
    price: Price | None = None
    """What an hour of audio costs. None means free, or unknown."""
    devices: tuple[str, ...] = ()
    """The kinds of devices that it can run on, such as ``("cpu", "cuda")``, by the names of
    ``ComponentContext.device``. Empty if it is not told where to run."""

    def has_word_timestamps(self, transcript: Transcript) -> bool:
        """Decide whether the words of a transcript have their own times.

        Args:
            transcript: A transcript of this engine.

        Returns:
            ``transcript.word_timestamps``, or that of these capabilities if it is None.
        """
        word_timestamps = transcript.word_timestamps
        return self.word_timestamps if word_timestamps is None else word_timestamps


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRequest:
    """One chunk of audio to transcribe."""

    chunk: Chunk
    """What to transcribe: a time span of the track and the speech in it."""
    language: Language
    """The spoken language, as detected or configured. It is ``und`` only if nobody knows it and
    ``EngineCapabilities.needs_language`` is False."""
    translate_to: Language | None = None
    """If set, return the translation into this language instead of a transcript. One of
    ``EngineCapabilities.translates_to``."""
    hotwords: tuple[str, ...] = ()
    """Names and terms that are likely to be spoken."""
    checkpoint: Checkpoint | None = None
    """A small store beside this very chunk. Save the id of a remote task there before waiting for
    it: after a crash the same chunk comes with the same checkpoint."""
    models: dict[str, Path] = field(default_factory=dict)
    """The folders of the models of ``Engine.models_for_language`` for ``language``, by name."""
    control: CallControl = field(default_factory=CallControl, repr=False, compare=False)
    """What :meth:`progress` and :attr:`cancelled` use. The core sets it."""

    def progress(self, seconds: float) -> None:
        """Report how much of the chunk is done. Any thread may call it, as often as it likes.

        Users see it while a long chunk is transcribed. It need not be exact.

        Args:
            seconds: Seconds of the chunk that are done, from 0 to ``chunk.span.duration``.
        """
        self.control.report(seconds)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the transcript any more: return or raise soon, whatever it is.

        An engine that has not ended ten seconds later is ended with its process, unless that
        answers other calls too.
        """
        return self.control.is_cancelled


class Engine(ModelComponent[S], ABC):
    """A speech recogniser.

    The core creates it in a child process, calls :meth:`load` once and then the other methods any
    number of times. It ends the process when the engine is idle. A crash or a memory leak ends the
    child process and never the daemon.

    A call that takes too long is ended with its process. The limit is 30 times the length of the
    audio, plus 5 minutes for a local engine, half an hour for a remote one, and six hours for a
    remote one with ``whole_file``.
    """

    revision: ClassVar[int] = 1
    """Raise it when the engine gives other words for the same audio and settings. Everything is
    then transcribed again, as after a change of its settings."""

    @classmethod
    @abstractmethod
    def capabilities(cls, settings: S) -> EngineCapabilities:
        """Describe what the engine can do. Must be implemented.

        Called in the daemon, often: do not import heavy packages and do not use the network.

        Args:
            settings: The validated settings.

        Returns:
            The capabilities with these settings.
        """

    @classmethod
    def models_for_language(cls, settings: S, language: Language) -> Sequence[ModelSpec]:
        """List the models that are needed for one spoken language only. May be implemented.

        The core downloads and verifies them when a chunk in this language is about to be
        transcribed or aligned. ``TranscriptionRequest.models`` and ``self.context.models`` then
        have their folders. :meth:`models` lists what is needed for every language.

        Called in the daemon: do not import heavy packages and do not use the network.

        Args:
            settings: The validated settings.
            language: The spoken language, ``und`` if it is unknown.

        Returns:
            The models. The default is none.
        """
        return ()

    def detect_language(
        self, audio: Audio, windows: Sequence[SpeechWindow]
    ) -> Sequence[LanguageGuess]:
        """Identify the spoken language of each window. May be implemented.

        Called only if ``capabilities().supports_language_detection``.

        Args:
            audio: The decoded track.
            windows: Spans of at most 30 seconds that contain speech, in seconds of the track. An
                engine may leave out what is not in ``window.speech``, unless that is empty.

        Returns:
            One guess for each window, in the same order. The probabilities (0 to 1) of a guess
            need not sum to 1, and unlikely languages may be left out.

        Raises:
            TransientError: A service that is needed does not answer now.
            SetupError: The setup must be changed first.
        """
        raise NotImplementedError

    @abstractmethod
    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        """Transcribe one chunk. Must be implemented.

        Return everything that was recognised: the core removes hallucinations by itself and
        records why. Pass on ``segment_scores`` if the recogniser has them. An empty transcript is
        the right answer to a chunk without speech.

        Args:
            audio: The decoded track. ``audio.read_samples(request.chunk.span)`` reads the chunk as
                float32 at 16 kHz.
            request: The chunk, its language and the hotwords.

        Returns:
            Words in order, with times in seconds of the track (not of the chunk), inside
            ``request.chunk.span``. Each text keeps the space in front of it. ``language`` is the
            language of the text: that of the request. If that is ``und``, it is the one that was
            found, or ``und`` if none was. The core compares it with the text.

        Raises:
            TransientError: The core retries the job later, with this engine.
            SetupError: The core uses the library's next engine for this job.
            InputRejectedError: The core uses the library's next engine for this chunk, for good.
        """

    def align(self, audio: Audio, chunk: Chunk, text: str, language: Language) -> Sequence[Word]:
        """Find when the words of a given text are spoken (forced alignment). May be implemented.

        Called only if ``capabilities().supports_alignment`` and the engine is local. The core
        checks the result, and estimates the times itself if it is implausible.

        Args:
            audio: The decoded track.
            chunk: Where the text is spoken.
            text: What is spoken, with punctuation.
            language: The language of the text.

        Returns:
            All words of ``text`` in order, with its own letters and punctuation, inside
            ``chunk.span``. ``confidence`` (0 to 1) is low where the audio does not support the
            word.

        Raises:
            InputRejectedError: The engine cannot align this text or language.
        """
        raise NotImplementedError
