"""A browser, a site with made-up films and a real daemon, for tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.web_daemon import Daemon


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Chromium, or skip the tests."""
    pytest.importorskip("playwright.sync_api")
    from support.web_browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Open a site with made-up films, which the tests of one module share."""
    pytest.importorskip("playwright.sync_api")
    from support.web_browser import running_site

    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def daemon(home: Path) -> Iterator[Daemon]:
    """Start a real daemon, whose films are no media."""
    started = Daemon(home)
    yield started
    started.process.kill()
    started.process.wait(10)
