"""What is done in a review is kept: without a network, after a reload, beside somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.subtitles.review import operations as ops
from subtitled.web.auth.roles import Role

playwright = pytest.importorskip("playwright.sync_api")

from support.heard_review import (  # noqa: E402
    WAIT,
    HeardReview,
    make_cues,
    open_review,
    wait_for,
    wait_kept,
)
from support.web_browser import PASSWORD, Site, chromium, running_site  # noqa: E402

pytestmark = pytest.mark.browser
EDITS = re.compile(r".*/api/v1/reviews/\d+/(operations|verdicts/.*|undo)$")
DOUBTS = (0.1, 0.9, 0.5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), is_hostile=False) as opened:
        yield opened


@pytest.fixture
def page(browser: Any, site: Site) -> Iterator[Any]:
    context = browser.new_context()
    site.sign_in(context)
    yield context.new_page()
    context.close()


def write(page: Any, text: str) -> None:
    """Replace the text of the current cue, and go back to the list."""
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Escape")


def edit_elsewhere(review: HeardReview, cue: str, text: str) -> None:
    """Change a cue as another person does."""
    service = ReviewService(review.site.server._configuration, review.site.server.db)
    opened = service.load(review.number)
    operation = ops.SetText(cue=cue, lines=(text,))
    name = f"elsewhere-{review.number}-{opened.version}"
    service.edit(review.number, name, operation, VersionTag.of(opened), Actor.user("eve"))


def test_what_is_done_without_a_network_is_kept_when_it_is_back(site: Site, page: Any) -> None:
    review = HeardReview(site, "Away", make_cues(6), DOUBTS)
    open_review(page, review.address)
    page.route(EDITS, lambda route: route.abort("internetdisconnected"))
    write(page, "Written without a network.")
    page.keyboard.press("a")
    page.wait_for_selector("#saving >> text=2 wait for the network", timeout=WAIT)
    assert "Written without" in page.inner_text("[data-cue='2']")
    open_review(page, review.address)  # it waits in the browser meanwhile
    assert "Written without" in page.inner_text("[data-cue='2']")
    assert review.document.version == 0
    page.unroute(EDITS)
    wait_kept(page)
    assert review.texts[1] == "Written without a network."
    assert review.verdicts() == {"2": "right"}
    open_review(page, review.address)
    assert page.inner_text("#saving") == ""


def test_an_edit_whose_answer_was_lost_is_applied_once(site: Site, page: Any) -> None:
    review = HeardReview(site, "Lost answer", make_cues(6), DOUBTS)
    open_review(page, f"{review.address}?way=straight&cue=1")
    lost: list[int] = []

    def lose_the_first_answer(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort("connectionreset")

    page.route(EDITS, lose_the_first_answer)
    page.keyboard.press("s")
    wait_for(page, lambda: lost)
    wait_kept(page)
    assert lost == [200]
    assert len(review.document.cues) == 7
    assert review.document.version == 1


@pytest.mark.parametrize("status", [500, 503, 401])
def test_an_edit_is_sent_again_when_the_server_could_not_take_it(
    site: Site, page: Any, status: int
) -> None:
    review = HeardReview(site, f"Refused {status}", make_cues(6), DOUBTS)
    open_review(page, review.address)
    answers = iter([status, status])

    def refuse_twice(route: Any) -> None:
        if (refusal := next(answers, None)) is not None:
            route.fulfill(status=refusal, body="{}", headers={"Content-Type": "application/json"})
        else:
            route.continue_()

    page.route(EDITS, refuse_twice)
    write(page, "Sent again.")
    wait_kept(page)
    assert review.texts[1] == "Sent again."
    assert review.document.version == 1


def test_edits_of_other_cues_by_somebody_else_are_both_kept(site: Site, page: Any) -> None:
    review = HeardReview(site, "Two people", make_cues(6), DOUBTS)
    open_review(page, review.address)
    edit_elsewhere(review, "5", "Changed by eve.")
    write(page, "Changed by ana.")
    wait_kept(page)
    assert review.texts[1] == "Changed by ana."
    assert review.texts[4] == "Changed by eve."
    page.click("[data-way=straight]")
    page.wait_for_selector("[data-cue='5'] >> text=Changed by eve.", timeout=WAIT)


@pytest.mark.parametrize("takes_mine", [True, False])
def test_two_versions_of_one_cue_are_shown_and_a_person_chooses(
    site: Site, page: Any, takes_mine: bool
) -> None:
    review = HeardReview(site, f"Conflict {takes_mine}", make_cues(6), DOUBTS)
    open_review(page, review.address)
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("Changed by ana.")
    edit_elsewhere(review, "2", "Changed by eve.")
    page.keyboard.press("Escape")
    page.wait_for_selector("#dialog-conflict[open]", timeout=WAIT)
    shown = page.inner_text("#dialog-conflict")
    for text in ("This is the line number 2.", "Changed by ana.", "Changed by eve."):
        assert text in shown
    assert review.texts[1] == "Changed by eve."
    if takes_mine:
        page.click("#conflict-cues button")
        wait_for(page, lambda: review.texts[1] == "Changed by ana.")
    else:
        page.keyboard.press("Escape")
        page.wait_for_selector("[data-cue='2'] >> text=Changed by eve.", timeout=WAIT)
        assert review.texts[1] == "Changed by eve."


@pytest.mark.parametrize("takes_mine", [True, False])
def test_two_versions_are_shown_after_a_reload_until_a_person_chooses(
    site: Site, page: Any, takes_mine: bool
) -> None:
    review = HeardReview(site, f"Unanswered {takes_mine}", make_cues(6), DOUBTS)
    open_review(page, review.address)
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("Changed by ana.")
    edit_elsewhere(review, "2", "Changed by eve.")
    page.keyboard.press("Escape")
    page.wait_for_selector("#dialog-conflict[open]", timeout=WAIT)
    edit_elsewhere(review, "2", "Changed by eve again.")
    page.goto(site.address + "/me")
    page.goto(review.address)
    page.wait_for_selector("#dialog-conflict[open] >> text=Changed by eve again.", timeout=WAIT)
    assert "Changed by ana." in page.inner_text("#dialog-conflict")
    if takes_mine:
        page.click("#conflict-cues button")
        wait_for(page, lambda: review.texts[1] == "Changed by ana.")
    else:
        page.keyboard.press("Escape")
    wait_for(page, lambda: page.evaluate("localStorage.length") == 0)
    open_review(page, review.address)
    assert not page.is_visible("#dialog-conflict")
    assert review.texts[1] == ("Changed by ana." if takes_mine else "Changed by eve again.")


def test_after_a_new_sign_in_what_waits_is_sent(site: Site, page: Any) -> None:
    review = HeardReview(site, "Signed out", make_cues(6), DOUBTS)
    open_review(page, review.address)
    page.context.clear_cookies()
    page.keyboard.press("a")
    page.wait_for_selector("#saving >> text=1 wait until you sign in again", timeout=WAIT)
    site.sign_in(page.context)
    wait_kept(page)
    assert review.verdicts() == {"2": "right"}


def test_what_waits_is_not_sent_in_the_name_of_somebody_else(site: Site, page: Any) -> None:
    review = HeardReview(site, "Other person", make_cues(6), DOUBTS)
    for name in ("ben", "ana.b"):
        site.accounts.users.add(name, PASSWORD, Role.REVIEWER)
    site.sign_in(page.context, "ana.b")  # a name that begins like another
    open_review(page, review.address)
    page.route(EDITS, lambda route: route.abort("internetdisconnected"))
    write(page, "Written by her.")
    page.wait_for_selector("#saving >> text=1 wait for the network", timeout=WAIT)
    site.sign_in(page.context, "ben")
    page.unroute(EDITS)
    page.wait_for_selector("#saving >> text=1 wait until you sign in again", timeout=WAIT)
    for name in ("ben", "ana"):
        site.sign_in(page.context, name)
        open_review(page, review.address)
        assert "Written by her" not in page.inner_text("[data-cue='2']")
    assert review.document.version == 0
    site.sign_in(page.context, "ana.b")
    open_review(page, review.address)
    wait_for(page, lambda: review.texts[1] == "Written by her.")
    assert [one.actor for one in site.server.db.operations.after(review.number)] == ["ana.b"]


def test_what_was_typed_is_kept_when_the_page_is_left(site: Site, page: Any) -> None:
    review = HeardReview(site, "Left", make_cues(6), DOUBTS)
    open_review(page, review.address)
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("Typed, and then left.")
    page.goto(site.address + "/me")
    open_review(page, review.address)
    wait_for(page, lambda: review.texts[1] == "Typed, and then left.")
    assert review.document.version == 1


def test_an_undo_of_nothing_does_not_take_the_next_edit_along(site: Site, page: Any) -> None:
    review = HeardReview(site, "Undo of nothing", make_cues(6), DOUBTS)
    open_review(page, f"{review.address}?way=straight&cue=1")
    page.route(EDITS, lambda route: route.abort("internetdisconnected"))
    page.keyboard.press("]")
    page.keyboard.press("Control+Z")  # of the first one
    page.keyboard.press("Control+Z")  # of nothing
    page.keyboard.press("j")
    page.keyboard.press("]")
    page.wait_for_selector("#saving >> text=4 wait for the network", timeout=WAIT)
    page.unroute(EDITS)
    wait_for(page, lambda: review.document.cues[1].start == 4.04)
    wait_for(page, lambda: page.evaluate("localStorage.length") == 0)
    assert review.document.cues[0].start == 1.0


def test_an_edit_after_an_undo_that_waits_does_not_replace_what_somebody_else_wrote(
    site: Site, page: Any
) -> None:
    review = HeardReview(site, "Undo and conflict", make_cues(6), DOUBTS)
    open_review(page, f"{review.address}?way=straight&cue=1")
    page.route(EDITS, lambda route: route.abort("internetdisconnected"))
    page.keyboard.press("]")
    page.keyboard.press("Control+Z")
    page.keyboard.press("j")
    write(page, "Changed by ana.")
    page.wait_for_selector("#saving >> text=3 wait for the network", timeout=WAIT)
    edit_elsewhere(review, "2", "Changed by eve.")
    page.unroute(EDITS)
    page.wait_for_selector("#dialog-conflict[open] >> text=Changed by eve.", timeout=WAIT)
    assert "Changed by ana." in page.inner_text("#dialog-conflict")
    assert review.texts[1] == "Changed by eve."


def test_all_that_could_not_be_kept_is_shown(site: Site, page: Any) -> None:
    review = HeardReview(site, "Two conflicts", make_cues(6), DOUBTS)
    open_review(page, f"{review.address}?way=straight&cue=1")
    page.route(EDITS, lambda route: route.abort("internetdisconnected"))
    write(page, "First by ana.")
    page.keyboard.press("j")
    write(page, "Second by ana.")
    page.wait_for_selector("#saving >> text=2 wait for the network", timeout=WAIT)
    for cue in ("1", "2"):
        edit_elsewhere(review, cue, "Changed by eve.")
    page.unroute(EDITS)
    page.wait_for_selector("#conflict-cues >> text=Second by ana.", timeout=WAIT)
    assert "First by ana." in page.inner_text("#conflict-cues")


def test_a_verdict_on_a_cue_that_somebody_changed_is_asked_for_again(site: Site, page: Any) -> None:
    review = HeardReview(site, "Judged late", make_cues(6), DOUBTS)
    open_review(page, review.address)
    edit_elsewhere(review, "2", "Changed by eve.")
    page.keyboard.press("a")
    page.wait_for_selector("#dialog-conflict[open] >> text=Changed by eve.", timeout=WAIT)
    assert page.locator("#conflict-cues button").count() == 0
    assert review.verdicts() == {}


def test_without_the_list_of_the_cues_the_forms_stay(site: Site, page: Any) -> None:
    review = HeardReview(site, "Forms", make_cues(6), DOUBTS)
    page.route("**/list", lambda route: route.fulfill(status=500, body="{}"))
    with page.expect_response("**/list"):
        page.goto(review.address)
    assert page.is_visible("textarea#text")
    assert not page.is_visible("#editor")
