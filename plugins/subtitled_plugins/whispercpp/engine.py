"""The engine that runs Whisper through pywhispercpp."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from subtitled.plugin import (
    Audio,
    CheckResult,
    Engine,
    EngineCapabilities,
    InputRejectedError,
    Language,
    LanguageGuess,
    ModelChoice,
    ModelSpec,
    SegmentScores,
    Settings,
    SetupError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)
from subtitled.plugin.speech_windows import cut_windows

from ..whisper.catalogue import TO_CODE, TO_TAG, list_languages
from .catalogue import MODELS
from .tokens import Token, build_words

INSTALL_HINT = 'Install it: pip install "subtitled[whispercpp]"'
"""What to do without the package."""
OWN = "own"
"""What a model in a folder of the user's is called."""
WINDOW_SECONDS = 28.0
"""Seconds that are decoded at once. Whisper takes 30."""
MIN_SECONDS = 0.2
"""Seconds below which audio is not decoded: whisper.cpp answers with nothing, and a warning."""
TICKS_PER_SECOND = 100.0
"""Times of whisper.cpp are hundredths of a second."""
ALIGNMENT_HEADS = {
    "tiny": "WHISPER_AHEADS_TINY",
    "tiny.en": "WHISPER_AHEADS_TINY_EN",
    "base": "WHISPER_AHEADS_BASE",
    "base.en": "WHISPER_AHEADS_BASE_EN",
    "small": "WHISPER_AHEADS_SMALL",
    "small.en": "WHISPER_AHEADS_SMALL_EN",
    "medium": "WHISPER_AHEADS_MEDIUM",
    "large-v3-turbo-q5_0": "WHISPER_AHEADS_LARGE_V3_TURBO",
}
"""The attention heads of each model by which whisper.cpp finds when a token is said."""
NOT_TRANSLATING = ("large-v3-turbo-q5_0",)
"""Models that write the spoken language when they are asked to translate."""


class WhisperCppSettings(Settings):
    """The section of an engine with ``plugin = "whispercpp"``."""

    model: ModelChoice = Field(
        "base",
        description="Which model; `subtitled models list` shows them. Or the path of a GGML file, "
        "or of a folder with one, which is used in place.",
    )
    beam_size: int = Field(
        5, ge=1, le=10, description="How many guesses are followed at once; 1 is faster."
    )

    @field_validator("model")
    @classmethod
    def _check_model(cls, model: str | Path) -> str | Path:
        if isinstance(model, str) and model not in MODELS:
            raise ValueError(f"no such model; there are: {', '.join(MODELS)}, and paths")
        return model


class WhisperCppEngine(Engine[WhisperCppSettings]):
    """Whisper through whisper.cpp, with all threads on one window of audio after the other."""

    _model: Any
    _bindings: Any

    @classmethod
    def capabilities(cls, settings: WhisperCppSettings) -> EngineCapabilities:
        name = _name_of(settings.model)
        english_only = ".en" in name
        return EngineCapabilities(
            languages=list_languages("tiny.en" if english_only else name),
            supports_language_detection=not english_only,
            devices=("cpu", "vulkan", "cuda"),
            translates_to=frozenset(
                () if english_only or name in NOT_TRANSLATING else {Language("en")}
            ),
        )

    @classmethod
    def models(cls, settings: WhisperCppSettings) -> Sequence[ModelSpec]:
        if isinstance(settings.model, str):
            return (MODELS[settings.model],)
        file = find_file(settings.model)
        return (ModelSpec.in_folder(file.parent, (file.name,), name=OWN),)

    @classmethod
    def catalogue(cls) -> Sequence[ModelSpec]:
        return tuple(MODELS.values())

    def self_check(self) -> Sequence[CheckResult]:
        if find_spec("pywhispercpp") is None:
            return (CheckResult("pywhispercpp", False, "is not installed", INSTALL_HINT),)
        return (CheckResult("pywhispercpp", True, "is installed"),)

    def load(self) -> None:
        try:
            import _pywhispercpp as bindings
            from pywhispercpp.model import Model
        except ImportError as error:
            raise SetupError(
                f"pywhispercpp cannot be imported: {error}",
                INSTALL_HINT,
            ) from error
        self._bindings = bindings
        choice = self.settings.model
        if isinstance(choice, Path):
            path = self.context.models[OWN] / find_file(choice).name
        else:
            path = self.context.models[choice] / f"ggml-{choice}.bin"
        try:
            self._model = Model(str(path), **self._model_arguments())
            is_open = self._model._ctx is not None
        except (RuntimeError, ValueError, OSError, TypeError) as error:
            raise SetupError(
                f"the model {path} cannot be opened: {error}",
                "Check it: subtitled models verify",
            ) from error
        if not is_open:
            raise SetupError(
                f"whisper.cpp cannot open the model {path}", "Check it: subtitled models verify"
            )

    def _model_arguments(self) -> dict[str, Any]:
        """Return how the model is opened and asked."""
        # Without a graphics processor, or with a package that was not built for it, use_gpu is of
        # no effect.
        kind, _, number = self.context.device.partition(":")
        context_params: dict[str, Any] = {"use_gpu": kind != "cpu", "gpu_device": int(number or 0)}
        heads = ALIGNMENT_HEADS.get(_name_of(self.settings.model))
        if heads is not None:
            # With flash attention there are no weights by which tokens could be placed.
            context_params |= {
                "flash_attn": False,
                "dtw_token_timestamps": True,
                "dtw_aheads_preset": getattr(self._bindings, heads),
            }
        beam_size = self.settings.beam_size
        beam_search = {"beam_search": {"beam_size": beam_size, "patience": -1.0}}
        return {
            "params_sampling_strategy": int(beam_size > 1),
            "redirect_whispercpp_logs_to": None,
            "context_params": context_params,
            "n_threads": self.context.threads,
            "token_timestamps": True,
            "no_context": True,
            "print_progress": False,
            "print_realtime": False,
            "print_timestamps": False,
            **(beam_search if beam_size > 1 else {}),
        }

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        guesses: list[LanguageGuess] = []
        for window in windows:
            _, probabilities = self._model.auto_detect_language(audio.read_samples(window))
            known = {
                TO_TAG[code]: float(probability)
                for code, probability in probabilities.items()
                if code in TO_TAG and probability > 0.001
            }
            guesses.append(LanguageGuess(window, known))
        return guesses

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        primary = request.language.primary
        known = self.capabilities(self.settings).languages
        if known is not None and primary not in known:
            raise InputRejectedError(
                f"the model {_name_of(self.settings.model)} does not know "
                f"{request.language.english_name}",
                "Configure another engine for it",
            )
        words: list[Word] = []
        scores: list[SegmentScores] = []
        for window in cut_windows(audio, request.chunk, WINDOW_SECONDS):
            if window.span.duration < MIN_SECONDS:
                continue
            self._model.transcribe(
                audio.read_samples(window.span),
                language=TO_CODE[primary],
                translate=request.translate_to is not None,
            )
            tokens = self._read_tokens()
            words += build_words(tokens, window.span)
            if tokens:
                scores.append(score_tokens(tokens, window.span))
        return Transcript(
            language=request.translate_to or request.language,
            words=tuple(words),
            engine=f"whisper.cpp {_name_of(self.settings.model)}",
            segment_scores=tuple(scores),
        )

    def _read_tokens(self) -> list[Token]:
        """Read the tokens of the last window, without those that stand for no text."""
        bindings, context = self._bindings, self._model._ctx
        first_special = bindings.whisper_token_eot(context)
        tokens: list[Token] = []
        for segment in range(bindings.whisper_full_n_segments(context)):
            for number in range(bindings.whisper_full_n_tokens(context, segment)):
                data = bindings.whisper_full_get_token_data(context, segment, number)
                if data.id >= first_special:
                    continue
                has_dtw = data.t_dtw >= 0
                start = (data.t_dtw if has_dtw else data.t0) / TICKS_PER_SECOND
                end = start if has_dtw else data.t1 / TICKS_PER_SECOND
                content = bytes(bindings.whisper_token_to_bytes(context, data.id))
                tokens.append(Token(content, start, end, data.plog))
        return tokens


def score_tokens(tokens: Sequence[Token], span: TimeSpan) -> SegmentScores:
    """Return the scores of a window, by which hallucinations are found.

    Args:
        tokens: What was recognised in it, at least one token.
        span: The window, in seconds of the track.
    """
    content = b"".join(token.content for token in tokens)
    return SegmentScores(
        start=span.start,
        end=span.end,
        avg_logprob=min(0.0, sum(token.logprob for token in tokens) / len(tokens)),
        compression_ratio=len(content) / len(zlib.compress(content)),
    )


def find_file(path: Path) -> Path:
    """Return the GGML file that a path names: itself, or the first in the folder that it is."""
    if path.suffix == ".bin":
        return path
    try:
        names = sorted(item.name for item in path.iterdir() if item.suffix == ".bin")
    except OSError:
        names = []
    return path / (names[0] if names else "ggml-model.bin")


def _name_of(model: str | Path) -> str:
    """Return the name of a model, for a path that of its file."""
    if isinstance(model, str):
        return model
    return find_file(model).stem.removeprefix("ggml-")
