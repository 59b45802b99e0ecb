"""The bundled plugins pass the checks that authors have, against fakes of their services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.engines import client
from subtitled.engines.local_engine import LocalEngine
from subtitled.plugin import CheckResult
from subtitled.plugin.testing import (
    FakeChat,
    FakeEmby,
    FakeJellyfin,
    FakeLibreTranslate,
    FakePlex,
    FakeTranscriptions,
    listening,
    serve_chat,
    serve_libretranslate,
    serve_transcriptions,
)
from subtitled.plugin_kit import checking
from subtitled.plugin_kit.checking import CheckRequest, check_plugin
from support.fakes.dashscope import FakeDashScope
from support.fakes.kodi import FakeKodi
from support.qwen_harness import options

Check = Callable[[str, dict[str, Any]], list[CheckResult]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Check]:
    """Return a function that checks a plugin, with its engine in this process."""
    monkeypatch.setattr(client, "EngineProcess", lambda name, spec, **_: LocalEngine(spec))
    alone = CheckResult("import", True, "in a process of its own")
    monkeypatch.setattr(checking, "_check_import", lambda module: alone)

    def wrong(plugin: str, settings: dict[str, Any]) -> list[CheckResult]:
        request = CheckRequest(
            plugin=plugin,
            shared_options=settings,
            folder=tmp_path,
            models=tmp_path / "models",
            sends=True,
        )
        results = list(check_plugin(request))
        assert len(results) > 6
        return [result for result in results if not result.ok]

    yield wrong


@pytest.mark.parametrize("fake", [FakeJellyfin, FakeEmby, FakePlex], ids=lambda cls: cls.__name__)
def test_the_media_servers_keep_to_the_api(
    check: Check, fake: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fake()
    monkeypatch.setenv("SERVER_KEY", server.key)
    name = fake.__name__.removeprefix("Fake").lower()
    key = "token" if name == "plex" else "api_key"
    with listening(server):
        assert check(name, {"url": server.url, key: {"env": "SERVER_KEY"}}) == []
    assert server.violations == []


def test_kodi_keeps_to_the_api(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeKodi()
    monkeypatch.setenv("KODI_PASSWORD", server.password)
    with listening(server):
        assert check("kodi", {"url": server.url, "password": {"env": "KODI_PASSWORD"}}) == []


def test_the_command_keeps_to_the_api(check: Check) -> None:
    assert check("command", {"argv": ["/bin/true"], "events": ["published", "failed"]}) == []


def test_whisper_is_described_completely(check: Check) -> None:
    assert check("whisper", {}) == []


def test_qwen_keeps_to_the_api(check: Check, studio: FakeDashScope) -> None:
    wrong = check("qwen", options(studio, protocol="sync"))
    assert [result for result in wrong if result.subject.startswith("engines.")] == []


def test_openai_keeps_to_the_api(check: Check) -> None:
    with serve_transcriptions(FakeTranscriptions()) as service:
        wrong = check("openai", {"url": service.url, "model": "tiny"})
    assert [result for result in wrong if result.subject.startswith("engines.")] == []
    with serve_chat(FakeChat(translate=str.upper, write=str.upper)) as chat:
        wrong = check("openai", {"url": chat.url, "model": "tiny"})
    assert [result for result in wrong if result.subject.startswith("translators.")] == []


def test_libretranslate_keeps_to_the_api(check: Check) -> None:
    libre = FakeLibreTranslate(translate=str.upper)
    with serve_libretranslate(libre):
        settings = {"url": libre.url, "languages": ["en", "es"]}
        assert check("libretranslate", settings) == []
