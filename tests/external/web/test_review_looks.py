"""The review with scripts by screen reader, on a phone, in German, and for a viewer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from subtitled.plugin import Cue

playwright = pytest.importorskip("playwright.sync_api")
axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

from support.heard_review import WAIT, HeardReview, make_cues, open_review, wait_until  # noqa: E402
from support.web_browser import LOOKS, Site, Watcher, chromium, running_site  # noqa: E402

pytestmark = pytest.mark.browser
DIALOGS = {"?": "keys", "x": "wrong", "g": "go-to", "t": "term", "Control+H": "replace"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), is_hostile=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def review(site: Site) -> HeardReview:
    cues = (Cue(0.2, 0.9, "An overlap, much too fast to read it."), *make_cues(12)[1:])
    return HeardReview(site, "Looks", (*cues, Cue(2.0, 5.0, "It overlaps.")), (0.9, 0.5, 0.1))


def find_faults(page: Any) -> list[str]:
    options = {"resultTypes": ["violations"], "preload": False}  # preloading makes style elements
    report = axe_playwright.Axe().run(page, options=options).response
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in report["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_the_editor_and_its_dialogs_have_no_serious_fault(
    browser: Any, site: Site, review: HeardReview, look: str
) -> None:
    context = browser.new_context(**LOOKS[look])
    site.sign_in(context)
    watcher = Watcher(site.address)
    page = watcher.watch(context.new_page())
    open_review(page, f"{review.address}?way=straight")
    wait_until(page, "document.querySelector('#measures').dataset.from === 'server'")
    faults = find_faults(page)
    for key, name in DIALOGS.items():
        page.keyboard.press(key)
        page.wait_for_selector(f"#dialog-{name}[open]")
        faults += find_faults(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= LOOKS[look]["viewport"]["width"], f"{name} is {width} pixels wide"
        page.keyboard.press("Escape")
        wait_until(page, "document.activeElement.id === 'cue-list'")
    context.close()
    assert faults == []
    assert watcher.faults == []


def test_doubt_verdict_and_findings_are_letters_with_a_name(
    browser: Any, site: Site, review: HeardReview
) -> None:
    for locale, marks in {
        "en": ("DD 90 %", "very doubtful", "W warning: too fast", "error"),
        "de": ("ZZ 90 %", "sehr zweifelhaft", "W Warnung: zu schnell", "Fehler"),
    }.items():
        context = browser.new_context(locale=locale)
        site.sign_in(context)
        page = context.new_page()
        open_review(page, f"{review.address}?way=straight")
        text = page.text_content("#cue-list")
        for mark in marks:
            assert mark in text, locale
        row = page.locator("#cue-list [aria-selected=true]")
        assert row.get_attribute("id") == page.get_attribute("#cue-list", "aria-activedescendant")
        assert row.locator(".words").get_attribute("lang") == "en"
        for name, value in {"lang": "en", "dir": "ltr"}.items():
            assert page.get_attribute("#box-text", name) == value
        page.locator("#cue-list [role=option]:has(.mark-severity-warning)").first.click()
        value = "je Sekunde)" if locale == "de" else "a second)"
        page.wait_for_selector(f"#box-findings >> text={value}", timeout=WAIT)
        page.focus("#cue-list")
        page.keyboard.press("?")
        keys = page.inner_text("#dialog-keys")
        assert ("Nächster Untertitel" in keys) == (locale == "de")
        assert "undefined" not in keys
        context.close()


def test_a_viewer_reads_and_changes_nothing(browser: Any, site: Site, review: HeardReview) -> None:
    context = browser.new_context()
    site.sign_in(context, "eve")
    page = context.new_page()
    open_review(page, review.address)
    page.keyboard.press("a")
    page.keyboard.press("s")
    page.keyboard.press("Delete")
    assert page.inner_text("#editor-message") == "This subtitle can only be read."
    page.keyboard.press("Enter")
    page.keyboard.type("x")
    page.keyboard.press("Escape")
    assert review.document.version == 0
    assert review.verdicts() == {}
    context.close()
