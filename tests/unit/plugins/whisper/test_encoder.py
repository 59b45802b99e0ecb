"""Tests of the encoder in OpenVINO, on small models with weights by chance."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ctranslate2
import numpy as np
import pytest
from ctranslate2.specs.whisper_spec import WhisperConfig, WhisperSpec

from subtitled_plugins.whisper import encoder
from subtitled_plugins.whisper.weights import UnknownLayoutError, read_matrix, read_variables

SIZE, LAYERS, POSITIONS, WORDS = 64, 2, 1500, 60
LOG = logging.getLogger("subtitled.plugin.whisper")


def _fill(spec: Any, shapes: dict[str, tuple[int, ...]], random: np.random.Generator) -> None:
    """Give a part of a model weights by chance."""
    for name, shape in shapes.items():
        part = spec
        *above, last = name.split(".")
        for step in above:
            part = part[int(step)] if step.isdigit() else getattr(part, step)
        values = random.normal(size=shape) / (shape[-1] ** 0.5 if len(shape) > 1 else 5.0)
        setattr(part, last, (values + (last == "gamma")).astype(np.float32))


def _layer(name: str, *attentions: str) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        f"{name}.ffn.linear_0.weight": (4 * SIZE, SIZE),
        f"{name}.ffn.linear_0.bias": (4 * SIZE,),
        f"{name}.ffn.linear_1.weight": (SIZE, 4 * SIZE),
        f"{name}.ffn.linear_1.bias": (SIZE,),
    }
    for attention in attentions:
        parts = (SIZE, 2 * SIZE, SIZE) if attention == "attention" else (3 * SIZE, SIZE)
        for number, rows in enumerate(parts):
            shapes[f"{name}.{attention}.linear.{number}.weight"] = (rows, SIZE)
            shapes[f"{name}.{attention}.linear.{number}.bias"] = (rows,)
    for part in (*attentions, "ffn"):
        shapes |= {f"{name}.{part}.layer_norm.{each}": (SIZE,) for each in ("gamma", "beta")}
    return shapes


def _write_model(
    folder: Path, bands: int = 80, quantization: str | None = "float16", seed: int = 1
) -> Path:
    """Write a small Whisper model in the form of CTranslate2."""
    spec = WhisperSpec(LAYERS, 2, 1, 2)
    shapes: dict[str, tuple[int, ...]] = {
        "encoder.conv1.weight": (SIZE, bands, 3),
        "encoder.conv1.bias": (SIZE,),
        "encoder.conv2.weight": (SIZE, SIZE, 3),
        "encoder.conv2.bias": (SIZE,),
        "encoder.position_encodings.encodings": (POSITIONS, SIZE),
        "decoder.embeddings.weight": (WORDS, SIZE),
        "decoder.position_encodings.encodings": (32, SIZE),
    }
    for side in ("encoder", "decoder"):
        shapes |= {f"{side}.layer_norm.{each}": (SIZE,) for each in ("gamma", "beta")}
    for layer in range(LAYERS):
        shapes |= _layer(f"encoder.layer.{layer}", "self_attention")
    shapes |= _layer("decoder.layer.0", "self_attention", "attention")
    _fill(spec, shapes, np.random.default_rng(seed))
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.register_vocabulary([f"<{number}>" for number in range(WORDS)])
    spec._config = WhisperConfig([], [], [3], [(0, 0)])
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(exist_ok=True)
    spec.save(str(folder))
    return folder


def _load(folder: Path) -> Any:
    """Load a model as faster-whisper does, as far as the encoder goes."""
    whisper = ctranslate2.models.Whisper(str(folder), device="cpu", compute_type="float32")

    def encode(features: Any) -> Any:
        windows = features[np.newaxis] if features.ndim == 2 else features
        return whisper.encode(ctranslate2.StorageView.from_array(windows))

    return SimpleNamespace(model=whisper, encode=encode)


def _sound(bands: int, windows: int = 1, frames: int = 300) -> Any:
    shape = (windows, bands, frames)
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def _lack_memory(*arguments: object) -> None:
    """Do as OpenVINO and numpy do where a process may take no more memory."""
    raise MemoryError


@pytest.fixture
def bfloat16(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the processor be one that computes in bfloat16; others do the same, slowly."""
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nflags\t\t: fpu avx512f avx512_bf16 sse2\n")
    monkeypatch.setattr(encoder, "PROCESSOR_FILE", file)
    return file


@pytest.mark.parametrize(("bands", "quantization"), [(80, "float16"), (128, "int8"), (80, None)])
def test_openvino_encodes_as_ctranslate2_does(
    tmp_path: Path, bfloat16: Path, bands: int, quantization: str | None
) -> None:
    folder = _write_model(tmp_path / "model", bands, quantization)
    model = _load(folder)
    windows = _sound(bands, 3)
    expected = np.array(model.encode(windows))
    assert encoder.install_encoder(model, folder, 2, LOG)
    assert encoder.measure_difference(np.array(model.encode(windows)), expected) < 0.03
    one = np.array(model.encode(windows[1]))
    assert encoder.measure_difference(one, expected[1:2]) < 0.03


def test_an_encoder_that_is_compiled_beside_the_model_encodes_the_same(
    tmp_path: Path, bfloat16: Path
) -> None:
    folder = _write_model(tmp_path / "model")
    begun = encoder.begin_loading(folder, 2)
    assert begun is not None
    beside, after = _load(folder), _load(folder)
    assert encoder.install_encoder(beside, folder, 2, LOG, begun=begun)
    assert encoder.install_encoder(after, folder, 2, LOG)
    windows = _sound(80, 2)
    assert np.array_equal(np.array(beside.encode(windows)), np.array(after.encode(windows)))


def test_nothing_is_compiled_beside_the_model_where_memory_is_short(
    tmp_path: Path, bfloat16: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _write_model(tmp_path / "model")
    monkeypatch.setattr(encoder, "measure_free_memory", lambda: 1000)
    assert encoder.begin_loading(folder, 1) is None
    monkeypatch.undo()
    monkeypatch.setattr(encoder, "PROCESSOR_FILE", tmp_path / "none")
    assert encoder.begin_loading(folder, 1) is None


def test_an_encoder_that_gives_something_else_is_not_used(
    tmp_path: Path, bfloat16: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = _load(_write_model(tmp_path / "model"))
    other = _write_model(tmp_path / "other", seed=5)
    assert not encoder.install_encoder(model, other, 1, LOG)
    assert "differs" in caplog.text


@pytest.mark.parametrize(
    "missing",
    "openvino,instructions,file,layer,version,permission,numbers,memory,old openvino,weight,shape,"
    "allocation".split(","),
)
def test_what_does_not_fit_leaves_the_encoder_of_ctranslate2(
    tmp_path: Path, bfloat16: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    folder = _write_model(tmp_path / "model")
    model = _load(folder)
    windows, file = _sound(80, 2), folder / "model.bin"
    expected = np.array(model.encode(windows))
    weights = file.read_bytes()
    if missing == "openvino":
        monkeypatch.setitem(sys.modules, "openvino", None)
    elif missing == "instructions":
        bfloat16.write_text("flags : fpu avx512f avx512_vnni\n")
    elif missing == "file":
        file.unlink()
    elif missing == "layer":
        file.write_bytes(
            weights.replace(b"layer_1/ffn/linear_1/weight", b"layer_1/ffn/linear_9/weight")
        )
    elif missing == "version":
        file.write_bytes(b"\7" + weights[1:])
    elif missing == "numbers":
        model.model = SimpleNamespace(compute_type="int8_bfloat16")
    elif missing == "memory":
        monkeypatch.setattr(encoder, "measure_free_memory", lambda: 1000)
    elif missing == "old openvino":
        monkeypatch.setattr(
            encoder, "import_openvino", lambda: SimpleNamespace(Core=SimpleNamespace)
        )
    elif missing == "weight":
        file.write_bytes(weights.replace(b"encoder/conv1/weight", b"encoder/conv9/weight"))
    elif missing == "shape":
        monkeypatch.setattr(encoder, "read_matrix", lambda *arguments: np.ones(3, np.float32))
    elif missing == "allocation":
        monkeypatch.setattr(encoder, "_build_graph", _lack_memory)
    may_differ = missing != "permission"
    assert not encoder.install_encoder(model, folder, 1, LOG, may_differ=may_differ)
    assert encoder.measure_difference(np.array(model.encode(windows)), expected) < 1e-5
    assert encoder.measure_difference(np.array(model.encode(windows[1])), expected[1:]) < 1e-5


@pytest.mark.parametrize("length", [0, 3, 11, 200, 5000])
def test_a_file_that_is_cut_short_is_of_an_unknown_layout(tmp_path: Path, length: int) -> None:
    file = _write_model(tmp_path / "model") / "model.bin"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(UnknownLayoutError):
        read_variables(file, "encoder/")


def test_weights_in_eight_bits_are_those_that_were_stored(tmp_path: Path) -> None:
    exact = read_variables(
        _write_model(tmp_path / "a", quantization=None) / "model.bin", "encoder/"
    )
    small = read_variables(
        _write_model(tmp_path / "b", quantization="int8") / "model.bin", "encoder/"
    )
    name = "layer_1/ffn/linear_0/weight"
    assert small[name].dtype == np.int8
    difference = encoder.measure_difference(read_matrix(small, name), read_matrix(exact, name))
    assert 0.0 < difference < 0.02


def test_openvino_is_imported_without_its_telemetry(tmp_path: Path) -> None:
    code = (
        "import sys; from subtitled_plugins.whisper.encoder import import_openvino as load; load();"
        "print([n for n, m in sys.modules.items() if n.startswith('openvino_telemetry') and m])"
    )
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    run = [sys.executable, "-c", code]
    told = subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout
    assert told == "[]\n"
    assert list(tmp_path.iterdir()) == []
