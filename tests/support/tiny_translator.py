"""A translation model made by hand, which CTranslate2 and SentencePiece run as any other.

It translates word by word. Its decoder attends to the source word at its own position, and its
output layer is a dictionary. Everything in it is exact, so tests know what comes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SPECIAL = ("<unk>", "<s>", "</s>")
MAX_WORDS = 40
SHARPNESS = 60.0


def make_spm(path: Path, words: Sequence[str]) -> None:
    """Train a SentencePiece model whose pieces are whole words."""
    import sentencepiece

    text = path.with_suffix(".txt")
    text.write_text("\n".join(words) + "\n", "utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(path.with_suffix("")),
        model_type="word",
        vocab_size=len(set(" ".join(words).split())) + len(SPECIAL),
        minloglevel=2,
    )
    if path.suffix != ".model":
        path.with_suffix(".model").replace(path)
    path.with_suffix(".vocab").unlink()
    text.unlink()


def make_model(
    folder: Path,
    dictionary: Mapping[str, Sequence[str]],
    *,
    prefixes: Sequence[str] = (),
    adds_end: bool = False,
) -> None:
    """Write a CTranslate2 model that translates word by word.

    Args:
        folder: Where to write it.
        dictionary: Source word -> its translations, the likeliest first.
        prefixes: Tokens such as ``>>spa<<``, one of which each line has to begin with.
        adds_end: Whether CTranslate2 ends lines by itself.
    """
    import ctranslate2

    source = [*SPECIAL, *(f"\u2581{word}" for word in dictionary), *prefixes]
    targets = dict.fromkeys(f"\u2581{word}" for words in dictionary.values() for word in words)
    target = [*SPECIAL, *targets]
    size = len(source) + MAX_WORDS
    spec = ctranslate2.specs.TransformerSpec.from_config(1, 1, pre_norm=True)
    positions = np.eye(size, dtype=np.float32)[len(source) :]
    for part in (spec.encoder, spec.decoder):
        part.scale_embeddings = False
        # The decoder looks for the word behind the prefix.
        skipped = bool(prefixes) if part is spec.decoder else 0
        part.position_encodings.encodings = np.roll(positions, -skipped, axis=0)
        part.layer_norm.gamma, part.layer_norm.beta = np.ones(size), np.zeros(size)
    spec.encoder.embeddings[0].weight = np.eye(len(source), size)
    spec.decoder.embeddings.weight = np.zeros((len(target), size))
    encoder, decoder = spec.encoder.layer[0], spec.decoder.layer[0]
    for layer in (encoder, decoder):
        _set_norm(layer.self_attention, size)
        _set_norm(layer.ffn, size)
        _set_linear(layer.self_attention.linear[0], np.zeros((3 * size, size)))
        _set_linear(layer.self_attention.linear[1], np.zeros((size, size)))
        _set_linear(layer.ffn.linear_0, np.zeros((size, size)))
        _set_linear(layer.ffn.linear_1, np.zeros((size, size)))
    is_position = np.diag(np.arange(size) >= len(source)).astype(np.float32)
    is_word = np.eye(size) - is_position
    attention = decoder.attention
    _set_norm(attention, size)
    _set_linear(attention.linear[0], SHARPNESS * is_position)
    _set_linear(attention.linear[1], np.concatenate([is_position, is_word]))
    _set_linear(attention.linear[2], is_word)
    logits = np.full((len(target), size), -1.0)
    logits[2, 2] = 6.0
    for number, word in enumerate(dictionary, len(SPECIAL)):
        for rank, translation in enumerate(dictionary[word]):
            logits[target.index(f"\u2581{translation}"), number] = 6.0 - 0.05 * rank
    logits[0, 0] = 6.0
    _set_linear(spec.decoder.projection, logits)
    spec.config.add_source_eos = adds_end
    spec.register_source_vocabulary(source)
    spec.register_target_vocabulary(target)
    spec.validate()
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))


def make_opus_package(folder: Path, dictionary: Mapping[str, Sequence[str]], **more: Any) -> None:
    """Write a model as OPUS-MT has it, with ``source.spm`` and ``target.spm``."""
    make_model(folder, dictionary, **more)
    make_spm(folder / "source.spm", list(dictionary))
    make_spm(folder / "target.spm", _translations(dictionary))


def make_shared_package(folder: Path, dictionary: Mapping[str, Sequence[str]]) -> None:
    """Write a model whose languages share ``vocab.spm``."""
    make_model(folder, dictionary, adds_end=True)
    make_spm(folder / "vocab.spm", [*dictionary, *_translations(dictionary)])


def make_argos_package(
    folder: Path, source: str, target: str, dictionary: Mapping[str, Sequence[str]]
) -> None:
    """Write an Argos package, unpacked."""
    make_model(folder / "model", dictionary, adds_end=True)
    make_spm(folder / "sentencepiece.model", [*dictionary, *_translations(dictionary)])
    (folder / "metadata.json").write_text(json.dumps({"from_code": source, "to_code": target}))


def _translations(dictionary: Mapping[str, Sequence[str]]) -> list[str]:
    return [word for words in dictionary.values() for word in words]


def _set_norm(layer: Any, size: int) -> None:
    layer.layer_norm.gamma, layer.layer_norm.beta = np.ones(size), np.zeros(size)


def _set_linear(layer: Any, weight: Any) -> None:
    layer.weight = np.ascontiguousarray(weight, dtype=np.float32)
    layer.bias = np.zeros(weight.shape[0], dtype=np.float32)
