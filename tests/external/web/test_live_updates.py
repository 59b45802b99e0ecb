"""A page in Chromium whose stream or fetches are refused, by the daemon or a proxy before it."""

from __future__ import annotations

from typing import Any

import pytest

from subtitled.db.records import FileState

pytest.importorskip("playwright.sync_api")

from support.web_browser import Site

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("status", [502, 503])
def test_a_page_whose_stream_is_refused_asks_for_it_again_and_goes_on(
    browser: Any, made_up: Site, status: int
) -> None:
    db = made_up.server.db
    context = browser.new_context()
    made_up.sign_in(context)
    page = context.new_page()
    refused: list[str] = []

    def refuse_twice(route: Any) -> None:
        if len(refused) < 2:
            refused.append(route.request.url)
            route.fulfill(status=status, body="busy")
        else:
            route.continue_()

    page.route("**/api/v1/events*", refuse_twice)
    page.goto(made_up.address + "/")
    (record, *_) = db.states.by_state(FileState.WORKING)
    db.states.set_progress(record.path, f"told after {status}", 0.3)
    page.wait_for_selector(f"text=told after {status}", timeout=90_000)  # it is fetched meanwhile
    for _ in range(180):
        if len(refused) == 2:
            break
        page.wait_for_timeout(500)
    assert len(refused) == 2
    db.states.set_progress(record.path, f"told by a stream after {status}", 0.4)
    page.wait_for_selector(f"text=told by a stream after {status}", timeout=90_000)
    context.close()


def test_a_change_that_could_not_be_fetched_is_fetched_later(browser: Any, made_up: Site) -> None:
    db = made_up.server.db
    context = browser.new_context()
    made_up.sign_in(context)
    page = context.new_page()
    with page.expect_response("**/api/v1/events*"):
        page.goto(made_up.address + "/")
    page.wait_for_timeout(3000)  # what the opened stream fetches
    refused: list[str] = []

    def refuse_twice(route: Any) -> None:
        refused.append(route.request.url)
        if len(refused) == 1:
            route.fulfill(status=503, body="busy")
        elif len(refused) == 2:
            route.abort()
        else:
            route.continue_()

    page.route(made_up.address + "/", refuse_twice)
    (record, *_) = db.states.by_state(FileState.WORKING)
    db.states.set_progress(record.path, "told at the third try", 0.5)
    page.wait_for_selector("text=told at the third try", timeout=90_000)
    assert len(refused) >= 3
    context.close()
