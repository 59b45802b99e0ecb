"""A transducer of sherpa-onnx in a folder that the user names."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from subtitled.plugin import (
    SAMPLE_RATE,
    Engine,
    EngineCapabilities,
    Language,
    ModelSpec,
    Settings,
    SetupError,
    Transcript,
    Word,
    hookimpl,
)

SUBTITLED_API = "1"
MIN_SECONDS = 0.1


class OwnSherpaSettings(Settings):
    model: Path = Field(description="The folder with the files of the model.")
    languages: tuple[str, ...] = Field(description="The languages that it recognises, as tags.")


class OwnSherpaEngine(Engine[OwnSherpaSettings]):
    """Recognises speech with a transducer of the user's."""

    @classmethod
    def capabilities(cls, settings):
        return EngineCapabilities(
            languages=frozenset(map(Language.parse, settings.languages)), max_chunk_seconds=28
        )

    @classmethod
    def models(cls, settings):
        quantised = (settings.model / "encoder.int8.onnx").is_file()
        ending = ".int8.onnx" if quantised else ".onnx"
        parts = [f"{part}{ending}" for part in ("encoder", "decoder", "joiner")]
        return [ModelSpec.in_folder(settings.model.absolute(), [*parts, "tokens.txt"])]

    def load(self):
        from sherpa_onnx import OfflineRecognizer  # heavy, so not at the top

        files = {path.name.partition(".")[0]: str(path) for path in self._list_files()}
        try:
            self._recogniser = OfflineRecognizer.from_transducer(
                **files, num_threads=self.context.threads, model_type="nemo_transducer"
            )
        except (RuntimeError, ValueError) as error:
            raise SetupError(
                f"the model in {self.settings.model} cannot be loaded: {error}",
                "Use the files of a NeMo transducer, as sherpa-onnx publishes them",
            ) from error

    def _list_files(self):
        folder = self.context.models["own"]
        return [folder / file for spec in self.models(self.settings) for file in spec.files]

    def transcribe(self, audio, request):
        span = request.chunk.span
        if span.duration < MIN_SECONDS:
            return Transcript(language=request.language, words=())
        stream = self._recogniser.create_stream()
        stream.accept_waveform(SAMPLE_RATE, audio.read_samples(span))
        self._recogniser.decode_stream(stream)
        words = join_pieces(stream.result.tokens, stream.result.timestamps, span.start, span.end)
        return Transcript(language=request.language, words=words, engine="own-sherpa")


def join_pieces(tokens, timestamps, start, end):
    """Return words of pieces. A piece with a space in front begins a word.

    The recogniser says when each piece begins. A word ends where the next one begins, or half a
    second later.
    """
    words = []
    for piece, seconds in zip(tokens, timestamps, strict=False):
        if piece.startswith((" ", "\N{LOWER ONE EIGHTH BLOCK}")) or not words:
            words.append([" " + piece.lstrip(" \N{LOWER ONE EIGHTH BLOCK}"), start + seconds])
        else:
            words[-1][0] += piece
    begins = [begin for _, begin in words] + [end]
    return [
        Word(text=text, start=begin, end=min(end, begins[number + 1], begin + 0.5))
        for number, (text, begin) in enumerate(words)
        if text.strip()
    ]


@hookimpl
def register_engines(register):
    register(OwnSherpaEngine)
