"""Weights of Whisper in the form of whisper.cpp, made of those in the form of CTranslate2.

whisper.cpp reads one file: sizes, mel filters, the vocabulary and the tensors by OpenAI's names.
CTranslate2 keeps the same numbers, with query, key and value in one tensor.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

Tensors = dict[str, npt.NDArray[np.float32]]

_MAGIC = 0x67676D6C
_TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
_FIRST_SPECIAL_TOKEN = 50257
_SIDES = ("encoder", "decoder")
_FLOAT32 = ("conv1.bias", "conv2.bias", "positional_embedding")
"""Ends of the names of tensors with two dimensions that whisper.cpp wants in 32 bits."""


def write_ggml(source: Path, target: Path) -> None:
    """Write a model for whisper.cpp.

    Args:
        source: The folder of a multilingual model of faster-whisper in 16 bits.
        target: The file to write.
    """
    from faster_whisper.feature_extractor import FeatureExtractor

    tensors = dict(_rename(_read_ctranslate2(source / "model.bin")))
    layers = {
        side: len({name.split(".")[2] for name in tensors if name.startswith(f"{side}.blocks")})
        for side in _SIDES
    }
    vocabulary, width = tensors["decoder.token_embedding.weight"].shape
    mel = FeatureExtractor().mel_filters.astype(np.float32)
    heads = width // 64
    audio = (tensors["encoder.positional_embedding"].shape[0], width, heads, layers["encoder"])
    text = (tensors["decoder.positional_embedding"].shape[0], width, heads, layers["decoder"])
    with target.open("wb") as file:
        file.write(struct.pack("<12i", _MAGIC, vocabulary, *audio, *text, len(mel), 1))
        file.write(struct.pack("<2i", *mel.shape) + mel.tobytes())
        tokens = _read_tokens(source / "tokenizer.json")
        file.write(struct.pack("<i", len(tokens)))
        for token in tokens:
            file.write(struct.pack("<i", len(token)) + token)
        for name, tensor in tensors.items():
            _write_tensor(file, name, tensor)


def _read_ctranslate2(path: Path) -> Tensors:
    """Read the tensors of a model of CTranslate2, version 6 of its form."""
    content, position = path.read_bytes(), 0

    def read(form: str) -> int:
        nonlocal position
        (value,) = struct.unpack_from(f"<{form}", content, position)
        position += struct.calcsize(f"<{form}")
        return int(value)

    def read_text() -> str:
        nonlocal position
        length = read("H")
        position += length
        return content[position - length : position].rstrip(b"\0").decode()

    assert read("I") == 6
    read_text()
    read("I")
    tensors: Tensors = {}
    for _ in range(read("I")):
        name = read_text()
        shape = [read("I") for _ in range(read("B"))]
        kind, length = _TYPES[read("B")], read("I")
        values = np.frombuffer(content[position : position + length], kind)
        position += length
        tensors[name] = values.reshape(shape).astype(np.float32)
    return tensors


def _rename(tensors: Tensors) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Yield the tensors by the names that OpenAI gave them."""
    for number in (1, 2):
        yield f"encoder.conv{number}.weight", tensors[f"encoder/conv{number}/weight"]
        yield f"encoder.conv{number}.bias", tensors[f"encoder/conv{number}/bias"].reshape(-1, 1)
    yield "decoder.token_embedding.weight", tensors["decoder/embeddings/weight"]
    for side, norm in zip(_SIDES, ("ln_post", "ln"), strict=True):
        yield f"{side}.positional_embedding", tensors[f"{side}/position_encodings/encodings"]
        yield from _norm(tensors, f"{side}/layer_norm", f"{side}.{norm}")
    for source in sorted(name for name in tensors if name.endswith("/ffn/linear_0/weight")):
        side, layer = source.split("/")[:2]
        here, block = f"{side}/{layer}", f"{side}.blocks.{layer.removeprefix('layer_')}"
        parts = ("query", "key", "value")
        yield from _split(tensors, f"{here}/self_attention/linear_0", f"{block}.attn", parts)
        yield from _linear(tensors, f"{here}/self_attention/linear_1", f"{block}.attn.out")
        yield from _norm(tensors, f"{here}/self_attention/layer_norm", f"{block}.attn_ln")
        if side == "decoder":
            cross = f"{block}.cross_attn"
            yield from _linear(tensors, f"{here}/attention/linear_0", f"{cross}.query")
            yield from _split(tensors, f"{here}/attention/linear_1", cross, parts[1:])
            yield from _linear(tensors, f"{here}/attention/linear_2", f"{cross}.out")
            yield from _norm(tensors, f"{here}/attention/layer_norm", f"{cross}_ln")
        yield from _linear(tensors, f"{here}/ffn/linear_0", f"{block}.mlp.0")
        yield from _linear(tensors, f"{here}/ffn/linear_1", f"{block}.mlp.2")
        yield from _norm(tensors, f"{here}/ffn/layer_norm", f"{block}.mlp_ln")


def _norm(tensors: Tensors, source: str, target: str) -> Iterator[tuple[str, npt.NDArray]]:  # type: ignore[type-arg]
    yield f"{target}.weight", tensors[f"{source}/gamma"]
    yield f"{target}.bias", tensors[f"{source}/beta"]


def _linear(tensors: Tensors, source: str, target: str) -> Iterator[tuple[str, npt.NDArray]]:  # type: ignore[type-arg]
    yield f"{target}.weight", tensors[f"{source}/weight"]
    yield f"{target}.bias", tensors[f"{source}/bias"]


def _split(
    tensors: Tensors, source: str, target: str, parts: tuple[str, ...]
) -> Iterator[tuple[str, npt.NDArray]]:  # type: ignore[type-arg]
    weights = np.split(tensors[f"{source}/weight"], len(parts))
    biases = np.split(tensors[f"{source}/bias"], len(parts))
    for part, weight, bias in zip(parts, weights, biases, strict=True):
        yield f"{target}.{part}.weight", weight
        if part != "key":  # It has none in Whisper.
            yield f"{target}.{part}.bias", bias


def _read_tokens(path: Path) -> list[bytes]:
    """Return the tokens of text in the order of their numbers, as bytes."""
    letters = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in letters]
    byte_of = {chr(byte): byte for byte in letters}
    byte_of |= {chr(256 + number): byte for number, byte in enumerate(rest)}
    vocabulary: dict[str, int] = json.loads(path.read_text("utf-8"))["model"]["vocab"]
    ordered = sorted(vocabulary.items(), key=lambda item: item[1])[:_FIRST_SPECIAL_TOKEN]
    return [bytes(byte_of[letter] for letter in token) for token, _ in ordered]


def _write_tensor(file: IO[bytes], name: str, tensor: npt.NDArray[np.float32]) -> None:
    is_float32 = tensor.ndim < 2 or name.endswith(_FLOAT32)
    values = np.ascontiguousarray(tensor, np.float32 if is_float32 else np.float16)
    file.write(struct.pack("<3i", tensor.ndim, len(name), int(not is_float32)))
    file.write(struct.pack(f"<{tensor.ndim}i", *reversed(tensor.shape)))
    file.write(name.encode() + values.tobytes())
