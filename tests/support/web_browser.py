"""The pages in Debian's Chromium: a site with made-up films, and a browser that notes faults."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from subtitled.daemon.health import HealthReport
from subtitled.daemon.lock import StateLock
from subtitled.db.records import DAEMON_NAME
from subtitled.subtitles.makers import Maker, Makers
from subtitled.web.auth.roles import Role
from subtitled.web.server import WebServer

from .made_library import MadeLibrary
from .ports import find_free_port
from .review_library import add_review
from .tone_film import make_film
from .web_library import (
    HOSTILE,
    add_hostile_file,
    fill_library,
    fill_log,
    fill_spending,
    open_library,
    write_configuration,
)

PASSWORD = "a long enough password"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 320, "height": 640}},
}
"""The three ways in which each page is looked at."""
MORE_SETTINGS = """
[glossary]
files = ["{folder}/names.csv"]
[budgets.cloud]
period = "month"
currency = "EUR"
max_cost = 5.0
[servers.tv]
plugin = "jellyfin"
url = "http://127.0.0.1:1"
api_key = {{env = "TV_KEY"}}
"""


@dataclass
class Site:
    """A port with pages about made-up films."""

    server: WebServer
    hostile_file: int
    review: int
    """A review with doubtful cues, errors and warnings."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def accounts(self) -> Any:
        return self.server._accounts

    def pages(self) -> list[str]:
        """Return the addresses of all pages, with a film and a list that is filtered."""
        return [
            "/",
            "/coverage",
            "/coverage/origins?library=films",
            "/coverage/upgrades",
            "/coverage/upgrades?library=films&made_by=whisper/tiny",
            "/files",
            "/files?status=missing&language=de",
            f"/files/{self.hostile_file}",
            f"/files/{self.hostile_file}/look",
            "/files/1",
            "/files/4",
            "/queue",
            "/history",
            f"/files/{self.hostile_file}/undo",
            "/health-page",
            "/health-page/log",
            "/spending",
            "/glossary",
            "/review",
            f"/review/{self.review}",
            f"/review/{self.review}?way=straight&cue=2",
            f"/review/{self.review}/approve",
            "/settings",
            "/settings/plan",
            "/users",
            "/me",
        ]

    def sign_in(self, context: BrowserContext, name: str = "ana") -> None:
        """Give a browser the cookie of a new session."""
        user = self.accounts.users.get(name)
        token = self.accounts.sessions.create(user, "127.0.0.1", "a test")
        context.add_cookies([{"name": "subtitled", "value": token, "url": self.address}])


@contextmanager
def running_site(
    folder: Path, *, is_hostile: bool = True, has_users: bool = True
) -> Iterator[Site]:
    """Open a port over a library in the database, with users ana (admin) and eve (viewer)."""
    port = find_free_port()
    (folder / "names.csv").write_text("term,en,de\nComfyUI,,\n,lighthouse,Leuchtturm\n", "utf-8")
    configuration = write_configuration(folder, port, MORE_SETTINGS.format(folder=folder))
    db = open_library(configuration)
    fill_library(configuration, db)
    made = MadeLibrary(configuration.settings.libraries["films"].path, db)
    for name in ("Made by a lesser model", "Made by it too"):
        made.add(name, Makers(Maker("whisper", "tiny", "0.1")))
    fill_spending(configuration, db)
    fill_log(configuration, HOSTILE if is_hostile else "")
    hostile_file = add_hostile_file(configuration, db) if is_hostile else 2
    review = add_review(configuration, db, HOSTILE if is_hostile else "a quiet town")
    reviewed = configuration.settings.libraries["films"].path / "A review.mkv"
    reviewed.write_bytes(make_film())
    lock = StateLock(folder / "state", DAEMON_NAME)  # so that the pages say that the daemon runs
    server = WebServer(configuration, db, lambda: HealthReport(True, ()), {})
    server.start()
    site = Site(server, hostile_file, review)
    if has_users:
        site.accounts.users.add("ana", PASSWORD, Role.ADMIN)
        site.accounts.users.add("eve", PASSWORD, Role.VIEWER)
    try:
        yield site
    finally:
        server.stop()
        db.close()
        lock.release()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium. Nothing is downloaded."""
    path = shutil.which("chromium")
    assert path is not None, "install Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def wait_until(page: Page, condition: str) -> None:
    """Wait until an expression is true on a page.

    Playwright's ``wait_for_function`` may not be used: it evaluates text on the page, which these
    pages forbid, so that only its first look succeeds.
    """
    deadline = time.monotonic() + 60
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"not so on {page.url}: {condition}"
        page.wait_for_timeout(50)


def wait_until_painted(page: Page) -> None:
    """Wait until a page is seen. Before, browsers drop the keys that are pressed."""
    wait_until(page, "performance.getEntriesByName('first-contentful-paint').length > 0")


@dataclass
class Watcher:
    """Notes what a page does that none of ours may do."""

    origin: str
    faults: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Page:
        """Note errors, dialogs, and requests to other origins of a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', event =>"
            " console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI))"
        )
        return page

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        own = (f"{self.origin}/", f"blob:{self.origin}/", "data:")
        if not request.url.startswith(own):
            self.faults.append(f"request to {request.url}")
