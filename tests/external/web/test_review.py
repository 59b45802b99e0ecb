"""A review in Debian's Chromium without scripts, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.web.auth.roles import Role

playwright = pytest.importorskip("playwright.sync_api")

from support.web_browser import LOOKS, PASSWORD, Site, running_site  # noqa: E402

pytestmark = pytest.mark.browser


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running_site(tmp_path) as opened:
        opened.accounts.users.add("rita", PASSWORD, Role.REVIEWER)
        yield opened


def walk_to(page: Any, text: str) -> None:
    """Press Tab until the focus is on a link or button of a text."""
    for _ in range(250):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText ?? ''").strip().startswith(text):
            return
    raise AssertionError(f"the keyboard does not reach {text!r}")


def enter(page: Any, text: str) -> None:
    """Follow a link, or press a button, by keyboard."""
    walk_to(page, text)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def type_into(page: Any, field: str, text: str) -> None:
    """Walk to a field by keyboard, and replace what it holds."""
    for _ in range(250):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == field:
            page.keyboard.press("Control+A")
            page.keyboard.type(text)
            return
    raise AssertionError(f"the keyboard does not reach the field {field}")


@pytest.mark.parametrize("look", ["light", "narrow"])
def test_a_subtitle_is_corrected_judged_and_approved_without_scripts_by_keyboard(
    browser: Any, site: Site, look: str
) -> None:
    context = browser.new_context(java_script_enabled=False, **LOOKS[look])
    site.sign_in(context, "rita")
    page = context.new_page()
    page.goto(site.address + "/")
    enter(page, "Review")
    enter(page, "A review.mkv")
    assert "Cue 1 / 63" in page.inner_text("main")
    assert page.locator("audio[controls] source").count() == 1
    type_into(page, "text", "They came to a town.")
    enter(page, "Right, next")
    assert "Judged as right." in page.inner_text("main")
    assert "Cue 3 / 63" in page.inner_text("main")
    walk_to(page, "Wrong ...")
    page.keyboard.press("Enter")
    type_into(page, "note", "which York?")
    enter(page, "Wrong, next")
    assert "Judged as wrong." in page.inner_text("main")
    enter(page, "Approve ...")
    assert "1 cue with an error" in page.inner_text("main")
    enter(page, "Cue 1,")
    type_into(page, "end", "2.3")
    enter(page, "Keep")
    enter(page, "Approve ...")
    enter(page, "Approve with these warnings")
    assert "Approved, written and locked:" in page.inner_text("main")
    context.close()
    record = site.server.db.reviews.get(site.review)
    assert record is not None
    assert (record.status, record.approved_by) == ("approved", "rita")
    assert record.path is not None
    written = record.path.with_suffix(".en.srt").read_text("utf-8")
    assert "They came to a town." in written
