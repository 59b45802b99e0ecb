"""A review in Chromium of a film that can be heard: a tone, and a picture that changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from subtitled.daemon.reviews.service import ReviewService
from subtitled.plugin import Cue
from subtitled.subtitles.review.document import Document

from .review_library import add_film, estimate
from .tone_film import make_film
from .web_browser import Site, wait_until_painted

WAIT = 60_000
"""Milliseconds that a browser on a busy machine may take."""
KEPT = "#saving[data-state=kept]"


def make_cues(count: int) -> tuple[Cue, ...]:
    """Return cues of two seconds, one each three seconds."""
    return tuple(
        Cue(1.0 + 3 * number, 3.0 + 3 * number, f"This is the line number {number + 1}.")
        for number in range(count)
    )


class HeardReview:
    """A review of a film of its own, and what is kept of it."""

    def __init__(
        self,
        site: Site,
        name: str,
        cues: tuple[Cue, ...],
        probabilities: tuple[float, ...],
        gaps: tuple[tuple[float, float], ...] = (),
    ) -> None:
        self.site = site
        configuration = site.server._configuration
        media = configuration.settings.libraries["films"].path / f"{name}.mkv"
        film, self.sidecar = add_film(site.server.db, media, cues)
        self.fingerprint = film.fingerprint or ""
        media.write_bytes(make_film())
        self.number = estimate(site.server.db, film, self.sidecar, probabilities, gaps)
        self.address = f"{site.address}/review/{self.number}"

    @property
    def document(self) -> Document:
        """The current version, as the database has it."""
        configuration = self.site.server._configuration
        return ReviewService(configuration, self.site.server.db).load(self.number).document

    @property
    def texts(self) -> list[str]:
        return [cue.text for cue in self.document.cues]

    def verdicts(self) -> dict[str, str]:
        found = self.site.server.db.operations.verdicts_of(self.number)
        return {one.cue: str(one.verdict) for one in found}


def open_review(page: Any, address: str) -> None:
    """Open the page of a review, and wait until its scripts are ready."""
    page.goto(address)
    page.wait_for_selector("#editor:not([hidden]) [role=option]", timeout=WAIT)
    wait_until(page, "document.activeElement.id === 'cue-list'")
    wait_until_painted(page)


def wait_for(page: Any, is_so: Callable[[], Any]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + WAIT / 1000
    while not is_so():
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)


def wait_until(page: Any, expression: str) -> None:
    """Wait until an expression is true in a page, whose policy lets Playwright poll none there."""
    wait_for(page, lambda: page.evaluate(expression))


def wait_kept(page: Any) -> None:
    """Wait until the page says that everything is kept."""
    page.wait_for_selector(KEPT, state="attached", timeout=WAIT)


def current_cue(page: Any) -> str:
    """Return the id of the current cue."""
    cue: str = page.get_attribute("[role=option][aria-selected=true]", "data-cue")
    return cue
