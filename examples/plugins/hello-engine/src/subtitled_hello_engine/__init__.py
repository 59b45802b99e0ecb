"""The smallest engine: it writes a greeting where somebody speaks."""

from pydantic import Field

from subtitled.plugin import (
    Engine,
    EngineCapabilities,
    Language,
    LanguageGuess,
    Settings,
    Transcript,
    Word,
    hookimpl,
)

SUBTITLED_API = "1"


class HelloSettings(Settings):
    greeting: str = Field("Hello.", description="What is written where somebody speaks.")


class HelloEngine(Engine[HelloSettings]):
    """Writes a greeting where somebody speaks."""

    @classmethod
    def capabilities(cls, settings):
        return EngineCapabilities(supports_language_detection=True)

    def detect_language(self, audio, windows):
        return [LanguageGuess(window, {Language("en"): 0.9}) for window in windows]

    def transcribe(self, audio, request):
        text = f" {self.settings.greeting}"
        words = [Word(text=text, start=s.start, end=s.end) for s in request.chunk.speech]
        return Transcript(language=request.language, words=words, engine="hello-engine")


@hookimpl
def register_engines(register):
    register(HelloEngine)
