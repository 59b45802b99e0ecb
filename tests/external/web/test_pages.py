"""The pages in Debian's Chromium: journeys with a real daemon, and each page looked over by axe."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from subtitled.daemon.control import pause_work, resume_work
from subtitled.db.file_list import FileFilter
from subtitled.db.records import FileState
from subtitled.web.pages.static_files import has_static_file

playwright = pytest.importorskip("playwright.sync_api")
axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

from support.web_browser import (  # noqa: E402
    LOOKS,
    PASSWORD,
    Site,
    Watcher,
    running_site,
    wait_until,
)
from support.web_daemon import Daemon  # noqa: E402
from support.web_library import HOSTILE  # noqa: E402

pytestmark = pytest.mark.browser
SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("look", LOOKS)
def test_each_page_has_no_serious_fault_for_people_who_use_it_otherwise(
    browser: Any, made_up: Site, look: str
) -> None:
    context = browser.new_context(**LOOKS[look])
    made_up.sign_in(context)
    watcher = Watcher(made_up.address)
    page = watcher.watch(context.new_page())
    # The forms of a review, which its scripts hide: test_review_looks is about those.
    page.route("**/static/review.js", lambda route: route.fulfill(content_type="text/javascript"))
    findings = []
    for address in made_up.pages():
        findings += find_faults(page, made_up.address + address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= LOOKS[look]["viewport"]["width"], f"{address} is {width} pixels wide"
    context.close()
    assert findings == []
    assert watcher.faults == []


def find_faults(page: Any, address: str) -> list[str]:
    """Open a page with all that it hides at first, and return what axe finds serious."""
    answer = page.goto(address)
    assert answer.status == 200, address
    for details in page.query_selector_all("details:not([open]) > summary"):
        details.click()
    options = {"resultTypes": ["violations"], "preload": False}  # preloading makes style elements
    report = axe_playwright.Axe().run(page, options=options).response
    return [
        f"{address}: {one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in report["violations"]
        if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("has_users", [True, False])
def test_the_sign_in_and_the_set_up_have_no_serious_fault(
    browser: Any, tmp_path: Path, has_users: bool
) -> None:
    with running_site(tmp_path, has_users=has_users) as site:
        for look in LOOKS.values():
            context = browser.new_context(**look)
            watcher = Watcher(site.address)
            page = watcher.watch(context.new_page())
            assert find_faults(page, site.address) == []
            assert page.inner_text("h1") == ("Sign in" if has_users else "The first admin")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= look["viewport"]["width"]
            context.close()
            assert watcher.faults == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_markup_in_names_and_reasons_is_shown_as_text(
    browser: Any, made_up: Site, language: str
) -> None:
    context = browser.new_context(locale=language)
    made_up.sign_in(context)
    watcher = Watcher(made_up.address)
    page = watcher.watch(context.new_page())
    shown = 0
    for address in made_up.pages():
        page.goto(made_up.address + address)
        assert page.locator("img").count() == 0, address
        assert page.evaluate("document.documentElement.lang") == language
        shown += HOSTILE in page.inner_text("body")
    context.close()
    assert shown >= 3
    assert watcher.faults == []


@pytest.mark.parametrize("width", [1280, 760])
def test_no_state_is_cut_within_a_word(browser: Any, made_up: Site, width: int) -> None:
    context = browser.new_context(locale="de", viewport={"width": width, "height": 800})
    made_up.sign_in(context)
    page = context.new_page()
    page.goto(made_up.address + "/files?state=failed")
    states = page.locator("td .state")
    assert "fehlgeschlagen" in states.all_inner_texts()
    lines = states.evaluate_all("states => states.map(one => one.getClientRects().length)")
    assert set(lines) == {1}
    context.close()


def test_the_pages_work_without_scripts_and_by_keyboard(browser: Any, made_up: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    made_up.sign_in(context)
    page = context.new_page()
    page.goto(made_up.address + "/files")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skips to the content
    assert page.url.endswith("#content")
    page.focus("#search")
    page.keyboard.type("field guide")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "search=field+guide" in page.url
    assert "A Field Guide to Rain" in page.inner_text("table")
    assert "Twelve Bridges" not in page.inner_text("table")
    page.goto(made_up.address + "/files?state=failed")
    page.check("input[value=all]")
    with page.expect_navigation():
        page.click("button[value=retry]")
    assert "asked=" in page.url
    (queued, *_) = made_up.server.db.commands.pending()
    assert (queued.kind, queued.actor) == ("retry", "ana")
    context.close()


def test_a_list_is_searched_while_typing(browser: Any, made_up: Site) -> None:
    assert has_static_file("htmx.min.js"), "run: SUBTITLED_WEB_REQUIRED=1 python tools/vendor.py"
    context = browser.new_context()
    made_up.sign_in(context)
    watcher = Watcher(made_up.address)
    page = watcher.watch(context.new_page())
    page.goto(made_up.address + "/files")
    page.focus("#search")
    page.keyboard.type("field guide")
    page.wait_for_selector("#results >> text=Twelve Bridges", state="detached", timeout=5000)
    assert "A Field Guide to Rain" in page.inner_text("#results")
    assert page.evaluate("document.activeElement.id") == "search"
    page.wait_for_url("**search=field*", timeout=3000)
    context.close()
    assert watcher.faults == []


def test_a_viewer_sees_no_buttons_and_no_pages_of_admins(browser: Any, made_up: Site) -> None:
    context = browser.new_context()
    made_up.sign_in(context, "eve")
    page = context.new_page()
    for address in ("/files", "/files/1", "/queue", "/health-page"):
        page.goto(made_up.address + address)
        assert page.locator("main button[name=action]").count() == 0, address
        assert page.locator("main form[method=post][action*=check]").count() == 0, address
    assert "Settings" not in page.inner_text("nav")
    assert page.goto(made_up.address + "/settings").status == 403
    context.close()


def seconds_until_shown(page: Any, site: Site, text: str) -> float:
    """Have a job say something new, and return how long a page takes to show it."""
    db = site.server.db
    records = list(db.file_list.page(FileFilter(states=(FileState.QUEUED,)), limit=1))
    began = time.monotonic()
    db.states.set_state(records[0].id, FileState.WORKING, worker="daemon", progress=text)
    page.wait_for_selector(f"text={text}", timeout=60_000)
    return time.monotonic() - began


def test_a_page_that_is_open_says_within_a_second_and_a_half_that_a_job_began(
    browser: Any, made_up: Site
) -> None:
    context = browser.new_context()
    made_up.sign_in(context)
    watcher = Watcher(made_up.address)
    page = watcher.watch(context.new_page())
    with page.expect_request("**/api/v1/events*"):
        page.goto(made_up.address + "/")
    page.wait_for_timeout(2000)  # the stream is open
    tries = (seconds_until_shown(page, made_up, f"the new step {number}") for number in range(5))
    assert any(seconds < 1.5 for seconds in tries), "other programs may delay one of them"
    context.close()
    assert watcher.faults == []


def test_progress_is_spoken_at_most_every_five_seconds_and_the_focus_is_kept(
    browser: Any, made_up: Site
) -> None:
    db = made_up.server.db
    context = browser.new_context()
    made_up.sign_in(context)
    page = context.new_page()
    with page.expect_request("**/api/v1/events*"):
        page.goto(made_up.address + "/")
    seconds_until_shown(page, made_up, "a step to follow")
    page.evaluate(
        "window.spoken = []; new MutationObserver(() => window.spoken.push(performance.now()))"
        ".observe(document.getElementById('announcer'), {childList: true})"
    )
    (record, *_) = db.states.by_state(FileState.WORKING)
    for share in range(60):
        db.states.set_progress(record.path, f"step {share}", share / 60)
        page.wait_for_timeout(200)
    wait_until(page, "window.spoken.length >= 2")
    spoken = page.evaluate("window.spoken")
    pauses = [after - before for before, after in zip(spoken, spoken[1:], strict=False)]
    assert min(pauses) > 4900
    page.focus("main section a >> nth=0")
    focused = page.evaluate("document.activeElement.textContent")
    db.states.set_progress(record.path, "the last step", 0.99)
    page.wait_for_timeout(2500)
    assert page.evaluate("document.activeElement.textContent") == focused, "the focus is kept"
    context.close()


def test_without_scripts_a_reload_says_what_is_done_how_far_and_why_nothing_is(
    browser: Any, made_up: Site
) -> None:
    db = made_up.server.db
    context = browser.new_context(java_script_enabled=False)
    made_up.sign_in(context)
    page = context.new_page()
    page.goto(made_up.address + "/")
    records = list(db.file_list.page(FileFilter(states=(FileState.QUEUED,)), limit=1))
    db.states.set_state(records[0].id, FileState.WORKING, worker="daemon", progress="it began")
    db.states.set_progress(records[0].path, "it goes on", 0.37)
    page.reload()
    assert "it goes on" in page.inner_text("main")
    assert "37 %" in page.inner_text("main")
    pause_work(db, "", None, "ana")
    page.reload()
    assert "Paused" in page.inner_text("main")
    assert "paused" in page.inner_text("#live-why").lower()
    resume_work(db, "", "ana")
    page.reload()
    assert page.locator("#paused").count() == 0
    context.close()


def test_from_the_set_up_to_a_retry_with_a_real_daemon(browser: Any, daemon: Daemon) -> None:
    context = browser.new_context()
    watcher = Watcher(daemon.address)
    page = watcher.watch(context.new_page())
    page.goto(daemon.address)
    assert page.url.endswith("/setup")
    page.fill("#code", daemon.code)
    page.fill("#name", "ana")
    page.fill("#password", PASSWORD)
    page.fill("#password_again", PASSWORD)
    page.click("main button")
    assert page.inner_text("h1") == "Now"
    page.click("header form button")
    assert page.inner_text("h1") == "Sign in"
    page.fill("#name", "ana")
    page.fill("#password", PASSWORD)
    page.click("main button")
    deadline = time.monotonic() + 90
    while page.locator("a[href$='/files?state=failed']").count() == 0:
        assert time.monotonic() < deadline, daemon.log.read_text("utf-8", "replace")
        time.sleep(0.5)
        page.reload()
    page.click("nav >> text=Coverage")
    page.click("main a[href*='/files?library=films']")
    assert "The Sea.mkv" in page.inner_text("table")
    assert HOSTILE.replace("/", "") in page.inner_text("table")
    page.click("text=The Sea.mkv")
    assert "failed" in page.inner_text("main")
    page.click("button[value=retry]")
    assert "Asked for 1 file" in page.inner_text("main")
    while "ana: retry" not in page.inner_text("main"):
        assert time.monotonic() < deadline, page.inner_text("main")
        time.sleep(0.5)
        page.reload()
    page.click("nav >> text=History")
    assert page.locator("td:has-text('ana')").count() >= 1
    context.close()
    assert watcher.faults == []
