"""One Kodi for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.real_kodi import PASSWORD, Real, running_kodi


@pytest.fixture(scope="module")
def kodi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with running_kodi(tmp_path_factory.mktemp("kodi")) as real:
        yield real


@pytest.fixture(autouse=True)
def kodi_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KODI_PASSWORD", PASSWORD)
