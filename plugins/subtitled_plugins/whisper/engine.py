"""The Whisper engine: what it can do, and the passes over a chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from subtitled.plugin import (
    Audio,
    Chunk,
    Engine,
    EngineCapabilities,
    InputRejectedError,
    Language,
    LanguageGuess,
    ModelChoice,
    ModelSpec,
    Settings,
    SetupError,
    SpeechWindow,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    Word,
)

from .alignment import align_text, build_tokenizer
from .catalogue import MODELS, TO_CODE, TO_TAG, describe_folder, list_languages
from .decoding import DecodingTask, WindowDecoder
from .encoder import begin_loading, install_encoder
from .features import compute_features
from .hotwords import correct_names, usable_hotwords
from .rehearing import Attempt, WindowTranscript, best_attempt, is_broken, usual_rate
from .scoring import WindowScorer
from .windows import Window, pack_windows, split_at_pauses, split_window, subtract_spans

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

TRANSLATING_MODELS = ("base", "small", "medium", "large-v3")
"""Models that were trained to translate. Turbo was not, and writes the source language instead."""
FALLBACK_TEMPERATURE = 0.2
"""The second of the temperatures that Whisper falls back to (openai/whisper, transcribe.py)."""


class WhisperSettings(Settings):
    """The section ``[engines.whisper]``."""

    model: ModelChoice = Field(
        "base",
        description="Which model; `subtitled models list` shows them. Or the path of a folder with "
        "one in the form of CTranslate2, which is used in place.",
    )
    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="Where it runs: auto, cpu, cuda, or cuda:1 for the second card.",
    )
    compute_type: str = Field(
        "auto",
        description="The numbers it computes with, such as int8 or float16; auto takes the "
        "fastest that the machine has, and for the encoder OpenVINO where that is faster.",
    )
    beam_size: int = Field(
        5, ge=1, le=10, description="How many guesses are followed at once; 1 is faster."
    )

    @field_validator("model")
    @classmethod
    def _check_model(cls, model: str | Path) -> str | Path:
        if isinstance(model, str) and model not in MODELS:
            raise ValueError(f"no such model; there are: {', '.join(MODELS)}, and paths of folders")
        return model

    @property
    def model_name(self) -> str:
        """The name of the model, for a folder of the user's that of the folder."""
        return self.model.name if isinstance(self.model, Path) else self.model


class WhisperEngine(Engine[WhisperSettings]):
    """Whisper through faster-whisper, with one decoding worker for each thread."""

    _model: WhisperModel

    @classmethod
    def capabilities(cls, settings: WhisperSettings) -> EngineCapabilities:
        name = settings.model_name
        return EngineCapabilities(
            languages=list_languages(name),
            supports_language_detection=not name.endswith(".en"),
            translates_to=frozenset({Language("en")} if name in TRANSLATING_MODELS else ()),
            supports_hotwords=True,
            checks_hotwords=True,
            supports_alignment=True,
            devices=("cpu", "cuda"),
        )

    @classmethod
    def models(cls, settings: WhisperSettings) -> Sequence[ModelSpec]:
        if isinstance(settings.model, Path):
            return (describe_folder(settings.model),)
        return (MODELS[settings.model],)

    @classmethod
    def catalogue(cls) -> Sequence[ModelSpec]:
        return tuple(MODELS.values())

    def load(self) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise SetupError(
                f"faster-whisper cannot be imported: {error}", "Install it: pip install subtitled"
            ) from error
        name = self.settings.model_name
        (spec,) = self.models(self.settings)
        folder: Path = self.context.models[spec.name]
        # Without its tokenizer faster-whisper would go and look for one on the network.
        missing = [file for file in spec.files if not (folder / file).is_file()]
        if missing:
            raise SetupError(
                f"the Whisper model {name} lacks {', '.join(missing)}",
                f"Fetch it again: subtitled models pull {name}",
            )
        # The setting "device" is that of the core. It is a field of the settings too because stored
        # variants hold it.
        kind, _, number = self.context.device.partition(":")
        if kind == "cuda":
            _check_card(self.context.name, int(number or 0))
        threads, may_differ = self.context.threads, self.settings.compute_type == "auto"
        begun = begin_loading(folder, threads) if may_differ and _is_cpu(kind) else None
        try:
            self._model = WhisperModel(
                str(folder),
                device=kind,
                device_index=int(number or 0),
                compute_type=self.settings.compute_type,
                num_workers=threads,
                cpu_threads=1,
                local_files_only=True,
            )
        except Exception as error:
            # The tokenizer's library raises nothing more particular than Exception.
            raise SetupError(
                f"the Whisper model {name} cannot be loaded: {error}",
                f"Check it: subtitled models verify {name}; and that this machine can do "
                f"device={self.context.device!r}, compute_type={self.settings.compute_type!r}",
            ) from error
        if self._model.model.device == "cpu":
            log = self.context.log
            install_encoder(self._model, folder, threads, log, may_differ=may_differ, begun=begun)
        self._workers = ThreadPoolExecutor(threads)

    def detect_language(self, audio: Audio, windows: Sequence[SpeechWindow]) -> list[LanguageGuess]:
        def detect_window(window: SpeechWindow) -> LanguageGuess:
            # Without pauses and with the same silence behind it, as its words will be recognised:
            # what the encoder makes of it is used again.
            packed = Window(window.speech or (window,))
            encoded = self._model.encode(compute_features(self._model, packed.read_samples(audio)))
            ranked = self._model.model.detect_language(encoded)[0][:10]
            guesses = {TO_TAG[token.strip("<|>")]: float(share) for token, share in ranked}
            return LanguageGuess(window, guesses)

        return list(self._workers.map(detect_window, windows))

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        primary = request.language.primary
        if primary not in list_languages(self.settings.model_name):
            raise InputRejectedError(
                f"Whisper {self.settings.model_name} does not know {request.language.english_name}",
                "Configure another engine for it",
            )
        options: dict[str, Any] = {
            "language": TO_CODE[primary],
            "task": "translate" if request.translate_to else "transcribe",
            "beam_size": self.settings.beam_size,
            "word_timestamps": True,
        }
        # Faint speech is transcribed separately, once and by the fastest way. It loops easily, and
        # would delay the clear speech of its batch. It fills the time in which the last batches of
        # clear speech leave a core free.
        chunk = request.chunk
        hotwords = usable_hotwords(request.hotwords)
        faint_windows = pack_windows(chunk.low_energy)
        clear_windows = pack_windows(subtract_spans(chunk.speech, chunk.low_energy))
        follow = follow_batches(request, [*faint_windows, *clear_windows])
        decoder = WindowDecoder(self._model, self._workers, self.context.threads, follow)
        clear_results, faint = decoder.transcribe_all(
            audio,
            [
                DecodingTask(clear_windows, options, keep_encoded=bool(hotwords)),
                DecodingTask(faint_windows, options | {"beam_size": 1}),
            ],
        )
        clear = self._transcribe_again(decoder, audio, clear_results, options)
        if hotwords:
            self._correct_names(audio, clear, hotwords, options)
        chosen = [*faint.values(), *(transcript for _, transcript in clear)]
        bounds = chunk.span
        words = [
            _clamp_word(word, bounds)
            for result in chosen
            for word in (*result.words, *result.doubtful)
        ]
        return Transcript(
            language=request.translate_to or request.language,
            words=tuple(sorted(words, key=lambda word: word.start)),
            engine=f"whisper {self.settings.model_name}",
            segment_scores=tuple(
                sorted(
                    (scores for result in chosen for scores in result.segment_scores),
                    key=lambda scores: scores.start,
                )
            ),
        )

    def align(self, audio: Audio, chunk: Chunk, text: str, language: Language) -> Sequence[Word]:
        primary = language.primary
        if primary not in list_languages(self.settings.model_name):
            raise InputRejectedError(
                f"Whisper {self.settings.model_name} does not know {language.english_name}",
                "Configure another engine for it",
            )
        tokenizer = build_tokenizer(self._model, TO_CODE[primary])
        words = align_text(self._model, tokenizer, audio, chunk.speech, text)
        return [_clamp_word(word, chunk.span) for word in words]

    def _transcribe_again(
        self,
        decoder: WindowDecoder,
        audio: Audio,
        transcripts: dict[Window, WindowTranscript],
        options: dict[str, Any],
    ) -> Attempt:
        """Transcribe broken windows again, in halves and then span by span, and choose the best."""
        usual = usual_rate(transcripts)
        attempts = {window: [[(window, first)]] for window, first in transcripts.items()}

        def again(cut: Callable[[Window], list[Window]], **changes: Any) -> None:
            broken = {
                window: cut(window)
                for window, known in attempts.items()
                if is_broken(window, _words(best_attempt(window, known)), usual)
            }
            pieces = list(dict.fromkeys(piece for cuts in broken.values() for piece in cuts))
            found = decoder.transcribe(audio, pieces, options | changes, is_last_attempt=True)
            for window, cuts in broken.items():
                attempts[window].append([(piece, found[piece]) for piece in cuts])

        again(split_window)
        again(split_at_pauses, temperature=FALLBACK_TEMPERATURE, beam_size=1)
        return [pair for window, known in attempts.items() for pair in best_attempt(window, known)]

    def _correct_names(
        self, audio: Audio, attempt: Attempt, hotwords: Sequence[str], options: dict[str, Any]
    ) -> None:
        """Write hotwords where they are more probable than the words."""
        tokenizer = build_tokenizer(self._model, options["language"], options["task"])

        def correct(pair: tuple[Window, WindowTranscript]) -> None:
            window, transcript = pair
            transcript.words = correct_names(
                transcript.words,
                hotwords,
                lambda: WindowScorer(self._model, tokenizer, audio, window, transcript.encoded),
            )
            transcript.encoded = None

        for _ in self._workers.map(correct, attempt):
            pass


def _is_cpu(kind: str) -> bool:
    """Tell whether CTranslate2 will take the processor for a device of this kind."""
    import ctranslate2

    return kind == "cpu" or (kind == "auto" and not ctranslate2.get_cuda_device_count())


def _check_card(section: str, number: int) -> None:
    """Raise :class:`SetupError` if CTranslate2 does not see the graphics card of this number."""
    import ctranslate2

    count = ctranslate2.get_cuda_device_count()
    if number < count:
        return
    seen = ", ".join(f"cuda:{card}" for card in range(count)) or "none"
    raise SetupError(
        f"there is no graphics card cuda:{number} for Whisper; it sees {seen}",
        f"Set engines.{section}.device to one of them, or to auto or cpu. If the card is there: "
        "install the NVIDIA driver and the CUDA libraries of CTranslate2, and in a container hand "
        "it over (--gpus all)",
    )


def follow_batches(
    request: TranscriptionRequest, windows: Sequence[Window]
) -> Callable[[Sequence[Window]], None]:
    """Return what is called before each batch: it reports the progress, and ends a cancelled call.

    Args:
        request: The request.
        windows: All windows of the chunk. Those that are decoded again count no more.
    """
    total = sum(window.duration for window in windows)
    begun: set[Window] = set()

    def follow(batch: Sequence[Window]) -> None:
        if request.cancelled:
            raise TransientError("the call was cancelled")
        if total:
            done = sum(window.duration for window in begun)
            request.progress(request.chunk.span.duration * done / total)
        begun.update(window for window in batch if window in known)

    known = frozenset(windows)
    return follow


def _words(attempt: Attempt) -> list[Word]:
    return [word for _, transcript in attempt for word in transcript.words]


def _clamp_word(word: Word, bounds: TimeSpan) -> Word:
    start = min(max(word.start, bounds.start), bounds.end)
    end = min(max(word.end, start), bounds.end)
    return Word(text=word.text, start=start, end=end, confidence=word.confidence)
