"""Who may send audio: an API key with the scope transcribe, and nobody else."""

from __future__ import annotations

import httpx
import pytest

from subtitled.web.access_table import AccessTable, list_routes
from subtitled.web.auth.roles import Role, Scope
from subtitled.web.endpoints.transcription import TranscriptionEndpoint
from support.audio_port import AudioPort
from support.ports import find_free_port
from support.web_port import PASSWORD

from .conftest import OpenAudioPort

AUDIO_PATHS = ("/asr", "/detect-language", "/v1/audio/transcriptions", "/v1/audio/translations")
READ_PATHS = ("/status", "/v1/models", "/v1/models/whisper")
TOKEN = "correct horse battery staple"


def call(port: AudioPort, method: str, path: str, **more: object) -> httpx.Response:
    return httpx.request(method, port.url(path), timeout=60, **more)  # type: ignore[arg-type]


def test_each_route_has_a_row(shared: tuple[AudioPort, str]) -> None:
    port, _ = shared
    endpoint = TranscriptionEndpoint(port.audio_requests, port.configuration)
    AccessTable(endpoint.rules()).check_routes(endpoint.routes())
    assert {path for path, _ in list_routes(endpoint.routes())} == {
        *AUDIO_PATHS,
        "/status",
        "/v1/models",
        "/v1/models/{id}",
    }


def test_no_role_no_other_scope_no_token_and_no_session_opens_them(
    open_port: OpenAudioPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_TOKEN", TOKEN)
    web = {
        "port": find_free_port(),
        "token": {"env": "WEB_TOKEN"},
        "asr": {"enabled": True},
    }
    port, key = open_port(sections={"web": web})
    accounts = port.web._accounts
    assert accounts is not None
    user = accounts.users.add("admin", PASSWORD, Role.ADMIN)
    assert user is not None
    session = accounts.sessions.create(accounts.users.get("admin"), "127.0.0.1", "a browser")
    keys = [port.add_key(name, name) for name in (*Role, Scope.WEBHOOKS, Scope.METRICS)]
    strangers: list[dict[str, object]] = [
        {},
        {"headers": {"Cookie": f"subtitled={session}"}},
        {"auth": ("bazarr", TOKEN)},
        {"headers": {"Authorization": f"Bearer {TOKEN}"}},
        {"params": {"token": key}},
        {"headers": {"Authorization": f"Bearer {key}x"}},
        *({"auth": ("bazarr", other)} for other in keys),
    ]
    asked = [*(("POST", path) for path in AUDIO_PATHS), *(("GET", path) for path in READ_PATHS)]
    with httpx.Client(base_url=port.url(""), timeout=60) as client:
        for shown in strangers:
            for method, path in asked:
                refused = client.request(method, path, **shown)  # type: ignore[arg-type]
                assert refused.status_code in (401, 403), (path, shown)
                if path == "/asr":
                    assert refused.content == b""
                elif path == "/detect-language":
                    assert refused.json() == {}
                elif path.startswith("/v1/"):
                    assert refused.json()["error"]["message"]
    assert list(port.scratch.iterdir()) == []
    for shown in (
        {"auth": ("bazarr", key)},
        {"headers": {"Authorization": f"Bearer {key}"}},
        {"headers": {"X-Api-Key": key}},
    ):
        for path in READ_PATHS:
            assert call(port, "GET", path, **shown).status_code == 200


def test_a_page_of_others_cannot_make_a_browser_send_audio(
    shared: tuple[AudioPort, str],
) -> None:
    port, key = shared
    page = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    refused = call(port, "POST", "/asr", headers=page, auth=("bazarr", key))
    assert (refused.status_code in (400, 403, 415), refused.content) == (True, b"")
    foreign = call(port, "GET", "/status", headers={"Host": "evil.example"}, auth=("bazarr", key))
    assert foreign.status_code == 421


def test_the_key_opens_nothing_else(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    for path in ("/", "/api/v1/status", "/files", "/hooks/generic"):
        method = "POST" if path.startswith("/hooks") else "GET"
        shown = call(port, method, path, headers={"X-Api-Key": key}, json={})
        assert shown.status_code in (401, 403), path


def test_a_program_of_this_machine_needs_a_key_too(shared: tuple[AudioPort, str]) -> None:
    port, _ = shared  # without a token, local programs may send webhooks
    assert call(port, "POST", "/hooks/sonarr", json={"eventType": "Test"}).status_code == 200
    assert call(port, "POST", "/asr").status_code == 401


def test_a_base_path_stands_before_all_of_them(open_port: OpenAudioPort) -> None:
    web = {"port": find_free_port(), "base_path": "/subtitled", "asr": {"enabled": True}}
    port, key = open_port(sections={"web": web})
    for path in ("/subtitled/status", "/status"):
        assert call(port, "GET", path, auth=("bazarr", key)).status_code == 200
