"""Downloads that are empty, and servers that send nobody anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from subtitled.models.http_download import download
from subtitled.plugin import TransientError

Serve = Callable[[Callable[[httpx.Request], httpx.Response]], list[str]]
URL = "https://example.org/model.bin"


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Let a function answer all requests, and return the list of what is asked."""

    def install(answer: Callable[[httpx.Request], httpx.Response]) -> list[str]:
        asked: list[str] = []

        def reply(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.path)
            return answer(request)

        client = httpx.Client(transport=httpx.MockTransport(reply))

        def stream(method: str, url: str, *, timeout: object, **options: Any) -> Any:
            return client.stream(method, url, **options)

        monkeypatch.setattr(httpx, "stream", stream)
        return asked

    return install


@pytest.mark.parametrize("size", [0, None])
def test_an_empty_file_is_complete_at_once(serve: Serve, tmp_path: Path, size: int | None) -> None:
    asked = serve(lambda request: httpx.Response(200, content=b""))
    part = tmp_path / "model.part"
    download(URL, part, size=size, on_progress=lambda done: None)
    assert part.read_bytes() == b"" and len(asked) == 1


def test_a_server_that_redirects_for_ever_is_named(serve: Serve, tmp_path: Path) -> None:
    serve(lambda request: httpx.Response(302, headers={"Location": URL}))
    with pytest.raises(TransientError, match=r"example\.org .*TooManyRedirects"):
        download(URL, tmp_path / "model.part", size=3, on_progress=lambda done: None)
