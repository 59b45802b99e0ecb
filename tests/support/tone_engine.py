"""An engine plugin that hears a language in the pitch of a tone, and services with it in-process.

It plays every kind of engine: one that finds the language by itself and says so, says nothing, or
lies; one that needs to be told; one that detects languages; one that knows a single language.
"""

from __future__ import annotations

import itertools
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from subtitled.config.plugins import ConfiguredComponent
from subtitled.plugin import (
    SAMPLE_RATE,
    UNDETERMINED,
    Audio,
    ComponentContext,
    Engine,
    EngineCapabilities,
    Language,
    LanguageGuess,
    Register,
    Settings,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
    hookimpl,
)

SUBTITLED_API = "1"

EN, DE, RU = Language("en"), Language("de"), Language("ru")
PITCHES = {440: EN, 660: DE, 880: RU}
TEXTS = {
    EN: "I do not know what you want me to say, but we have been waiting here for many hours and "
    "nobody has told us anything about where they put the keys.",
    DE: "Ich weiß nicht, was ich dir sagen soll, aber wir warten hier schon seit vielen Stunden "
    "und niemand hat uns gesagt, wohin sie die Schlüssel gelegt haben.",
    RU: "Я не знаю, что тебе сказать, но мы ждём здесь уже много часов, и никто нам не сказал, "
    "куда они положили ключи от машины.",
}


MISREAD = (
    "The ships of the harbour were waiting for somebody who had been there before the storm, and "
    "the weather of the morning was what everybody in the town had hoped for."
)
"""What it translates into English if it is told another language than the one it hears."""


class ToneSettings(Settings):
    """What kind of engine it is."""

    languages: tuple[Language, ...] = ()
    """The languages that it knows. Empty: any."""
    detects: bool = False
    needs_language: bool = True
    says: str = "what it hears"
    """The language that it says it found: ``what it hears``, ``nothing``, or a tag."""
    translates: bool = False
    """Whether it translates speech into English."""
    writes: Literal["what it hears", "what it is told"] = "what it hears"
    destination: str = "local"


class ToneEngine(Engine[ToneSettings]):
    """Writes four words of the heard language for each tone."""

    def __init__(self, settings: ToneSettings, context: ComponentContext) -> None:
        super().__init__(settings, context)
        self.asked: list[Language] = []
        """The languages of all requests."""
        self.translated: list[Language] = []
        """The spoken languages of those for a translation."""

    @classmethod
    def capabilities(cls, settings: ToneSettings) -> EngineCapabilities:
        return EngineCapabilities(
            languages=frozenset(settings.languages) or None,
            supports_language_detection=settings.detects,
            needs_language=settings.needs_language,
            destination=settings.destination,
            translates_to=frozenset({EN}) if settings.translates else frozenset(),
        )

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        return [LanguageGuess(window, {_hear(audio, window): 0.95}) for window in windows]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.asked.append(request.language)
        if not request.language.is_known and self.settings.needs_language:
            raise AssertionError("it needs a language and was given none")
        heard = [_hear(audio, span) for span in request.chunk.speech]
        words: list[Word] = []
        texts = {language: itertools.cycle(text.split()) for language, text in TEXTS.items()}
        if request.translate_to is not None:
            self.translated.append(request.language)
        texts |= {UNDETERMINED: itertools.cycle(MISREAD.split())}
        for span, language in zip(request.chunk.speech, heard, strict=True):
            is_told = self.settings.writes == "what it is told"
            written = request.language if is_told else language
            confidence = 0.9 if written == language else 0.3
            if request.translate_to is not None:
                written = EN if request.language == language else UNDETERMINED
                confidence = 0.9
            piece = "".join(f" {next(texts[written])}" for _ in range(4))
            words.append(Word(text=piece, start=span.start, end=span.end, confidence=confidence))
        language = request.translate_to or self._say(heard)
        return Transcript(language=language, words=tuple(words), engine="tone")

    def _say(self, heard: Sequence[Language]) -> Language:
        if self.settings.says == "nothing" or not heard:
            return UNDETERMINED
        return heard[0] if self.settings.says == "what it hears" else Language(self.settings.says)


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    """Register the engine."""
    register(ToneEngine)


def configure(name: str = "tone", **settings: object) -> ConfiguredComponent[Engine]:
    """Return a configured engine of some kind."""
    return ConfiguredComponent(
        name=name,
        plugin="tone",
        component_class=ToneEngine,
        settings=ToneSettings.model_validate(settings),
    )


def write_tones(path: Path, *languages: Language, bursts: int = 12) -> Path:
    """Write a sound in which each language in turn is "spoken" in bursts of a second or two."""
    pitch_of = {language: pitch for pitch, language in PITCHES.items()}
    parts = []
    for language in languages:
        for number in range(bursts):
            length = round((1.2 + 0.1 * (number % 5)) * SAMPLE_RATE)
            wave_form = np.sin(np.arange(length) * 2 * np.pi * pitch_of[language] / SAMPLE_RATE)
            parts += [wave_form * 0.3, np.zeros(round(0.9 * SAMPLE_RATE))]
    sound = (np.concatenate(parts) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return path


def _hear(audio: Audio, span: TimeSpan) -> Language:
    spectrum = np.abs(np.fft.rfft(audio.read_samples(span)))
    pitch = np.argmax(spectrum) * SAMPLE_RATE / (2 * (len(spectrum) - 1))
    return PITCHES[min(PITCHES, key=lambda known: abs(known - pitch))]
