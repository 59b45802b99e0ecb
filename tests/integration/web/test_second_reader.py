"""The second reader on the pages and through the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from subtitled.web.auth.roles import Role
from support import web_port
from support.review_port import ReviewedFilm, ReviewSitePort
from support.web_library import write_configuration

API = "/api/v1"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewSitePort]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "studio").mkdir()
    more = f'[libraries.studio]\npath = "{folder}/studio"\nsecond_reader = true\nwatch = "off"\n'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            web_port, "write_configuration", lambda path: write_configuration(path, more=more)
        )
        made = ReviewSitePort(folder)
    yield made
    made.port.close()


@pytest.fixture
def film(site: ReviewSitePort) -> ReviewedFilm:
    return site.add(library="studio")


class Program:
    """A program with an API key."""

    def __init__(self, site: ReviewSitePort, name: str, owner: str = "") -> None:
        self._port = site.port
        self._key = site.port.accounts.keys.add(
            name, Role.REVIEWER, created_by="a test", owner=owner
        )

    def show(self, film: ReviewedFilm) -> dict[str, Any]:
        return dict(self._call("GET", f"/reviews/{film.number}").json())

    def send(self, film: ReviewedFilm, path: str, body: dict[str, Any]) -> httpx.Response:
        tag = self.show(film)["etag"]
        return self._call("POST", f"/reviews/{film.number}/{path}", body, {"If-Match": tag})

    def approve(self, film: ReviewedFilm) -> httpx.Response:
        return self.send(film, "approve", {"accept_warnings": True})

    def _call(
        self, method: str, path: str, body: Any = None, more: dict[str, str] | None = None
    ) -> httpx.Response:
        headers = {"X-Api-Key": self._key, "Content-Type": "application/json", **(more or {})}
        content = None if body is None else json.dumps(body)
        return self._port.call(method, API + path, headers=headers, content=content)


def test_the_page_says_who_edited_and_lets_only_another_approve(
    site: ReviewSitePort, film: ReviewedFilm
) -> None:
    editor, other = site.reader("reviewer"), site.reader("ben")
    editor.open(f"{film.path}?way=straight")
    editor.press(film, "keep", text="The SCHUFA said no.")
    for address in (film.path, f"{film.path}/approve"):
        page = editor.open(address)
        assert "Edited by <bdi>reviewer</bdi>" in page
        assert "waits for another reader" in page
    assert f'action="{film.path}/approve"' not in page, "no button that would be refused"
    other.open(f"{film.path}/approve")
    fields = {"version": other.form("/approve")["version"], "accepts_warnings": "yes"}
    assert "You did not edit it" in other.page
    refused = editor.browser.post(f"{film.path}/approve", fields)
    assert refused.status_code == 409
    assert "his subtitle waits for another reader: reviewer edited it" in refused.text
    other.approve(film)
    assert site.db.reviews.get(film.number).approved_by == "ben"  # type: ignore[union-attr]
    assert "edited by reviewer" in other.browser.get("/history").text


def test_a_key_of_the_editor_is_refused_and_one_with_the_name_of_the_editor_is_not(
    site: ReviewSitePort, film: ReviewedFilm
) -> None:
    hers = Program(site, "scripts", owner="reviewer")
    namesake = Program(site, "reviewer")
    editor = site.reader("reviewer")
    editor.open(f"{film.path}?way=straight")
    editor.press(film, "keep", text="The SCHUFA said no.")
    assert hers.show(film)["second_reader"] == {
        "is_wanted": True,
        "editors": ["reviewer"],
        "is_open_to_actor": False,
    }
    assert namesake.show(film)["second_reader"]["is_open_to_actor"]
    refused = hers.approve(film)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:subtitled:problem:second-reader-needed"
    assert "did not edit it" in refused.json()["hint"]
    assert hers.show(film)["status"] == "open"

    # Nor is the key the editor where edits are undone, or where a review is held.
    undone = namesake.send(film, "undo", {"id": "x"})
    assert undone.json()["type"] == "urn:subtitled:problem:nothing-to-revert"
    assert hers.send(film, "undo", {"id": "y"}).status_code == 200
    assert hers.send(film, "redo", {"id": "z"}).status_code == 200
    assert namesake.approve(film).status_code == 200


def test_a_library_without_the_setting_lets_its_editors_approve(site: ReviewSitePort) -> None:
    film = site.add()
    editor = site.reader("reviewer")
    editor.open(f"{film.path}?way=straight")
    editor.press(film, "keep", text="The SCHUFA said no.")
    assert "another reader" not in editor.open(f"{film.path}/approve")
    editor.approve(film)
    assert site.db.reviews.get(film.number).approved_by == "reviewer"  # type: ignore[union-attr]


def test_a_key_that_is_made_on_the_pages_acts_for_who_made_it(site: ReviewSitePort) -> None:
    admin = site.reader("admin")
    admin.open("/users")
    fields = {"action": "add-key", "name": "made", "grant": "reviewer", "days": "30"}
    assert admin.browser.post("/users", fields).status_code == 200
    owners = {key.name: key.owner for key in site.port.accounts.keys.list_all()}
    assert owners["made"] == "admin"
