"""Whisper runs on the graphics card that its section names, or says that there is none."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ctranslate2
import faster_whisper
import pytest

from subtitled.plugin import ComponentContext, SetupError
from subtitled_plugins.whisper.catalogue import MODELS
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A model of empty files, and what it is opened with on a machine of two cards."""
    for name in MODELS["base"].files:
        (tmp_path / name).write_bytes(b"")
    calls: list[dict[str, Any]] = []

    def open_model(folder: str, **options: Any) -> Any:
        calls.append(options)
        return SimpleNamespace(model=SimpleNamespace(device=options["device"]))

    monkeypatch.setattr(faster_whisper, "WhisperModel", open_model)
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 2)
    return calls


def load(device: str, folder: Path) -> None:
    context = ComponentContext("whisper", models={"base": folder}, device=device)
    WhisperEngine(WhisperSettings(device=device), context).load()


@pytest.mark.parametrize(
    ("device", "kind", "index"), [("cuda", "cuda", 0), ("cuda:0", "cuda", 0), ("cuda:1", "cuda", 1)]
)
def test_the_card_of_the_section_is_used(
    device: str, kind: str, index: int, opened: list[dict[str, Any]], tmp_path: Path
) -> None:
    load(device, tmp_path)
    (options,) = opened
    assert (options["device"], options["device_index"]) == (kind, index)


@pytest.mark.parametrize(
    ("device", "cards", "message"),
    [
        ("cuda:2", 2, "there is no graphics card cuda:2 for Whisper; it sees cuda:0, cuda:1"),
        ("cuda", 0, "there is no graphics card cuda:0 for Whisper; it sees none"),
    ],
)
def test_a_card_that_is_not_there_is_told_with_those_that_are(
    device: str,
    cards: int,
    message: str,
    opened: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: cards)
    with pytest.raises(SetupError) as raised:
        load(device, tmp_path)
    assert raised.value.message == message
    assert "engines.whisper.device" in raised.value.hint
    assert not opened
