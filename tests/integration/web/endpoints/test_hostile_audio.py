"""Bodies that are slow, endless, broken or too large are refused, and leave no scratch file."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import httpx
import pytest

from subtitled.daemon.audio_requests import scratch_folder
from subtitled.web.endpoints import questions, uploads
from support.audio_port import AudioPort, tones, wait_until

from .conftest import OpenAudioPort

PATHS = ("/asr?encode=false", "/v1/audio/transcriptions")
LIMIT = 200_000


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    shown = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--sausage\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = b"--sausage--\r\n"


def post(port: AudioPort, key: str, path: str, body: bytes | Iterator[bytes]) -> httpx.Response:
    headers = {
        "Content-Type": "multipart/form-data; boundary=sausage",
        "Authorization": f"Bearer {key}",
    }
    return httpx.post(port.url(path), content=body, headers=headers, timeout=60)


def field_of(path: str) -> str:
    return "audio_file" if path.startswith("/asr") else "file"


def check(refused: httpx.Response, path: str, status: int) -> None:
    assert refused.status_code == status
    if path.startswith("/asr"):
        assert refused.content == b""
    else:
        assert refused.json()["error"]["message"]


@pytest.mark.parametrize("path", PATHS)
def test_broken_forms(shared: tuple[AudioPort, str], path: str) -> None:
    port, key = shared
    field = field_of(path)
    sound = part(field, b"x" * 1000, "a.wav")
    broken = {
        "no file": part("other", b"1") + END,
        "twice": sound + sound + END,
        "cut off": sound,
        "empty file": part(field, b"", "a.wav") + END,
        "no boundary": b"x" * 1000,
        "nothing": b"",
        "many fields": b"".join(part(f"f{n}", b"") for n in range(80)) + sound + END,
        "long field": part("model", b"x" * 100_000) + sound + END,
        "endless header": b"--sausage\r\nX: " + b"x" * 50_000,
    }
    for name, body in broken.items():
        refused = post(port, key, path, body)
        assert (refused.status_code, name) == (400, name)
        check(refused, path, 400)
    as_json = {"Authorization": f"Bearer {key}"}
    check(httpx.post(port.url(path), json={"a": 1}, headers=as_json, timeout=60), path, 415)
    wait_until(lambda: list(port.scratch.iterdir()) == [])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "boundary", ["x" * 300, "x" * 5000, '"a\x80b"', '""', "", "sausage; boundary=x", '"sausage']
)
def test_a_boundary_that_is_none(shared: tuple[AudioPort, str], path: str, boundary: str) -> None:
    port, key = shared
    headers = {
        b"Content-Type": f"multipart/form-data; boundary={boundary}".encode("latin-1"),
        b"Authorization": f"Bearer {key}".encode(),
    }
    body = part(field_of(path), b"", "a.wav") + END
    refused = httpx.post(port.url(path), content=body, headers=headers, timeout=60)
    check(refused, path, refused.status_code)
    assert refused.status_code in (400, 415)
    assert port.unfinished() == []


@pytest.mark.parametrize("path", PATHS)
def test_a_body_above_the_limit(open_port: OpenAudioPort, path: str) -> None:
    port, key = open_port(max_body_bytes=LIMIT)
    announced = part(field_of(path), bytes(LIMIT), "a.wav") + END
    check(post(port, key, path, announced), path, 413)

    def endless() -> Iterator[bytes]:
        yield part(field_of(path), b"", "a.wav").removesuffix(b"\r\n")
        for _ in range(1000):
            yield bytes(65536)

    with contextlib.suppress(httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        check(post(port, key, path, endless()), path, 413)  # without Content-Length
    wait_until(lambda: list(port.scratch.iterdir()) == [])


def test_the_limit_of_other_routes_stays(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    large = tones(seconds=200.0)  # 6.4 MB, above that of webhooks
    made = post(port, key, "/asr?encode=false", part("audio_file", large, "audio_file") + END)
    assert made.status_code == 200
    refused = httpx.post(port.url("/hooks/generic"), content=large, timeout=60)
    assert refused.status_code == 413


def half_request(port: AudioPort, key: str) -> socket.socket:
    caller = socket.create_connection(("127.0.0.1", port.web.port), timeout=60)
    caller.sendall(
        b"POST /asr?encode=false HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: multipart/form-data; boundary=sausage\r\n"
        + f"Authorization: Bearer {key}\r\nContent-Length: 100000\r\n\r\n".encode()
        + part("audio_file", bytes(1000), "audio_file")
    )
    return caller


def test_a_caller_that_stops_sending_is_refused(
    shared: tuple[AudioPort, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "STALL_SECONDS", 0.3)
    port, key = shared
    with half_request(port, key) as caller:
        assert caller.recv(1000).startswith(b"HTTP/1.1 408 ")
    wait_until(lambda: port.unfinished() == [])


def test_a_caller_that_drips_is_refused(
    shared: tuple[AudioPort, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(uploads, "MIN_BYTES_PER_SECOND", 1e9)
    port, key = shared
    with half_request(port, key) as caller:
        assert caller.recv(1000).startswith(b"HTTP/1.1 408 ")
    wait_until(lambda: port.unfinished() == [])


def test_a_caller_that_leaves_amid_its_body_leaves_nothing(
    shared: tuple[AudioPort, str],
) -> None:
    port, key = shared
    with half_request(port, key):
        wait_until(port.unfinished)
    wait_until(lambda: port.unfinished() == [])


def test_who_sends_while_the_daemon_stops_is_told_to_come_back(open_port: OpenAudioPort) -> None:
    port, key = open_port()
    with half_request(port, key) as caller:
        wait_until(port.unfinished)
        port.stop()
        head = caller.recv(1000)
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 60" in head.lower()
    assert port.unfinished() == []


def test_more_than_there_is_room_for_is_told_to_come_back(
    shared: tuple[AudioPort, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MAX_OPEN", 1)
    port, key = shared
    sound = part("audio_file", tones(), "audio_file") + END
    with half_request(port, key):
        wait_until(port.unfinished)
        refused = post(port, key, "/asr?encode=false", sound)
        assert (refused.status_code, refused.content) == (503, b"")
        assert refused.headers["Retry-After"] == "60"
    wait_until(lambda: port.unfinished() == [])
    wait_until(lambda: post(port, key, "/asr?encode=false", sound).status_code == 200)


def test_a_full_disk_is_told(
    shared: tuple[AudioPort, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch_folder, "MIN_FREE_BYTES", 1 << 60)
    port, key = shared
    sound = part("file", tones(), "a.wav") + END
    refused = post(port, key, "/v1/audio/transcriptions", part("model", b"x") + sound)
    check(refused, "/v1/audio/transcriptions", 503)
    assert refused.headers["Retry-After"] == "300"


def test_a_caller_whose_file_is_no_media_is_told_what_to_send(
    shared: tuple[AudioPort, str],
) -> None:
    port, key = shared
    for content in (b"no media", bytes(5000), b"<html></html>" * 300):
        body = part("model", b"whisper-1") + part("file", content, "a.wav") + END
        refused = post(port, key, "/v1/audio/transcriptions", body)
        assert refused.status_code == 400
        message = refused.json()["error"]["message"]
        assert message.startswith("the audio is not a media file that ffmpeg can read")
        assert message.endswith("Send a whole file, in a format that ffmpeg can read")
        assert str(port.scratch) not in message
        assert "librar" not in message
