"""What sets a model apart, for the variant of what is made with it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from subtitled.models.identity import model_identity
from subtitled.plugin import ModelSpec

HUB = ModelSpec(name="en-es", files={"model.bin": "ab" * 32, "a.spm": None}, repository="me/opus")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "en-fr"},
        {"repository": "you/opus"},
        {"revision": "v2"},
        {"files": {"model.bin": "cd" * 32, "a.spm": None}},
    ],
)
def test_another_model_of_the_hub_is_another_model(change: dict[str, object]) -> None:
    other = dataclasses.replace(HUB, **change)  # type: ignore[arg-type]
    assert model_identity(other) != model_identity(HUB)


def test_what_is_said_about_a_model_does_not_make_it_another_one() -> None:
    said = dataclasses.replace(HUB, description="good", size_bytes=7, license="MIT", memory_mb=9)
    assert model_identity(said) == model_identity(HUB)
    assert json.loads(json.dumps(model_identity(HUB))) == model_identity(HUB)


def test_a_folder_is_the_same_model_when_it_is_moved_and_another_with_other_files(
    tmp_path: Path,
) -> None:
    def identity(folder: Path) -> object:
        return model_identity(ModelSpec.in_folder(folder, ["model.bin", "a.spm"], name="en-es"))

    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"12")
    incomplete = identity(folder)
    (folder / "a.spm").write_bytes(b"3")
    before = identity(folder)
    assert before != incomplete
    moved = folder.rename(tmp_path / "there")
    assert identity(moved) == before
    (moved / "model.bin").write_bytes(b"123")
    assert identity(moved) != before
