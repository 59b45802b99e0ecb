"""Ports of these tests. Their requests wait for as long as a busy machine needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG

from subtitled.web.auth import passwords
from support.web_port import WebPort

SECONDS = 60.0

# httpx waits 5 seconds where it is told nothing else, which fifty tests would have to do.
for phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, phase, SECONDS)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., WebPort]]:
    """Return a function that opens a port with keys of ``[web]``. All are closed at the end."""
    made: list[WebPort] = []

    def port(**section: Any) -> WebPort:
        made.append(WebPort(tmp_path / "state", **section))
        return made[-1]

    yield port
    for one in made:
        one.close()


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make hashes of passwords quick, for tests in which it is no matter how long they take."""
    monkeypatch.setattr(passwords, "_N", 2**10)
    passwords.nobody_hash.cache_clear()
    yield
    passwords.nobody_hash.cache_clear()
