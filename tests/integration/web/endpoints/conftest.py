"""The port with its routes for audio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.web.auth.roles import Scope
from support.audio_port import AudioPort
from support.ports import find_free_port

OpenAudioPort = Callable[..., tuple[AudioPort, str]]


@pytest.fixture
def open_port(tmp_path: Path) -> Iterator[OpenAudioPort]:
    """Open a port: ``open_port(hours="schedule", ...)`` returns it with a key."""
    opened: list[AudioPort] = []

    def start(**asr: object) -> tuple[AudioPort, str]:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        port = AudioPort(folder, find_free_port(), **asr)
        opened.append(port)
        port.start()
        return port, port.add_key("bazarr", Scope.TRANSCRIBE)

    yield start
    for port in opened:
        port.stop()


@pytest.fixture(scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AudioPort, str]]:
    port = AudioPort(tmp_path_factory.mktemp("shared"), find_free_port())
    port.start()
    yield port, port.add_key("bazarr", Scope.TRANSCRIBE)
    port.stop()


@pytest.fixture
def shared(_shared: tuple[AudioPort, str]) -> tuple[AudioPort, str]:
    """Return a port with the usual settings and its key, as if it were new."""
    port, _ = _shared
    port.reset()
    return _shared
