"""A review in Debian's Chromium with scripts: by key from the queue to the approved file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from subtitled.glossary.kept import KeptTerms
from subtitled.glossary.kept_term import KeptScope
from subtitled.web.auth.roles import Role
from subtitled.web.pages import review_editor

playwright = pytest.importorskip("playwright.sync_api")

from support.heard_review import (  # noqa: E402
    WAIT,
    HeardReview,
    current_cue,
    make_cues,
    open_review,
    wait_for,
    wait_kept,
    wait_until,
)
from support.heard_words import respell, speak, store_transcript  # noqa: E402
from support.web_browser import PASSWORD, Site, Watcher, chromium, running_site  # noqa: E402

pytestmark = pytest.mark.browser
DOUBTS = (0.1, 0.9, 0.5, 0.2, 0.35, 0.1, 0.1, 0.1, 0.1, 0.8)
NOTE_SOUNDS = (
    "window.heard = []; document.addEventListener('playing',"
    " () => window.heard.push(performance.now()), true)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), is_hostile=False) as opened:
        opened.accounts.users.add("rita", PASSWORD, Role.REVIEWER)
        yield opened


@pytest.fixture
def watcher(browser: Any, site: Site) -> Iterator[Watcher]:
    """A browser of rita's, which may show no faults."""
    context = browser.new_context()
    site.sign_in(context, "rita")
    watching = Watcher(site.address)
    watching.page = watching.watch(context.new_page())  # type: ignore[attr-defined]
    yield watching
    context.close()
    assert watching.faults == []


@pytest.fixture
def page(watcher: Watcher) -> Any:
    return watcher.page  # type: ignore[attr-defined]


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def wait_current(page: Any, cue: str) -> None:
    page.wait_for_selector(f"[aria-selected=true][data-cue='{cue}']", timeout=WAIT)


def test_two_keys_lead_from_the_queue_to_the_sound_of_the_most_doubtful_cue(
    site: Site, page: Any
) -> None:
    HeardReview(site, "First of the queue", make_cues(25), (0.1, 0.2, 0.99, *[0.6] * 20))
    page.add_init_script(NOTE_SOUNDS)
    page.goto(site.address + "/review")
    page.wait_for_selector("a:focus >> text=First of the queue", timeout=WAIT)
    began = time.monotonic()
    press(page, "Enter")  # what follows plays by itself
    page.wait_for_selector("#editor:not([hidden])", timeout=WAIT)
    wait_until(page, "window.heard?.length > 0")
    print(f"\nfrom the key in the queue to the sound: {time.monotonic() - began:.2f} s")
    assert current_cue(page) == "3"
    place = page.evaluate("document.getElementById('player').currentTime")
    assert place >= 0.7  # the part begins at a whole second, the cue 0.3 s before 7 s
    wait_until(page, "document.getElementById('player').paused")
    began = time.monotonic()
    press(page, "Space")
    wait_until(page, "window.heard.length > 1")
    print(f"from the key to the sound that is there: {time.monotonic() - began:.2f} s")


def test_a_subtitle_is_corrected_and_approved_by_keyboard_alone(site: Site, page: Any) -> None:
    review = HeardReview(site, "By keyboard", make_cues(10), DOUBTS)
    page.goto(site.address)
    open_review(page, review.address)
    assert current_cue(page) == "2"
    press(page, "Enter", "Control+A")
    page.keyboard.type("A line that was corrected.")
    press(page, "Control+Enter")  # keeps it, and goes to the next doubtful cue
    wait_current(page, "10")
    press(page, "Escape", "a")
    wait_current(page, "3")
    press(page, "x")
    page.wait_for_selector("#dialog-wrong[open]", timeout=WAIT)
    page.keyboard.type("who says so?")
    press(page, "Enter")
    wait_current(page, "5")
    press(page, "a")
    page.wait_for_selector("[data-way=spot][aria-pressed=true]", timeout=WAIT)
    wait_kept(page)
    assert review.texts[1] == "A line that was corrected."
    assert review.verdicts() == {"10": "right", "3": "wrong", "5": "right"}
    press(page, "Control+Enter")
    page.wait_for_selector("main .notice >> text=By keyboard.mkv", timeout=WAIT)
    assert "Approved, written and locked: By keyboard.mkv" in page.inner_text("main")
    assert "A line that was corrected." in review.sidecar.read_text("utf-8")
    record = site.server.db.reviews.get(review.number)
    assert record is not None
    assert (record.status, record.approved_by) == ("approved", "rita")


def test_what_was_done_by_key_is_undone_and_done_again_after_a_reload(
    site: Site, page: Any
) -> None:
    review = HeardReview(site, "Undone", make_cues(6), DOUBTS)
    cue = f"{review.address}?way=straight&cue=2"
    before = review.document.cues

    def shift() -> None:
        press(page, ".", ".")

    def replace() -> None:
        press(page, "Control+H")
        page.wait_for_selector("#dialog-replace[open]", timeout=WAIT)
        page.keyboard.type("line number")
        press(page, "Tab")
        page.keyboard.type("row")
        press(page, "Enter")

    def split_within_the_text() -> None:
        press(page, "Enter", "Home", *["ArrowRight"] * len("This is"), "Alt+Enter", "Escape")

    def merge_at_its_start() -> None:
        press(page, "Enter", "Home", "Backspace", "Escape")

    def break_lines() -> None:
        press(page, "Enter", "Control+A")
        page.keyboard.type("This line goes on and on, and then on, until it has to be broken.")
        press(page, "Control+B", "Escape")

    done = [shift, replace, split_within_the_text, merge_at_its_start, break_lines]
    done += [lambda key=key: press(page, key) for key in ("s", "m", "Delete", "]", "{", "i")]
    for act in done:
        open_review(page, cue)
        act()
        wait_kept(page)
        after = review.document.cues
        assert after != before
        open_review(page, cue)
        press(page, *["Control+Z"] * (2 if act is shift else 1))
        wait_kept(page)
        wait_for(page, lambda: review.document.cues == before)
        open_review(page, cue)
        press(page, *["Control+Shift+Z"] * (2 if act is shift else 1))
        wait_for(page, lambda after=after: review.document.cues == after)
        wait_kept(page)
        press(page, *["Control+Z"] * (2 if act is shift else 1))
        wait_for(page, lambda: review.document.cues == before)


def test_values_change_while_a_person_types_and_are_those_of_the_server(
    site: Site, page: Any
) -> None:
    review = HeardReview(site, "Values", make_cues(6), DOUBTS)
    open_review(page, f"{review.address}?way=straight&cue=2")
    press(page, "Enter", "Control+A")
    page.keyboard.type("Much too long to be read, <i>I</i> say, in so short a time - isn't it?")
    page.keyboard.press("Enter")
    page.keyboard.type("Cafe\u0301 \U0001f642")
    assert page.get_attribute("#measures", "data-from") == "page"
    anticipated = page.inner_text("#measures")
    assert "warning" in page.inner_text("#measure-cps")
    press(page, "Escape")
    wait_kept(page)
    page.wait_for_selector("#measures[data-from=server]", timeout=WAIT)
    assert page.inner_text("#measures") == anticipated


def test_a_key_is_changed_and_single_keys_are_switched_off(site: Site, page: Any) -> None:
    review = HeardReview(site, "Keys", make_cues(10), DOUBTS)
    open_review(page, review.address)
    press(page, "?")
    page.wait_for_selector("#dialog-keys[open]", timeout=WAIT)
    page.focus("[data-place=list][data-remaps=right]")
    press(page, "Enter", "n")  # another command has it
    assert "n: " in page.inner_text("#keys-problem")
    press(page, "Enter", "y")
    press(page, "Escape")
    for address in (review.address, f"{review.address}?way=worst"):
        open_review(page, address)
        before = current_cue(page)
        press(page, "a")
        assert current_cue(page) == before
        press(page, "y")
        wait_for(page, lambda before=before: current_cue(page) != before)
        wait_kept(page)
    assert review.verdicts() == {"2": "right", "10": "right"}
    press(page, "?")
    page.wait_for_selector("#dialog-keys[open]", timeout=WAIT)
    page.uncheck("#keys-single")
    press(page, "Escape")
    open_review(page, review.address)
    press(page, "y", "s", "Delete")  # the last one is no single key
    wait_for(page, lambda: len(review.document.cues) == 9)
    assert review.verdicts() == {"2": "right", "10": "right"}


def test_single_keys_do_nothing_in_a_field(site: Site, page: Any) -> None:
    review = HeardReview(site, "Fields", make_cues(10), DOUBTS)
    open_review(page, review.address)
    for field in ("#find", "#box-start", "#autoplay"):
        page.focus(field)
        press(page, "a", "s", "x", "Control+Z")
        assert current_cue(page) == "2"
    assert review.document.version == 0
    assert review.verdicts() == {}


def test_the_list_follows_what_is_played_and_a_key_stops_it(site: Site, page: Any) -> None:
    review = HeardReview(site, "Followed", make_cues(25), DOUBTS)
    open_review(page, f"{review.address}?way=straight&cue=1")
    press(page, "Shift+Space")
    wait_current(page, "3")
    press(page, "Enter")
    wait_until(page, "document.getElementById('player').paused")


@pytest.mark.parametrize("has_waveform", [True, False])
def test_a_cue_is_heard_and_seen_with_and_without_the_script_of_the_waveform(
    site: Site, page: Any, monkeypatch: pytest.MonkeyPatch, has_waveform: bool
) -> None:
    if not has_waveform:
        monkeypatch.setattr(review_editor, "has_static_file", lambda name: False)
    review = HeardReview(site, f"Waveform {has_waveform}", make_cues(25), DOUBTS)
    page.add_init_script(NOTE_SOUNDS)
    open_review(page, review.address)
    press(page, "Space")
    wait_until(page, "window.heard.length > 0")
    if has_waveform:
        inside = "document.querySelector('#wave-form > div')?.shadowRoot.querySelector"
        wait_until(page, f"{inside}('canvas')?.width > 100")
        wait_until(page, f"{inside}('[part*=region]') !== null")
    assert page.is_visible("#wave") == has_waveform
    press(page, "v")
    wait_until(page, "document.querySelector('#picture img')?.naturalWidth > 0")


def test_words_of_engines_are_taken_snapped_to_and_split_at(site: Site, page: Any) -> None:
    cues = make_cues(6)
    review = HeardReview(site, "Engines", cues, DOUBTS)
    configuration = site.server._configuration
    heard = speak(cues, delay=0.1)
    store_transcript(configuration, review.fingerprint, "whisper-1", heard)
    others = respell(heard, {"line": "lion"})
    store_transcript(configuration, review.fingerprint, "qwen-1", others)
    open_review(page, f"{review.address}?way=straight&cue=2")
    page.wait_for_selector("#box-alternatives >> text=lion", timeout=WAIT)
    press(page, "1")
    wait_for(page, lambda: review.texts[1] == "This is the lion number 2.")
    press(page, "Control+Z")
    wait_for(page, lambda: review.texts[1] == cues[1].text)
    wait_until(page, "performance.getEntriesByType('resource').some(one => /words/.test(one.name))")
    page.wait_for_timeout(200)
    press(page, "z")
    wait_for(page, lambda: review.document.cues[1].start == 4.1)
    press(page, "Enter", "Home", *["ArrowRight"] * len("This is "), "Alt+Enter")
    wait_for(page, lambda: len(review.document.cues) == 7)
    first, second = review.document.cues[1:3]
    assert (first.text, second.text) == ("This is", "the line number 2.")
    said = next(word for word in speak(cues[1:2], delay=0.1) if word.text == " the")
    assert second.start == pytest.approx(said.start, abs=0.002)


def test_a_selected_word_becomes_a_term_in_the_language_of_the_text(site: Site, page: Any) -> None:
    review = HeardReview(site, "Term", make_cues(3), DOUBTS)
    terms = KeptTerms(site.server._configuration, site.server.db)
    open_review(page, f"{review.address}?way=straight&cue=2")
    press(page, "Enter", "Home", *["Shift+ArrowRight"] * len("This"), "Control+G")
    page.wait_for_selector("#dialog-term[open]", timeout=WAIT)
    press(page, "Enter")
    wait_for(page, terms.all)
    (term,) = terms.all()
    assert [(str(language), text) for language, text in term.translations] == [("en", "This")]
    assert (term.scope, term.text, term.do_not_translate) == (KeptScope.TITLE, "", False)


def test_an_end_of_a_cue_is_pulled_in_the_waveform(site: Site, page: Any) -> None:
    review = HeardReview(site, "Pulled", make_cues(25), DOUBTS)
    open_review(page, f"{review.address}?way=straight&cue=2")
    page.wait_for_selector("#wave-form [part*=region-handle-right]", timeout=WAIT)
    handle = page.locator("#wave-form [part*=region-handle-right]").bounding_box()
    x, y = handle["x"] + 3, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y, steps=4)
    page.mouse.move(x + 20, y, steps=4)
    page.mouse.up()
    wait_for(page, lambda: review.document.cues[1].end > 6.1)
    assert review.document.cues[1].start == 4.0
    wait_kept(page)


def test_speech_without_a_cue_is_heard_and_written(site: Site, page: Any) -> None:
    review = HeardReview(site, "Gaps", make_cues(6), DOUBTS, ((30.0, 32.5),))
    page.add_init_script(NOTE_SOUNDS)
    open_review(page, review.address)
    page.focus("#gap-list button >> nth=0")
    press(page, "Enter")
    wait_until(page, "window.heard.length > 0")
    page.focus("#gap-list button >> nth=1")
    press(page, "Enter")
    wait_until(page, "document.activeElement.id === 'box-text'")
    page.keyboard.type("Somebody said this.")
    press(page, "Escape")
    wait_for(page, lambda: "Somebody said this." in review.texts)
    assert (review.document.cues[-1].start, review.document.cues[-1].end) == (30.0, 32.5)
    page.wait_for_selector("#editor-gaps", state="hidden", timeout=WAIT)


def test_a_message_stays_until_the_next_key_and_a_shift_shows_no_cue_to_anybody(
    site: Site, page: Any
) -> None:
    review = HeardReview(site, "Late by a second", make_cues(10), DOUBTS)
    page.goto(f"{review.address}/tools")
    page.fill("#seconds", "0.5")
    page.click("button[value=shift]")
    page.wait_for_selector("#editor:not([hidden])", timeout=WAIT)
    open_review(page, review.address)
    assert review.document.cues[0].start == 1.5
    assert page.inner_text("[data-way=worst] [data-progress]") == "0 / 4"
    for place in ("99", "0", "nowhere"):
        press(page, "g")
        page.keyboard.type(place)
        press(page, "Enter")
        wait_until(page, "document.getElementById('editor-message').textContent !== ''")
        press(page, "j")
        wait_until(page, "document.getElementById('editor-message').textContent === ''")
    press(page, "g")
    page.keyboard.type("7")
    press(page, "Enter")
    wait_current(page, "7")


def test_another_engine_is_asked_by_one_key_and_its_words_are_taken_by_another(
    site: Site, watcher: Watcher
) -> None:
    page, db = watcher.page, site.server.db
    review = HeardReview(site, "Asked", make_cues(6), DOUBTS[:6])
    open_review(page, review.address)
    assert current_cue(page) == "2"
    page.keyboard.press("r")
    wait_for(page, lambda: db.passages.of_review(review.number))
    (asked,) = db.passages.of_review(review.number)
    assert (asked.actor, asked.span.start, asked.span.end) == ("rita", 3.5, 6.5)
    db.passages.set_waiting(asked.id, "paused by hand")
    page.wait_for_selector("#editor-message >> text=paused by hand", timeout=WAIT)
    words = respell(speak(make_cues(2)[1:]), {"line": "lion"})
    db.passages.finish(asked.id, "whisper-1", words)
    page.wait_for_selector("#box-alternatives >> text=lion", timeout=WAIT)
    page.keyboard.press("1")
    wait_kept(page)
    wait_for(page, lambda: review.texts[1] == "This is the lion number 2.")
    page.keyboard.press("j")
    page.keyboard.press("r")
    wait_for(page, lambda: len(db.passages.of_review(review.number)) == 2)
    db.passages.fail(db.passages.of_review(review.number)[1].id, "the key is wrong", "Write one")
    page.wait_for_selector("#editor-problem >> text=the key is wrong. Write one", timeout=WAIT)
