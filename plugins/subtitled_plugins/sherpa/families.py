"""The families of models: how sherpa-onnx opens each, and what each can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

FamilyName = Literal[
    "canary",
    "moonshine",
    "moonshine-v1",
    "nemo-transducer",
    "qwen3-asr",
    "sense-voice",
    "whisper",
    "zipformer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Models that are opened in the same way."""

    factory: str
    """The method of ``sherpa_onnx.OfflineRecognizer`` that opens one."""
    files: Mapping[str, tuple[str, ...]]
    """Parameter of the method -> patterns of its file, the usual name first."""
    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameter of the method, which is a folder of that name -> the files in it."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Other parameters."""
    language_parameters: tuple[str, ...] = ()
    """Parameters that take the code of the spoken language."""
    max_seconds: float
    """The most audio that a model decodes at once."""
    has_times: bool = False
    """Whether each token has a time."""
    finds_language: bool = False
    """Whether the language need not be told."""


_ENCODER = ("encoder.int8.onnx", "encoder*.onnx")
_DECODER = ("decoder.int8.onnx", "decoder*.onnx")
_TRANSDUCER = {
    "encoder": _ENCODER,
    "decoder": _DECODER,
    "joiner": ("joiner.int8.onnx", "joiner*.onnx"),
    "tokens": ("tokens.txt",),
}

FAMILIES: Mapping[FamilyName, Family] = {
    "canary": Family(
        factory="from_nemo_canary",
        files={"encoder": _ENCODER, "decoder": _DECODER, "tokens": ("tokens.txt",)},
        language_parameters=("src_lang", "tgt_lang"),
        max_seconds=35.0,
    ),
    "moonshine": Family(
        factory="from_moonshine_v2",
        files={
            "encoder": ("encoder_model.ort", "encoder_model*"),
            "decoder": ("decoder_model_merged.ort", "decoder_model*"),
            "tokens": ("tokens.txt", "tokenizer.bin"),
        },
        max_seconds=28.0,
    ),
    "moonshine-v1": Family(
        factory="from_moonshine",
        files={
            "preprocessor": ("preprocess.onnx", "preprocess*.onnx"),
            "encoder": ("encode.int8.onnx", "encode*.onnx"),
            "uncached_decoder": ("uncached_decode.int8.onnx", "uncached_decode*.onnx"),
            "cached_decoder": ("cached_decode.int8.onnx", "cached_decode*.onnx"),
            "tokens": ("tokens.txt",),
        },
        max_seconds=28.0,
    ),
    "nemo-transducer": Family(
        factory="from_transducer",
        files=_TRANSDUCER,
        options={"model_type": "nemo_transducer"},
        max_seconds=60.0,
        has_times=True,
        finds_language=True,
    ),
    "qwen3-asr": Family(
        factory="from_qwen3_asr",
        files={
            "conv_frontend": ("conv_frontend.onnx", "conv_frontend*.onnx"),
            "encoder": _ENCODER,
            "decoder": _DECODER,
        },
        folders={"tokenizer": ("vocab.json", "merges.txt", "tokenizer_config.json")},
        # The default of 128 ends a window of fast speech early.
        options={"max_new_tokens": 400, "max_total_len": 1024},
        max_seconds=28.0,
        finds_language=True,
    ),
    "sense-voice": Family(
        factory="from_sense_voice",
        files={"model": ("model.int8.onnx", "model*.onnx"), "tokens": ("tokens.txt",)},
        options={"use_itn": True},
        language_parameters=("language",),
        max_seconds=28.0,
        has_times=True,
        finds_language=True,
    ),
    "whisper": Family(
        factory="from_whisper",
        files={
            "encoder": ("encoder.int8.onnx", "*encoder*.onnx"),
            "decoder": ("decoder.int8.onnx", "*decoder*.onnx"),
            "tokens": ("tokens.txt", "*tokens.txt"),
        },
        language_parameters=("language",),
        max_seconds=28.0,
        finds_language=True,
    ),
    "zipformer": Family(
        factory="from_transducer", files=_TRANSDUCER, max_seconds=28.0, has_times=True
    ),
}


def choose_files(family: Family, names: Iterable[str]) -> dict[str, str]:
    """Choose the file of a folder for each parameter, the smaller ones with int8 first.

    Args:
        family: The family of the model in the folder.
        names: The names of the files in the folder.

    Returns:
        Parameter -> name. A file that is missing has its usual name.
    """
    known = sorted(names, key=lambda name: ("int8" not in name, name))
    return {
        parameter: next(
            (name for pattern in patterns for name in known if fnmatchcase(name, pattern)),
            patterns[0],
        )
        for parameter, patterns in family.files.items()
    }


def list_required(family: Family, names: Iterable[str]) -> list[str]:
    """List the files without which a model of a family cannot be opened.

    Args:
        family: The family.
        names: The names of the files in its folder.
    """
    inner = [f"{folder}/{name}" for folder, files in family.folders.items() for name in files]
    return [*choose_files(family, names).values(), *inner]


def list_names(folder: Path) -> list[str]:
    """List the names in a folder, none if it cannot be read."""
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []
