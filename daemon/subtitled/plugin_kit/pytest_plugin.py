"""The pytest plugin behind :mod:`subtitled.plugin.testing`: its suites and fixtures.

It is installed with subtitled as an entry point, so that authors need no ``conftest.py``. Every run
of pytest in the same environment imports this module, so it imports nothing until a test asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from subtitled.plugin import Audio
    from subtitled.plugin.testing import (
        FakeChat,
        FakeEmby,
        FakeJellyfin,
        FakeLibreTranslate,
        FakePlex,
        FakeTranscriptions,
    )

    from .daemon_process import DaemonProcess

QUESTION = "subtitled_question"
"""The parameter of the test of a suite."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each question to a component of the suite's kind."""
    if QUESTION in metafunc.fixturenames and metafunc.cls is not None:
        from .questions import list_questions

        names = [question.name for question in list_questions(metafunc.cls.kind)]
        metafunc.parametrize(QUESTION, names)


@pytest.fixture(scope="class")
def plugin_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the keys of the plugin's section. A suite may replace it, for the URL of a fake."""
    settings: dict[str, Any] = request.cls.settings
    return settings


@pytest.fixture(scope="class")
def subtitled_kit(
    request: pytest.FixtureRequest,
    plugin_settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """Load the plugin that the suite names, once for all its tests."""
    from pydantic import ValidationError

    from subtitled.plugin import SubtitledError

    from .suite_kit import SuiteKit

    try:
        kit = SuiteKit(request.cls(), plugin_settings, tmp_path_factory.mktemp("subtitled"))
    except (SubtitledError, ValidationError) as error:
        pytest.fail(str(error), pytrace=False)
    yield kit
    kit.close()


@pytest.fixture
def track(tmp_path: Path) -> Callable[..., Audio]:
    """Return a function that makes a decoded track, for tests of an engine in this process.

    ``track(silence=2.0, voice=3.0)`` begins with two seconds of silence, followed by three seconds
    of a voice that says nothing. ``track(silence=2.0, file=path)`` appends a media file.
    """
    from .sounds import make_track

    made: list[Audio] = []

    def make(*, silence: float = 0.0, voice: float = 0.0, file: Path | str | None = None) -> Audio:
        target = tmp_path / f"track-{len(made)}.s16"
        made.append(make_track(target, silence=silence, voice=voice, file=file))
        return made[-1]

    return make


@pytest.fixture
def speech(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a recording: ``speech("Call me Ishmael.", language="en")``.

    The voice is that of ``espeak-ng``. The test is skipped if it is not installed.
    """
    from .sounds import NoVoiceError, speak

    made: list[Path] = []

    def make(text: str, language: str = "en") -> Path:
        try:
            made.append(speak(text, language, tmp_path / f"speech-{len(made)}.wav"))
        except NoVoiceError as error:
            pytest.skip(str(error))
        return made[-1]

    return make


@pytest.fixture
def daemon_with(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., DaemonProcess]]:
    """Return a function that starts a daemon with a plugin: ``daemon_with("loudness", {...})``.

    The daemon is a process of its own, with a library and a state folder in a temporary folder. It
    ends with the test.
    """
    from .daemon_process import DaemonProcess

    started: list[DaemonProcess] = []

    def start(
        plugin: str, settings: dict[str, Any] | None = None, config: str = ""
    ) -> DaemonProcess:
        folder = tmp_path_factory.mktemp("subtitled-daemon")
        started.append(DaemonProcess(folder, plugin, settings or {}, config))
        started[-1].start()
        return started[-1]

    yield start
    for daemon in started:
        daemon.stop()


@pytest.fixture(scope="class")
def fake_jellyfin() -> Iterator[FakeJellyfin]:
    """Run a fake of Jellyfin. What a request did wrong fails the test."""
    from subtitled.plugin.testing import FakeJellyfin

    yield from _run_described(FakeJellyfin())


@pytest.fixture(scope="class")
def fake_emby() -> Iterator[FakeEmby]:
    """Run a fake of Emby. What a request did wrong fails the test."""
    from subtitled.plugin.testing import FakeEmby

    yield from _run_described(FakeEmby())


@pytest.fixture(scope="class")
def fake_plex() -> Iterator[FakePlex]:
    """Run a fake of Plex. What a request did wrong fails the test."""
    from subtitled.plugin.testing import FakePlex

    yield from _run_described(FakePlex())


@pytest.fixture(scope="class")
def fake_chat() -> Iterator[FakeChat]:
    """Run a fake of a server of ``/v1/chat/completions``."""
    from subtitled.plugin.testing import FakeChat, serve_chat

    with serve_chat(FakeChat()) as service:
        yield service


@pytest.fixture(scope="class")
def fake_transcriptions() -> Iterator[FakeTranscriptions]:
    """Run a fake of a server of ``/v1/audio/transcriptions``."""
    from subtitled.plugin.testing import FakeTranscriptions, serve_transcriptions

    with serve_transcriptions(FakeTranscriptions()) as service:
        yield service


@pytest.fixture(scope="class")
def fake_libretranslate() -> Iterator[FakeLibreTranslate]:
    """Run a fake of LibreTranslate."""
    from subtitled.plugin.testing import FakeLibreTranslate, serve_libretranslate

    with serve_libretranslate(FakeLibreTranslate()) as service:
        yield service


def _run_described(server: Any) -> Iterator[Any]:
    from subtitled.plugin.testing import listening

    with listening(server):
        yield server
    if server.violations:
        pytest.fail("\n".join(server.violations), pytrace=False)
