"""A film with a review of its own at the pages, and a person who reads its forms and sends them."""

from __future__ import annotations

import html
import itertools
import re
from pathlib import Path

import httpx

from subtitled.daemon.reviews.service import ReviewService
from subtitled.plugin import Cue, Language
from subtitled.subtitles.review.document import Document
from subtitled.web.auth.roles import Role

from .review_library import CUES, add_film, estimate, publish
from .web_port import PASSWORD, Browser, WebPort

_names = itertools.count()
_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_FORM = re.compile(r'<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_EDITOR = re.compile(
    r'<script type="application/json" id="review-data">.*?(?=<div class="review" data-forms>)',
    re.DOTALL,
)


def _without_editor(page: str) -> str:
    """Return a page without the part that is hidden unless scripts are there."""
    return _EDITOR.sub("", page)


class ReviewSitePort:
    """The pages with users of each role, and films with reviews."""

    def __init__(self, folder: Path) -> None:
        self.port = WebPort(folder / "state")
        self.port.add_users()
        self.port.accounts.users.add("ben", PASSWORD, Role.REVIEWER)
        self.port.accounts.users.add("bound", PASSWORD, Role.REVIEWER, ["series"])
        self.db = self.port.db

    def add(
        self,
        cues: tuple[Cue, ...] = CUES,
        *formats: str,
        probabilities: tuple[float, ...] = (),
        gaps: tuple[tuple[float, float], ...] = (),
        library: str = "films",
    ) -> ReviewedFilm:
        """Add a film with a subtitle, and say how likely its cues are wrong."""
        folder = self.port.configuration.settings.libraries[library].path
        media = folder / f"Review {next(_names):03}.mkv"
        film, sidecar = add_film(self.db, media, cues, library, *formats)
        number = estimate(self.db, film, sidecar, probabilities, gaps)
        return ReviewedFilm(self, number, film.id, media, sidecar)

    def reader(self, name: str = "reviewer") -> Reader:
        """Return a person in front of a browser."""
        return Reader(self.port.session(name))


class ReviewedFilm:
    """A film, its subtitle and the review of it."""

    def __init__(
        self, site: ReviewSitePort, number: int, film: int, media: Path, sidecar: Path
    ) -> None:
        self.site = site
        self.number = number
        self.film = film
        self.media = media
        self.sidecar = sidecar
        self.path = f"/review/{number}"

    def add_subtitle(self, cues: tuple[Cue, ...], language: str) -> Path:
        """Publish another subtitle of the film."""
        return publish(self.site.db, self.media, cues, "srt", Language(language))

    @property
    def document(self) -> Document:
        """The current version."""
        site = self.site.port.services.site
        return ReviewService(site.configuration, site.db).load(self.number).document

    @property
    def texts(self) -> list[str]:
        return [cue.text for cue in self.document.cues]


class Reader:
    """A person who opens pages, fills in forms, and follows where they lead."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.page = ""
        self.address = ""

    def open(self, address: str, status: int = 200) -> str:
        """Open a page, and return it."""
        answer = self.browser.get(address.partition("#")[0])
        assert answer.status_code == status, answer.text
        self.page, self.address = _without_editor(answer.text), address
        return self.page

    def form(self, action: str, holding: str = "") -> dict[str, str]:
        """Return the fields of a form of the page as they stand there."""
        for target, content in _FORM.findall(self.page):
            if target.endswith(action) and holding in content:
                fields = {name: html.unescape(value) for name, value in _FIELD.findall(content)}
                text = re.search(
                    r'<textarea[^>]*name="text"[^>]*>\n?(.*?)</textarea>', content, re.S
                )
                if text is not None:
                    fields["text"] = html.unescape(text[1]).removeprefix("\n")
                for name in ("start", "end", "note"):
                    value = re.search(rf'name="{name}"[^>]*? value="([^"]*)"', content)
                    if value is not None:
                        fields[name] = html.unescape(value[1])
                return fields
        raise AssertionError(f"no form {action} with {holding!r} in {self.page}")

    def send(self, address: str, fields: dict[str, str]) -> httpx.Response:
        """Send fields, and follow where the answer leads."""
        answer = self.browser.post(address, fields)
        if answer.status_code == 303:
            self.open(answer.headers["location"])
        else:
            self.page = _without_editor(answer.text)
        return answer

    def press(self, film: ReviewedFilm, action: str, **typed: str) -> httpx.Response:
        """Press a button of the form of the current cue, or one of undo and redo."""
        fields = self.form("/cues", f'value="{action}"') | typed | {"action": action}
        return self.send(f"{film.path}/cues", fields)

    def approve(self, film: ReviewedFilm) -> httpx.Response:
        """Press the button of the page that approves."""
        return self.send(f"{film.path}/approve", self.form("/approve"))
