"""Each family is opened as the installed sherpa-onnx wants it, with the files of its folder."""

from __future__ import annotations

import base64
import inspect
from pathlib import Path

import pytest
from pydantic import ValidationError

from subtitled.plugin import Language, SetupError
from subtitled_plugins.sherpa.catalogue import MODELS
from subtitled_plugins.sherpa.engine import SherpaEngine, SherpaSettings, build_arguments
from subtitled_plugins.sherpa.families import FAMILIES, choose_files, list_required
from subtitled_plugins.sherpa.moonshine_tokens import convert_tokenizer


@pytest.mark.parametrize("name", list(FAMILIES))
def test_the_installed_package_opens_each_family_with_these_arguments(
    name: str, tmp_path: Path
) -> None:
    sherpa_onnx = pytest.importorskip("sherpa_onnx")
    family = FAMILIES[name]  # type: ignore[index]
    arguments = build_arguments(family, tmp_path, "en", tmp_path)
    factory = getattr(sherpa_onnx.OfflineRecognizer, family.factory)
    bound = inspect.signature(factory).bind(**arguments, num_threads=2, provider="cpu")
    bound.apply_defaults()
    assert {"encoder", "model"} & set(bound.arguments)


@pytest.mark.parametrize(("name", "model"), list(MODELS.items()))
def test_the_files_of_each_model_are_those_of_its_family(name: str, model: tuple) -> None:  # type: ignore[type-arg]
    family_name, spec = model
    assert spec.name == name
    required = list_required(FAMILIES[family_name], [f for f in spec.files if "/" not in f])
    assert set(required) == set(spec.files)
    assert spec.size_bytes and spec.license and spec.description
    assert spec.repository or spec.archives or spec.wheels
    assert all(file.sha256 for file in spec.list_files().values()) or spec.archives


def test_of_two_files_the_smaller_one_is_chosen_and_a_missing_one_is_named() -> None:
    names = ["encoder.onnx", "encoder.int8.onnx", "decoder-epoch-9.onnx", "README.md"]
    assert choose_files(FAMILIES["zipformer"], names) == {
        "encoder": "encoder.int8.onnx",
        "decoder": "decoder-epoch-9.onnx",
        "joiner": "joiner.int8.onnx",
        "tokens": "tokens.txt",
    }


def test_a_folder_of_the_users_is_a_model_with_a_family_and_languages(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="set family"):
        SherpaSettings(model=tmp_path)
    settings = SherpaSettings(model=tmp_path, family="canary", languages=(Language("it"),))
    (spec,) = SherpaEngine.models(settings)
    assert spec.folder == tmp_path
    assert list(spec.files) == ["encoder.int8.onnx", "decoder.int8.onnx", "tokens.txt"]
    capabilities = SherpaEngine.capabilities(settings)
    assert capabilities.languages == frozenset({"it"})
    assert capabilities.needs_language


@pytest.mark.parametrize(
    "options", [{"model": "huge"}, {"family": "canary"}, {"languages": ("en",)}]
)
def test_settings_that_do_not_fit_together_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"no such model|folder of yours"):
        SherpaSettings.model_validate(options)


def test_a_vocabulary_of_moonshine_is_converted(tmp_path: Path) -> None:
    long = b"x" * 200
    (tmp_path / "t.bin").write_bytes(b"\x05<unk>\x01\x0a" + b"\x00" + b"\xc8\x01" + long)
    convert_tokenizer(tmp_path / "t.bin", tmp_path / "tokens.txt")
    lines = (tmp_path / "tokens.txt").read_bytes().split(b"\n")[:-1]
    tokens = [base64.b64decode(line.rpartition(b" ")[0]) for line in lines]
    assert tokens == [b"<unk>", b"\n", b"", long]
    assert [line.rpartition(b" ")[2] for line in lines] == [b"0", b"1", b"2", b"3"]


@pytest.mark.parametrize("content", [b"", b"\x05<un", b"\xff"])
def test_a_damaged_vocabulary_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.bin").write_bytes(content)
    with pytest.raises(SetupError, match=r"t\.bin is no vocabulary"):
        convert_tokenizer(tmp_path / "t.bin", tmp_path / "tokens.txt")
