"""Moonshine tiny: English, fast on any processor, and without times of words."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from subtitled.plugin import (
    SAMPLE_RATE,
    Engine,
    EngineCapabilities,
    Language,
    ModelSpec,
    ModelWheel,
    Transcript,
    Word,
    hookimpl,
)

SUBTITLED_API = "1"
ENGLISH = Language("en")
MIN_SECONDS = 0.1

# The weights are data of a Python package. subtitled unpacks it, and never imports it.
_FOLDER = "moonshine_voice/assets/tiny-en"
_DIGESTS = {
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}
TINY = ModelSpec(
    name="tiny-en",
    files=_DIGESTS,
    size_bytes=43_943_830,
    wheels=(ModelWheel("moonshine-voice", "0.1.0", {f"{_FOLDER}/{f}": f for f in _DIGESTS}),),
    description="English only, 44 MB",
    languages=frozenset({ENGLISH}),
    memory_mb=180,
    license="MIT",
)


class MoonshineEngine(Engine):
    """Recognises English with Moonshine tiny."""

    @classmethod
    def capabilities(cls, settings):
        return EngineCapabilities(
            languages=frozenset({ENGLISH}),
            word_timestamps=False,  # subtitled aligns or estimates them
            max_chunk_seconds=28,
            devices=("cpu",),
        )

    @classmethod
    def models(cls, settings):
        return [TINY]

    @classmethod
    def catalogue(cls):
        return [TINY]

    def load(self):
        from sherpa_onnx import OfflineRecognizer  # heavy, so not at the top

        folder = self.context.models["tiny-en"]
        with tempfile.TemporaryDirectory() as temporary:
            tokens = Path(temporary) / "tokens.txt"
            tokens.write_bytes(convert_tokens((folder / "tokenizer.bin").read_bytes()))
            self._recogniser = OfflineRecognizer.from_moonshine_v2(
                encoder=str(folder / "encoder_model.ort"),
                decoder=str(folder / "decoder_model_merged.ort"),
                tokens=str(tokens),
                num_threads=self.context.threads,
            )

    def transcribe(self, audio, request):
        span = request.chunk.span
        if span.duration < MIN_SECONDS:
            return Transcript(language=ENGLISH, words=())
        stream = self._recogniser.create_stream()
        stream.accept_waveform(SAMPLE_RATE, audio.read_samples(span))
        self._recogniser.decode_stream(stream)
        text = stream.result.text.strip()
        words = [Word(text=f" {text}", start=span.start, end=span.end)] if text else []
        return Transcript(language=ENGLISH, words=words, engine="moonshine tiny-en")


def convert_tokens(content: bytes) -> bytes:
    """Convert the vocabulary to the form that sherpa-onnx reads.

    In ``tokenizer.bin`` the length of a token comes before it: in one byte, or two from 128 on.
    """
    lines, position = [], 0
    while position < len(content):
        length = content[position]
        position += 1
        if length >= 128:
            length += content[position] * 128 - 128
            position += 1
        token = content[position : position + length]
        lines.append(b"%b %d\n" % (base64.b64encode(token), len(lines)))
        position += length
    return b"".join(lines)


@hookimpl
def register_engines(register):
    register(MoonshineEngine)
