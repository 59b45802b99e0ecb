"""The engine for models that sherpa-onnx runs, by its families of models."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from subtitled.plugin import (
    SAMPLE_RATE,
    UNDETERMINED,
    Audio,
    CheckResult,
    Chunk,
    Engine,
    EngineCapabilities,
    InputRejectedError,
    Language,
    ModelChoice,
    ModelSpec,
    Settings,
    SetupError,
    Transcript,
    TranscriptionRequest,
    Word,
)
from subtitled.plugin.speech_windows import cut_windows

from .catalogue import MODELS
from .families import FAMILIES, Family, FamilyName, choose_files, list_names, list_required
from .moonshine_tokens import convert_tokenizer
from .words import join_texts, place_words

if TYPE_CHECKING:
    from sherpa_onnx import OfflineRecognizer

INSTALL_HINT = 'Install it: pip install "subtitled[sherpa]"'
"""What to do without the package."""
OWN = "own"
"""What a model in a folder of the user's is called."""
MIN_SECONDS = 0.1
"""Seconds below which audio is not decoded: some models fail with so little."""


class SherpaSettings(Settings):
    """The section of an engine with ``plugin = "sherpa"``."""

    model: ModelChoice = Field(
        "parakeet-tdt-0.6b-v3",
        description="Which model; `subtitled models list` shows them. Or the path of a folder with "
        "one, which is used in place.",
    )
    family: FamilyName | None = Field(
        None, description="How the model in a folder of yours is opened."
    )
    languages: tuple[Language, ...] = Field(
        (),
        description="The languages of the model in a folder of yours. Empty: any.",
    )

    @model_validator(mode="after")
    def _check_model(self) -> SherpaSettings:
        if isinstance(self.model, Path):
            if self.family is None:
                raise ValueError(f"say how {self.model} is opened: set family")
        elif self.model not in MODELS:
            raise ValueError(f"no such model; there are: {', '.join(MODELS)}, and paths of folders")
        elif self.family is not None or self.languages:
            raise ValueError("family and languages are for a model in a folder of yours")
        return self

    @property
    def family_name(self) -> FamilyName:
        """The family of the model."""
        if isinstance(self.model, Path):
            assert self.family is not None
            return self.family
        return MODELS[self.model][0]


def choose_card(number: int, shown: str) -> str:
    """Return the name of a graphics card among those that a process may see.

    Args:
        number: The place of the card among them, from 0, as other engines count too.
        shown: ``CUDA_VISIBLE_DEVICES``; empty if all cards are seen.

    Raises:
        SetupError: The process sees fewer cards.
    """
    if not shown:
        return f"{number}"
    names = shown.split(",")
    if number < len(names):
        return names[number].strip()
    raise SetupError(
        f"CUDA shows {len(names)} cards to this process, so that there is no cuda:{number}",
        "Choose another device, or add the card to CUDA_VISIBLE_DEVICES",
    )


class SherpaEngine(Engine[SherpaSettings]):
    """Models that sherpa-onnx runs on the processor."""

    _recognizer: OfflineRecognizer | None

    @classmethod
    def capabilities(cls, settings: SherpaSettings) -> EngineCapabilities:
        family = FAMILIES[settings.family_name]
        if isinstance(settings.model, Path):
            languages = frozenset(settings.languages) or None
        else:
            languages = MODELS[settings.model][1].languages
        return EngineCapabilities(
            languages=languages,
            word_timestamps=family.has_times,
            needs_language=not family.finds_language,
            devices=("cpu", "cuda"),
        )

    @classmethod
    def models(cls, settings: SherpaSettings) -> Sequence[ModelSpec]:
        if not isinstance(settings.model, Path):
            return (MODELS[settings.model][1],)
        family = FAMILIES[settings.family_name]
        required = list_required(family, list_names(settings.model))
        return (ModelSpec.in_folder(settings.model, required, name=OWN),)

    @classmethod
    def catalogue(cls) -> Sequence[ModelSpec]:
        return tuple(spec for _, spec in MODELS.values())

    def self_check(self) -> Sequence[CheckResult]:
        if find_spec("sherpa_onnx") is None:
            return (CheckResult("sherpa-onnx", False, "is not installed", INSTALL_HINT),)
        return (CheckResult("sherpa-onnx", True, "is installed"),)

    def load(self) -> None:
        kind, _, number = self.context.device.partition(":")
        if kind == "cuda" and number:
            # sherpa-onnx takes the first card that CUDA shows to this process, which has only this
            # engine.
            shown = os.environ.get("CUDA_VISIBLE_DEVICES", "")
            os.environ["CUDA_VISIBLE_DEVICES"] = choose_card(int(number), shown)
        self._family: Family = FAMILIES[self.settings.family_name]
        self._opened_for: str | None = None
        self._recognizer = self._open("en" if self._family.language_parameters else "")

    def _open(self, code: str) -> OfflineRecognizer:
        """Open the model, for the language with this code if it takes one."""
        try:
            from sherpa_onnx import OfflineRecognizer
        except ImportError as error:
            raise SetupError(
                f"sherpa-onnx cannot be imported: {error}",
                INSTALL_HINT,
            ) from error
        model = self.settings.model
        folder = self.context.models[OWN if isinstance(model, Path) else model]
        kind = self.context.device.partition(":")[0]
        provider = "cpu" if kind == "auto" else kind
        with tempfile.TemporaryDirectory() as scratch:
            arguments = build_arguments(self._family, folder, code, Path(scratch))
            try:
                recognizer = getattr(OfflineRecognizer, self._family.factory)(
                    **arguments, num_threads=self.context.threads, provider=provider
                )
            except (RuntimeError, ValueError, AssertionError) as error:
                raise SetupError(
                    f"the model {model} cannot be opened: {error}",
                    f"Check it: subtitled models verify; and that it is of the family "
                    f"{self.settings.family_name}",
                ) from error
        self._opened_for = code
        return recognizer

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        language = request.language
        self._select_language(language)
        words: list[Word] = []
        found = UNDETERMINED
        for window in cut_windows(audio, request.chunk, self._family.max_seconds):
            if window.span.duration < MIN_SECONDS:
                continue
            result = self._decode(audio, window)
            words += self._read_words(result, window)
            if found == UNDETERMINED:
                found = parse_language(getattr(result, "lang", ""))
        return Transcript(
            language=found if language == UNDETERMINED else language,
            words=tuple(words),
            engine=f"sherpa {self._model_name}",
        )

    @property
    def _model_name(self) -> str:
        model = self.settings.model
        return model.name if isinstance(model, Path) else model

    def _select_language(self, language: Language) -> None:
        """Open the model again if it was opened for another language."""
        known = self.capabilities(self.settings).languages
        if known is not None and language.primary not in known and language != UNDETERMINED:
            raise InputRejectedError(
                f"{self._model_name} does not know {language.english_name}",
                "Configure another engine for it",
            )
        if not self._family.language_parameters:
            return
        code = "" if language == UNDETERMINED else str(language.primary)
        if code != self._opened_for:
            self._opened_for = None
            self._recognizer = None  # Two models may not fit into the memory.
            self._recognizer = self._open(code)

    def _decode(self, audio: Audio, window: Chunk) -> Any:
        recognizer = self._recognizer
        assert recognizer is not None
        stream = recognizer.create_stream()
        stream.accept_waveform(SAMPLE_RATE, audio.read_samples(window.span))
        recognizer.decode_stream(stream)
        return stream.result

    def _read_words(self, result: Any, window: Chunk) -> list[Word]:
        text = result.text.strip()
        if text.isupper():
            text = text.lower()  # A model without punctuation writes capitals alone.
        if not text:
            return []
        if self._family.has_times:
            return place_words(text, list(result.tokens), list(result.timestamps), window.span)
        speech = window.speech
        return [Word(text=join_texts(text), start=speech[0].start, end=speech[-1].end)]


def build_arguments(family: Family, folder: Path, code: str, scratch: Path) -> dict[str, object]:
    """Return the arguments with which a model is opened.

    Args:
        family: Its family.
        folder: Its folder.
        code: The code of the spoken language, "" to have it found.
        scratch: A folder for files that sherpa-onnx needs in another form while it opens the model.

    Raises:
        SetupError: The vocabulary is damaged.
    """
    files = {
        parameter: folder / name
        for parameter, name in choose_files(family, list_names(folder)).items()
    }
    tokens = files.get("tokens")
    if tokens is not None and tokens.suffix == ".bin":
        files["tokens"] = scratch / "tokens.txt"
        convert_tokenizer(tokens, files["tokens"])
    folders = {parameter: folder / parameter for parameter in family.folders}
    return {
        **{parameter: str(path) for parameter, path in (files | folders).items()},
        **family.options,
        **dict.fromkeys(family.language_parameters, code),
    }


def parse_language(text: str) -> Language:
    """Return the language that a model names, as in ``<|en|>``, or ``und`` if it names none."""
    try:
        return Language.parse(text.strip("<|> ")) if text else UNDETERMINED
    except ValueError:
        return UNDETERMINED
