"""Glossary terms that people keep: through the API and the pages, each within its libraries."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from subtitled.db.review_records import ReviewStatus
from subtitled.plugin import Cue
from subtitled.web.auth.roles import Role
from support.api_port import API, ApiPort
from support.review_library import ENGLISH, FULL, add_film
from support.review_port import ReviewSitePort

HEARD = (
    Cue(1.0, 3.0, "Then comfy UI starts."),
    Cue(4.0, 6.5, "Open comfy UI <again> now."),
    Cue(8.0, 10.0, "So they say."),
)
_names = itertools.count()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiPort]:
    made = ApiPort(tmp_path_factory.mktemp("terms") / "state", count=3)
    yield made
    made.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewSitePort]:
    made = ReviewSitePort(tmp_path_factory.mktemp("site"))
    yield made
    made.port.close()


def add_review(port: ApiPort, library: str = "films") -> tuple[int, int]:
    """Add a film with a subtitle, and return its number and that of the review."""
    folder = port.configuration.settings.libraries[library].path / f"Show {next(_names)}"
    folder.mkdir()
    film, _ = add_film(port.db, folder / "a.mkv", HEARD, library)
    return film.id, port.db.reviews.open(film.id, ENGLISH, FULL)


def send(port: ApiPort, who: dict[str, str], path: str, body: Any, tag: str) -> dict[str, Any]:
    """Send something about a version of a review."""
    answer = port.post(path, who | {"If-Match": tag}, body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_answer_to_an_approval_offers_terms_and_one_of_them_is_kept_and_removed(
    port: ApiPort,
) -> None:
    ana = port.key(Role.REVIEWER)
    film, number = add_review(port)
    path = f"/reviews/{number}"
    tag = port.get(path, ana).json()["etag"]
    assert port.get(f"{path}/terms", ana).json() == {"items": []}
    operation = {"kind": "replace", "find": "comfy UI", "replacement": "ComfyUI"}
    tag = send(port, ana, f"{path}/operations", {"id": "a", "operation": operation}, tag)["etag"]
    body = {"accept_warnings": True}
    offered = send(port, ana, f"{path}/approve", body, tag)["terms"]
    assert offered == [
        {
            "text": "ComfyUI",
            "translations": {"en": "ComfyUI"},
            "replaced": [{"text": "comfy UI", "count": 2}],
            "count": 2,
            "at": [1.0, 4.0],
        }
    ]
    assert port.get(f"{path}/terms", ana).json()["items"] == offered
    assert port.get("/terms", ana).json() == {"items": []}  # nothing is kept by itself
    kept = {"scope": "series", "translations": offered[0]["translations"], "file": film}
    answer = port.post("/terms", ana, kept)
    assert answer.status_code == 201, answer.text
    term = answer.json()
    assert (term["scope"], term["library"]) == ("series", "films")
    assert port.get("/terms", ana).json()["items"] == [term]
    assert port.get(f"{path}/terms", ana).json() == {"items": []}  # it is known now
    entry = port.get("/history", ana, file=film, event="glossary").json()["items"][0]
    assert entry["reason"].startswith("kept: ComfyUI, for series Show")
    for changed in (True, None):
        removed = port.call("DELETE", f"{API}/terms/{term['id']}", headers=ana)
        assert removed.json().get("changed") is changed


def test_a_term_is_kept_only_by_those_who_edit_there(port: ApiPort) -> None:
    viewer, editor = port.key(Role.VIEWER), port.key(Role.REVIEWER)
    bound = port.key(Role.REVIEWER, "series")
    film, _ = add_review(port)
    everywhere = {"scope": "all", "text": "Zoë"}
    assert port.post("/terms", viewer, everywhere).status_code == 403
    assert port.post("/terms", bound, everywhere).status_code == 403
    for hidden in ({"library": "films"}, {"file": film}):
        body = {"scope": "library", "text": "Zoë", **hidden}
        assert port.post("/terms", bound, body).status_code == 404
    own = port.post("/terms", bound, {"scope": "library", "text": "Zoë", "library": "series"})
    assert own.status_code == 201
    secret = port.post("/terms", editor, {"scope": "library", "text": "Mia", "library": "films"})
    shared = port.post("/terms", editor, everywhere)
    listed = port.get("/terms", bound).json()["items"]
    assert {one["id"] for one in listed} == {own.json()["id"], shared.json()["id"]}
    for term, who, status in (
        (secret, bound, 404),
        (shared, bound, 403),
        (shared, viewer, 403),
        (own, bound, 200),
        (secret, editor, 200),
        (shared, editor, 200),
    ):
        address = f"{API}/terms/{term.json()['id']}"
        assert port.call("DELETE", address, headers=who).status_code == status
    wrong = port.post("/terms", editor, {"scope": "all", "translations": {"no language": "x"}})
    assert (wrong.status_code, wrong.json()["type"].rpartition(":")[2]) == (422, "invalid-term")


def test_the_page_after_an_approval_leads_to_the_offers_and_keeps_one(site: ReviewSitePort) -> None:
    film, reader = site.add(HEARD, probabilities=(0.9, 0.1, 0.1)), site.reader()
    for cue in ("1", "2"):
        reader.open(f"{film.path}?cue={cue}")
        reader.press(film, "keep", text=HEARD[int(cue) - 1].text.replace("comfy UI", "ComfyUI"))
    reader.open(f"{film.path}/approve")
    reader.approve(film)
    record = site.db.reviews.get(film.number)
    assert record is not None
    assert record.status is ReviewStatus.APPROVED
    assert f'href="{film.path}/terms"' in reader.page
    reader.open(f"{film.path}/terms")
    assert "comfy UI" in reader.page
    fields = reader.form("/terms")
    answer = reader.send(f"{film.path}/terms", fields | {"scope": "title", "text_0": "ComfyUI"})
    assert answer.status_code == 303
    assert "The term is kept." in reader.page
    reader.open("/glossary")
    assert "ComfyUI" in reader.page
    viewer = site.reader("viewer")
    viewer.open("/glossary")
    assert "ComfyUI" in viewer.page
    assert 'name="remove"' not in viewer.page
    (term_id,) = {part.partition('"')[0] for part in reader.page.split('name="remove" value="')[1:]}
    reader.send("/glossary", reader.form("/glossary") | {"remove": term_id})
    assert "ComfyUI" not in reader.page


def test_a_selected_word_is_in_the_form_and_a_wrong_one_is_refused_with_the_reason(
    site: ReviewSitePort,
) -> None:
    film, reader = site.add(HEARD), site.reader()
    reader.open(f"{film.path}/terms?text=%3Cb%3EWinterfell")
    assert 'value="&lt;b&gt;Winterfell"' in reader.page
    fields = reader.form("/terms")
    reader.send(f"{film.path}/terms", fields | {"scope": "title", "text_0": " "})
    assert "The term is empty" in reader.page
    for scope, status in (("none", 400), ("all", 303)):
        answer = reader.send(
            f"{film.path}/terms", fields | {"scope": scope, "text_0": "Winterfell"}
        )
        assert answer.status_code == status
    bound = site.reader("bound")
    bound.open("/glossary")
    assert "Winterfell" in bound.page
    refused = bound.send("/glossary", bound.form("/glossary") | {"scope": "all", "text": "Zoë"})
    assert refused.status_code == 403
