"""The bundled plugins pass the suites that authors have, against fakes of their services."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from subtitled.engines import process_client
from subtitled.engines.local_engine import LocalEngine
from subtitled.plugin.testing import (
    EngineSuite,
    FakeChat,
    FakeEmby,
    FakeJellyfin,
    FakeLibreTranslate,
    FakePlex,
    FakeTranscriptions,
    MediaServerSuite,
    NotifierSuite,
    TranslatorSuite,
    listening,
    serving,
)
from subtitled.plugin_kit.checking import CheckRequest, check_plugin
from support.fakes.dashscope import KEY, FakeDashScope, serve_dashscope
from support.fakes.kodi import FakeKodi
from support.fakes.peertube import FakePeerTube
from support.fakes.whisperasr import FakeWhisperAsr, serve_whisperasr
from support.fakes.wyoming_server import FakeWyoming, serve_wyoming
from support.qwen_harness import options


@pytest.fixture(scope="class", autouse=True)
def engines_in_this_process() -> Iterator[None]:
    """Run engines in this process. A process of their own is a test of the suites themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_client, "EngineProcess", lambda name, spec, **_: LocalEngine(spec))
        yield


@pytest.fixture(scope="class")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that keeps a secret in a file, and returns the reference to it."""

    def keep(text: str) -> dict[str, str]:
        file = tmp_path_factory.mktemp("secret") / "key"
        file.write_text(text)
        file.chmod(0o600)
        return {"file": str(file)}

    return keep


@pytest.fixture(scope="class")
def receiver() -> Iterator[str]:
    """Run a server that accepts every POST, and return its URL."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}"


class TestJellyfin(MediaServerSuite):
    plugin = "jellyfin"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, fake_jellyfin: FakeJellyfin, secret: Any) -> dict[str, Any]:
        return {"url": fake_jellyfin.url, "api_key": secret(fake_jellyfin.key)}


class TestEmby(MediaServerSuite):
    plugin = "emby"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, fake_emby: FakeEmby, secret: Any) -> dict[str, Any]:
        return {"url": fake_emby.url, "api_key": secret(fake_emby.key)}


class TestPlex(MediaServerSuite):
    plugin = "plex"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, fake_plex: FakePlex, secret: Any) -> dict[str, Any]:
        return {"url": fake_plex.url, "token": secret(fake_plex.key)}


class TestKodi(MediaServerSuite):
    plugin = "kodi"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, secret: Any) -> Iterator[dict[str, Any]]:
        server = FakeKodi()
        with listening(server):
            yield {"url": server.url, "password": secret(server.password)}


class TestPeerTube(MediaServerSuite):
    plugin = "peertube"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, secret: Any) -> Iterator[dict[str, Any]]:
        server = FakePeerTube()
        with listening(server):
            yield {"url": server.url, "user": "ana", "password": secret(server.password)}


class TestCommand(NotifierSuite):
    plugin = "command"
    settings: ClassVar[dict[str, Any]] = {
        "argv": ["/bin/true"],
        "events": ["published", "failed"],
    }


class TestWebhook(NotifierSuite):
    plugin = "webhook"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, receiver: str, secret: Any) -> dict[str, Any]:
        return {"url": receiver, "secret": secret("0123456789abcdef0123456789abcdef")}


class TestApprise(NotifierSuite):
    plugin = "apprise"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, receiver: str, secret: Any) -> dict[str, Any]:
        return {"url": secret(receiver.replace("http://", "json://"))}


@pytest.mark.model
@pytest.mark.slow
class TestWhisper(EngineSuite):
    plugin = "whisper"
    settings: ClassVar[dict[str, Any]] = {"model": "base"}


WITH_MODELS = ("sherpa", "whisper", "whispercpp")
"""Engines whose models are large. What needs no model is checked."""


@pytest.mark.parametrize("plugin", WITH_MODELS)
def test_a_plugin_without_its_models_is_described_completely(plugin: str, tmp_path: Path) -> None:
    if plugin not in list_bundled():
        pytest.skip(f"{plugin} is not bundled")
    request = CheckRequest(plugin=plugin, folder=tmp_path, models=tmp_path / "models")
    results = list(check_plugin(request))
    assert [result for result in results if not result.ok] == []
    assert len(results) > 6


class TestOpenAIEngine(EngineSuite):
    plugin = "openai"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, fake_transcriptions: FakeTranscriptions) -> dict[str, Any]:
        return {"url": fake_transcriptions.url, "model": "tiny"}


class TestWyoming(EngineSuite):
    plugin = "wyoming"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls) -> Iterator[dict[str, Any]]:
        with serve_wyoming(FakeWyoming()) as service:
            yield {"url": service.url}


class TestWhisperAsr(EngineSuite):
    plugin = "whisperasr"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls) -> Iterator[dict[str, Any]]:
        with serve_whisperasr(FakeWhisperAsr()) as service:
            yield {"url": service.url}


class TestOpenAITranslator(TranslatorSuite):
    plugin = "openai"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, fake_chat: FakeChat) -> dict[str, Any]:
        fake_chat.write = str.upper
        return {"url": fake_chat.url, "model": "tiny"}


class TestLibreTranslate(TranslatorSuite):
    plugin = "libretranslate"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, fake_libretranslate: FakeLibreTranslate) -> dict[str, Any]:
        return {"url": fake_libretranslate.url, "languages": ["en", "es"]}


@pytest.mark.skipif(shutil.which("apertium") is None, reason="apt install apertium-eng-spa")
class TestApertium(TranslatorSuite):
    plugin = "apertium"


@pytest.fixture(scope="class")
def model_studio() -> Iterator[FakeDashScope]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN_KEY", KEY)
        with serve_dashscope(FakeDashScope()) as service:
            yield service


class TestQwenEngine(EngineSuite):
    plugin = "qwen"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, model_studio: FakeDashScope) -> dict[str, Any]:
        return options(model_studio, protocol="sync")


class TestQwenTranslator(TranslatorSuite):
    plugin = "qwen"

    @pytest.fixture(scope="class")
    @classmethod
    def plugin_settings(cls, model_studio: FakeDashScope) -> dict[str, Any]:
        return options(model_studio)


def list_bundled() -> set[str]:
    """List the names of the bundled plugins."""
    return {
        entry.name
        for entry in importlib.metadata.entry_points(group="subtitled")
        if entry.module.startswith("subtitled_plugins.")
    }


def test_every_bundled_plugin_is_tested_by_a_suite() -> None:
    sources = [file.read_text("utf-8") for file in Path(__file__).parent.glob("test_*.py")]
    tested = {
        name
        for source in sources
        for name in re.findall(r"Suite\):\n(?:    .*\n)*?    plugin = \"([\w-]+)", source)
    }
    assert len(list_bundled()) >= 12
    assert list_bundled() - tested - {*WITH_MODELS, "nmt"} == set()
