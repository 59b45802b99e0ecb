"""Quality reports through the API, and the links to them on the pages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest

from subtitled.web.auth.roles import Role
from support.review_port import ReviewedFilm, ReviewSitePort

API = "/api/v1"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewSitePort]:
    made = ReviewSitePort(tmp_path_factory.mktemp("site"))
    yield made
    made.port.close()


@pytest.fixture(scope="module")
def film(site: ReviewSitePort) -> ReviewedFilm:
    """A film of which a cue was judged wrong, on the page."""
    film = site.add()
    reader = site.reader()
    reader.open(f"{film.path}?way=straight")
    reader.press(film, "wrong", text="The SCHUFA said no.", category="terms", note="=1+1")
    return film


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_pages_lead_to_the_reports_of_a_review_and_of_a_library(
    site: ReviewSitePort, film: ReviewedFilm
) -> None:
    reader = site.reader()
    for page in (film.path, "/review?library=films"):
        links = re.findall(r'href="([^"]*/report[^"]*)"', reader.open(page))
        kinds = []
        for link in links:
            answer = reader.browser.get(link.replace("&amp;", "&"))
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-disposition"].startswith("attachment; filename=")
            kinds.append(answer.headers["content-type"])
            assert "SCHUFA" in answer.text or "terms" in answer.text
        assert kinds == ["text/html; charset=utf-8"] + ["text/csv; charset=utf-8"] * 2
    assert "/report" not in site.reader("viewer").open(film.path)
    assert "/report" not in site.reader("viewer").open("/review")


def test_a_report_holds_what_was_said_on_the_page(site: ReviewSitePort, film: ReviewedFilm) -> None:
    browser = site.reader().browser
    rows = _rows(browser.get(f"{API}/reviews/{film.number}/report?format=cues").text)
    judged = next(row for row in rows if row["verdict"])
    assert (judged["judged_by"], judged["category"], judged["note"]) == (
        "reviewer",
        "terms",
        "'=1+1",
    )
    counts = _rows(browser.get(f"{API}/reviews/report?format=counts&library=films").text)
    assert ("terms", "1") in {(row["category"], row["wrong"]) for row in counts}
    assert _rows(browser.get(f"{API}/reviews/report?format=cues&library=series").text) == []


def test_reports_are_for_reviewers_of_the_library(site: ReviewSitePort, film: ReviewedFilm) -> None:
    own = f"{API}/reviews/{film.number}/report?format=cues"
    every = f"{API}/reviews/report?format=cues"
    assert site.reader("viewer").browser.get(own).status_code == 403
    assert site.reader("viewer").browser.get(every).status_code == 403
    bound = site.reader("bound").browser
    assert bound.get(own).status_code == 404
    assert _rows(bound.get(every).text) == []
    assert _rows(bound.get(f"{every}&library=films").text) == []
    key = site.port.accounts.keys.add("reports", Role.REVIEWER, created_by="a test")
    answer = site.port.call("GET", every, headers={"X-Api-Key": key})
    assert str(film.number) in {row["review"] for row in _rows(answer.text)}


def test_a_wrong_query_says_what_is_wrong(site: ReviewSitePort, film: ReviewedFilm) -> None:
    browser = site.reader().browser
    for query in ("format=pdf", "since=-1", "until=x", "until=1e99"):
        answer = browser.get(f"{API}/reviews/report?{query}")
        assert answer.status_code == 422, query
    assert browser.get(f"{API}/reviews/999999/report").status_code == 404
