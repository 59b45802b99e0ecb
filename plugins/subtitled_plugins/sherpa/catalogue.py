"""The models that can be downloaded, with their digests.

The digests of ``moonshine-tiny-en`` were computed from its wheel. The others were compared between
several public lists of people who had downloaded the files, and are checked at each download. The
files of the two archives are checked by the digest of the archive.
"""

from __future__ import annotations

from subtitled.plugin import Language, ModelArchive, ModelFile, ModelSpec, ModelWheel

from .families import FamilyName

_RELEASES = "https://github.com/k2-fsa/sherpa-onnx/releases/download/asr-models"


def _languages(tags: str) -> frozenset[Language]:
    return frozenset(map(Language, tags.split()))


_PARAKEET = ModelSpec(
    name="parakeet-tdt-0.6b-v3",
    files={
        "encoder.int8.onnx": "acfc2b4456377e15d04f0243af540b7fe7c992f8d898d751cf134c3a55fd2247",
        "decoder.int8.onnx": "179e50c43d1a9de79c8a24149a2f9bac6eb5981823f2a2ed88d655b24248db4e",
        "joiner.int8.onnx": "3164c13fc2821009440d20fcb5fdc78bff28b4db2f8d0f0b329101719c0948b3",
        "tokens.txt": "d58544679ea4bc6ac563d1f545eb7d474bd6cfa467f0a6e2c1dc1c7d37e3c35d",
    },
    size_bytes=670_478_772,
    repository="csukuangfj/sherpa-onnx-nemo-parakeet-tdt-0.6b-v3-int8",
    revision="2bda32ec70b097a55adaa07d9a7173915b43cc78",
    description="25 European languages with punctuation and times, fast on a CPU",
    languages=_languages(
        "bg hr cs da nl en et fi fr de el hu it lv lt mt pl pt ro sk sl es sv ru uk"
    ),
    memory_mb=1000,
    license="CC-BY-4.0",
)
_SENSE_VOICE = ModelSpec(
    name="sense-voice",
    files={
        "model.int8.onnx": "c71f0ce00bec95b07744e116345e33d8cbbe08cef896382cf907bf4b51a2cd51",
        "tokens.txt": "f449eb28dc567533d7fa59be34e2abca8784f771850c78a47fb731a31429a1dc",
    },
    size_bytes=239_549_735,
    repository="csukuangfj/sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17",
    description="Chinese, Cantonese, Japanese, Korean and English, with times, very fast",
    languages=_languages("zh yue ja ko en"),
    memory_mb=340,
    license="FunASR Model License 1.1",
)
_CANARY = ModelSpec(
    name="canary-180m-flash",
    files={
        "encoder.int8.onnx": "7a75b4e2a5857a6dcc0819503bbe3fad66943db4a3ccf21d3f27c633667d303f",
        "decoder.int8.onnx": "e41a2ab9c0c2fe81a1e8ade5a45fb02a74bc4db7d1f91b89a54a25e2cf79cba2",
        "tokens.txt": "2dae6fc7815f9640645e0c765522b278ee0cef49b482d91f6913e334628d3e77",
    },
    size_bytes=207_170_046,
    repository="csukuangfj/sherpa-onnx-nemo-canary-180m-flash-en-es-de-fr-int8",
    revision="9077164e0d3dd1d5353743e89ceaa1d3a770838c",
    description="English, Spanish, German and French, with punctuation",
    languages=_languages("en es de fr"),
    memory_mb=670,
    license="CC-BY-4.0",
)
_WHISPER_TURBO = ModelSpec(
    name="whisper-turbo",
    files={
        "turbo-encoder.int8.onnx": (
            "b02dcdf54f348741e93fe732b67d933c8dcb6735655f710640143081db38878b"
        ),
        "turbo-decoder.int8.onnx": (
            "20accd02388482eb3a46bd615631adfdc85e1eb2c7db9ea3f02a40ffe6b81547"
        ),
        "turbo-tokens.txt": "b34b360dbb493e781e479794586d661700670d65564001f23024971d1f2fa126",
    },
    size_bytes=1_036_613_791,
    repository="csukuangfj/sherpa-onnx-whisper-turbo",
    revision="2ca6ff69fc878651b770880507669577ac41c2ff",
    description="Whisper large-v3-turbo; the plugin whisper has more of Whisper",
    license="MIT",
)
_ASSETS = "moonshine_voice/assets/tiny-en"
_MOONSHINE_TINY = ModelSpec(
    name="moonshine-tiny-en",
    files={
        "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
        "decoder_model_merged.ort": (
            "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0"
        ),
        "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    },
    size_bytes=43_943_830,
    wheels=(
        ModelWheel(
            "moonshine-voice",
            "0.1.0",
            {
                f"{_ASSETS}/{name}": name
                for name in ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
            },
        ),
    ),
    description="English only, the smallest: for tests and the slowest machines",
    languages=_languages("en"),
    memory_mb=180,
    license="MIT",
)
_MOONSHINE_BASE = ModelSpec(
    name="moonshine-base-en",
    files=dict.fromkeys(
        (
            "preprocess.onnx",
            "encode.int8.onnx",
            "uncached_decode.int8.onnx",
            "cached_decode.int8.onnx",
            "tokens.txt",
        )
    ),
    size_bytes=287_000_000,
    archives=(
        ModelArchive(
            url=f"{_RELEASES}/sherpa-onnx-moonshine-base-en-int8.tar.bz2",
            sha256="21870cecaa2e44e4e2bf63e02d1072bed183ccd10284871353bd9d24dad14e5e",
            strip=1,
        ),
    ),
    description="English only, small",
    languages=_languages("en"),
    memory_mb=600,
    license="MIT",
)
_QWEN3_ASR = ModelSpec(
    name="qwen3-asr-0.6b",
    files={
        "conv_frontend.onnx": ModelFile(size_bytes=44_148_281),
        "encoder.int8.onnx": ModelFile(size_bytes=182_491_662),
        "decoder.int8.onnx": ModelFile(size_bytes=755_914_231),
        "tokenizer/vocab.json": None,
        "tokenizer/merges.txt": None,
        "tokenizer/tokenizer_config.json": None,
    },
    size_bytes=987_000_000,
    archives=(
        ModelArchive(
            url=f"{_RELEASES}/sherpa-onnx-qwen3-asr-0.6B-int8-2026-03-25.tar.bz2",
            sha256="393f8a14e2f5fb96746aaab342997a40641001fbd5bf9592a080a8329178ee96",
            strip=1,
        ),
    ),
    description="30 languages, of them Chinese with dialects; slow without a fast CPU",
    languages=_languages(
        "zh yue en ar de fr es pt id it ko ru th vi ja tr hi ms nl sv da fi pl cs fil fa el ro hu "
        "mk"
    ),
    memory_mb=1500,
    license="Apache-2.0",
)
_ZIPFORMER_EN = ModelSpec(
    name="zipformer-en",
    files={
        "encoder-epoch-99-avg-1.int8.onnx": (
            "52a48f46c17b19a36fe3927c4d59479bb16eeb2493313ed82c4bf775c2cb8bc8"
        ),
        "decoder-epoch-99-avg-1.int8.onnx": (
            "783cd6b23b8db8e14a43804ecf972ae96e71499cce799e334ab95c961800d797"
        ),
        "joiner-epoch-99-avg-1.int8.onnx": (
            "48de5d6467a2ab1e72cb5c4d828330be06524d877bc458118b6a4198ca031357"
        ),
        "tokens.txt": "49e3c2646595fd907228b3c6787069658f67b17377c60aeb8619c4551b2316fb",
    },
    size_bytes=70_350_183,
    repository="csukuangfj/sherpa-onnx-zipformer-en-2023-06-26",
    description="English without punctuation, trained on audio books only",
    languages=_languages("en"),
    memory_mb=200,
    license="Apache-2.0",
)

_FAMILIES: tuple[tuple[FamilyName, ModelSpec], ...] = (
    ("nemo-transducer", _PARAKEET),
    ("sense-voice", _SENSE_VOICE),
    ("canary", _CANARY),
    ("qwen3-asr", _QWEN3_ASR),
    ("moonshine", _MOONSHINE_TINY),
    ("moonshine-v1", _MOONSHINE_BASE),
    ("zipformer", _ZIPFORMER_EN),
    ("whisper", _WHISPER_TURBO),
)
MODELS = {spec.name: (family, spec) for family, spec in _FAMILIES}
"""Name -> the family and the model."""
