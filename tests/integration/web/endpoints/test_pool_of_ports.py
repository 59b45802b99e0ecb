"""Several ports of our own behind one section of ``openai``: a pool without a share."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    Language,
    TimeSpan,
    TranscriptionRequest,
    TransientError,
)
from subtitled.web.auth.roles import Scope
from subtitled_plugins.openai.engine import TranscriptionEngine, TranscriptionSettings
from support.audio_port import DEADLINE, AudioPort, tones, wait_until
from support.ports import find_free_port

LENGTHS = (0.75, 1.25, 1.75)
"""The seconds of speech in each chunk, by which its word tells it from the others."""
Pool = tuple[TranscriptionEngine, tuple[AudioPort, AudioPort]]


@pytest.fixture(scope="module")
def two_ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[AudioPort, str]]]:
    """Two ports with the key of each."""
    ports = [AudioPort(tmp_path_factory.mktemp("port"), find_free_port()) for _ in range(2)]
    for port in ports:
        port.start()
    yield [(port, port.add_key("pool", Scope.TRANSCRIBE)) for port in ports]
    for port in ports:
        port.stop()


@pytest.fixture
def pool(two_ports: list[tuple[AudioPort, str]], monkeypatch: pytest.MonkeyPatch) -> Pool:
    """Two ports as if they were new, and the engine that uses both, a request at a time each."""
    for number, (port, key) in enumerate(two_ports):
        port.reset()
        monkeypatch.setenv(f"KEY_{number}", key)
    addresses = [
        {"url": port.url("/v1"), "api_key": {"env": f"KEY_{number}"}}
        for number, (port, _) in enumerate(two_ports)
    ]
    return make_engine(addresses), (two_ports[0][0], two_ports[1][0])


def make_engine(addresses: Sequence[Mapping[str, object]]) -> TranscriptionEngine:
    settings = TranscriptionSettings.model_validate(
        {"model": "whisper", "concurrency": 1, "addresses": addresses}
    )
    return TranscriptionEngine(settings, ComponentContext("openai"))


def transcribe_all(engine: TranscriptionEngine, folder: Path) -> list[str]:
    """Transcribe a chunk for each length, two at a time, and return what each says."""

    def transcribe(length: float) -> str:
        path = folder / f"{length}.s16"
        path.write_bytes(tones((0.5, 0.5 + length), seconds=4.0))
        span = TimeSpan(0.0, 4.0)
        request = TranscriptionRequest(
            chunk=Chunk(span, (TimeSpan(0.0, 4.0),)), language=Language("en")
        )
        transcript = engine.transcribe(Audio(path), request)
        assert all(0.0 <= word.start <= word.end <= 4.0 for word in transcript.words)
        return "".join(word.text for word in transcript.words).strip()

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(transcribe, LENGTHS))


EXPECTED = [f"w{length:.2f}" for length in LENGTHS]


def test_each_chunk_is_recognised_once_by_one_of_two_real_ports(pool: Pool, tmp_path: Path) -> None:
    engine, ports = pool
    assert engine.capabilities(engine.settings).max_concurrency == 2
    for port in ports:
        port.engine.go.clear()
    with ThreadPoolExecutor(1) as threads:
        texts = threads.submit(transcribe_all, engine, tmp_path)
        # Each has a request before any is answered: neither waits for the other.
        assert all(port.engine.began.wait(DEADLINE) for port in ports)
        for port in ports:
            port.engine.go.set()
        assert texts.result(DEADLINE) == EXPECTED
    heard = [port.engine.recognised for port in ports]
    assert sum(heard) == len(LENGTHS)
    assert min(heard) >= 1


def test_a_port_that_fails_in_the_middle_loses_nothing(
    pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine, (failing, good) = pool
    failing.engine.go.clear()
    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(1) as threads:
        texts = threads.submit(transcribe_all, engine, tmp_path)
        assert failing.engine.began.wait(DEADLINE)
        wait_until(lambda: good.engine.recognised)
        failing.engine.error = TransientError("out of memory")
        failing.engine.go.set()
        assert texts.result(DEADLINE) == EXPECTED
    assert good.engine.recognised == len(LENGTHS)
    assert failing.engine.recognised == 0
    told = [message for message in caplog.messages if "is left out for" in message]
    assert told
    assert all(one.startswith(f"127.0.0.1:{failing.web.port} is left out for ") for one in told)
    assert not any("sk_" in message or "Bearer" in message for message in caplog.messages)


def test_the_self_check_names_the_port_that_does_not_answer(pool: Pool) -> None:
    engine, (first, second) = pool
    subjects = [f"whisper at {port.url('/v1')}" for port in (first, second)]
    assert [(result.subject, result.ok) for result in engine.self_check()] == [
        (subject, True) for subject in subjects
    ]
    dead = f"http://127.0.0.1:{find_free_port()}/v1"
    alive = {"url": first.url("/v1"), "api_key": {"env": "KEY_0"}}
    results = make_engine([{"url": dead}, alive]).self_check()
    assert [(result.subject, result.ok) for result in results] == [
        (f"whisper at {dead}", False),
        (subjects[0], True),
    ]
