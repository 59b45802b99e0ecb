"""The pages by keyboard alone: a journey, the focus on every page, and no letter that acts."""

from __future__ import annotations

import string
import time
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from support.web_browser import (  # noqa: E402
    LOOKS,
    PASSWORD,
    Site,
    Watcher,
    wait_until,
    wait_until_painted,
)
from support.web_daemon import Daemon  # noqa: E402

pytestmark = pytest.mark.browser
MAX_TABS = 400
FOCUS = """() => {
  const element = document.activeElement;
  if (element === null || element === document.body) return null;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return {
    name: element.outerHTML.slice(0, 200),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0
      && box.top < innerHeight && box.left < innerWidth,
  };
}"""


def tab_to(page: Any, selector: str) -> None:
    """Press the tabulator until an element has the focus. Each on the way shows that it has it."""
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None:
            continue
        assert focus["outlined"], focus
        assert focus["inside"], focus
        if page.evaluate("text => document.activeElement.matches(text)", selector):
            return
    raise AssertionError(f"the tabulator leads to no {selector} on {page.url}")


def press_enter(page: Any) -> None:
    with page.expect_navigation(timeout=60_000):
        page.keyboard.press("Enter")
    wait_until_painted(page)


def test_from_the_set_up_to_a_retry_by_keyboard_alone(browser: Any, daemon: Daemon) -> None:
    context = browser.new_context()
    watcher = Watcher(daemon.address)
    page = watcher.watch(context.new_page())
    page.goto(daemon.address)
    wait_until_painted(page)
    wait_until(page, "document.activeElement.id === 'code'")
    for text in (daemon.code, "ana", PASSWORD, PASSWORD):  # the first field has the focus
        page.keyboard.type(text)
        if text is not PASSWORD or page.evaluate("document.activeElement.id") == "password":
            page.keyboard.press("Tab")
    press_enter(page)
    assert page.inner_text("h1") == "Now", (daemon.code, page.inner_text("main"), page.url)
    tab_to(page, "header form button")
    press_enter(page)
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    press_enter(page)
    assert page.inner_text("h1") == "Now"
    deadline = time.monotonic() + 90
    while page.locator("a[href$='/files?state=failed']").count() == 0:
        assert time.monotonic() < deadline, daemon.log.read_text("utf-8", "replace")
        time.sleep(0.5)
        page.reload()
    tab_to(page, "nav a[href$='/coverage']")
    press_enter(page)
    tab_to(page, "main a[href*='/files?library=films']")
    press_enter(page)
    tab_to(page, "#search")
    page.keyboard.type("the sea")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=the*sea*", timeout=60_000)
    wait_until(page, "document.querySelectorAll('tbody tr').length === 1")
    tab_to(page, "tbody a")
    press_enter(page)
    assert "The Sea.mkv" in page.inner_text("h1")
    tab_to(page, "button[value=retry]")
    press_enter(page)
    assert "Asked for 1 file" in page.inner_text("main")
    context.close()
    assert watcher.faults == []


def test_subtitles_are_made_again_and_that_is_stopped_by_keyboard_alone(
    browser: Any, made_up: Site
) -> None:
    db = made_up.server.db
    context = browser.new_context(locale="de", java_script_enabled=False)
    made_up.sign_in(context)
    page = context.new_page()
    page.goto(made_up.address + "/coverage")
    tab_to(page, "main a[href$='/coverage/upgrades?library=films']")
    press_enter(page)
    tab_to(page, "td a[href*='whisper%2Ftiny']")
    press_enter(page)
    assert db.upgrades.pending(["films"]).files == 0
    tab_to(page, "button[value=upgrade]")
    press_enter(page)
    assert "2 Dateien werden neu gemacht" in page.inner_text("main")
    assert db.upgrades.pending(["films"]).files == 2
    tab_to(page, "main summary")
    page.keyboard.press("Enter")
    tab_to(page, "button[value=withdraw]")
    press_enter(page)
    assert "2 Dateien bleiben, wie sie sind" in page.inner_text("main")
    assert db.upgrades.pending(["films"]).files == 0
    context.close()


@pytest.mark.parametrize("focused", ["#name-{}", "#file-{}", "#retry", "#scope-all"])
def test_a_search_that_is_answered_late_leaves_the_focus_where_it_is(
    browser: Any, made_up: Site, focused: str
) -> None:
    context = browser.new_context()
    made_up.sign_in(context)
    page = context.new_page()
    page.goto(made_up.address + "/files")
    film = page.locator("tbody a").first
    focused = focused.format(film.get_attribute("id").removeprefix("name-"))
    held: list[Any] = []
    page.route("**/files?*search=*", lambda route: held.append(route))
    page.fill("#search", film.inner_text())
    while not held:
        page.wait_for_timeout(50)
    page.evaluate("document.getElementById('results').dataset.old = 'yes'")
    page.focus(focused)
    held[0].continue_()
    wait_until(page, "document.getElementById('results').dataset.old === undefined")
    wait_until(page, f"document.activeElement.matches('{focused}')")
    context.close()


@pytest.mark.parametrize("look", ["light", "narrow"])
def test_the_focus_is_seen_on_every_page_and_leaves_it(
    browser: Any, made_up: Site, look: str
) -> None:
    context = browser.new_context(**LOOKS[look])
    made_up.sign_in(context)
    page = context.new_page()
    for address in made_up.pages():
        page.goto(made_up.address + address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        seen: list[str] = []
        for _ in range(MAX_TABS):
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus is None or (len(seen) > 1 and focus["name"] == seen[0]):
                break  # the end, after which browsers begin again
            assert focus["outlined"], f"{address}: {focus}"
            assert focus["inside"], f"{address}: {focus}"
            seen.append(focus["name"])
        else:
            raise AssertionError(f"{address}: the tabulator does not leave {seen[-1]}")
        assert len(seen) > 2, address
    context.close()


def test_no_letter_does_anything_outside_a_field(browser: Any, made_up: Site) -> None:
    context = browser.new_context()
    made_up.sign_in(context)
    watcher = Watcher(made_up.address)
    page = watcher.watch(context.new_page())
    requests: list[str] = []
    before = made_up.server.db.commands.pending()  # of other tests
    for address in ("/", "/files", "/queue", "/files/1", "/coverage", "/coverage/upgrades"):
        page.goto(made_up.address + address)
        page.on("request", lambda request: requests.append(request.method))
        for letter in (*string.ascii_lowercase, "?", "/", "Shift+K"):
            page.keyboard.press(letter)
        assert page.url == made_up.address + address
        assert page.evaluate("document.activeElement === document.body")
    assert "POST" not in requests
    assert made_up.server.db.commands.pending() == before
    context.close()
    assert watcher.faults == []
