"""Settings as TOML, what a change would make, and spending as CSV."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.config.reference import dump_settings
from subtitled.daemon.answers.settings import describe_settings, render_toml
from subtitled.daemon.plan_runs import PlanRun, PlanRuns
from subtitled.db.egress_log import EgressEntry
from subtitled.web.auth.roles import Role
from subtitled.web.pages.spending import CSV_COLUMNS, write_requests
from support.web_library import write_configuration
from support.web_port import PASSWORD, WebPort

MORE = """
[servers.tv]
plugin = "jellyfin"
url = "http://127.0.0.1:1"
api_key = {env = "TV_KEY"}
[budgets.cloud]
period = "month"
max_cost = 5.0
[libraries.'my "films"']
path = "/nowhere/ü \\u007f"
languages = ["en", "de-CH"]
stability_delay = "90s"
[[libraries.'my "films"'.routes]]
engines = ["whisper"]
max_duration = "2h"
"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[WebPort]:
    opened = WebPort(tmp_path / "state")
    opened.add_users()
    yield opened
    opened.close()


@pytest.mark.parametrize("with_defaults", [False, True])
def test_settings_copied_as_toml_are_the_same_settings(tmp_path: Path, with_defaults: bool) -> None:
    configuration = write_configuration(tmp_path, 8085, MORE)
    text = render_toml(describe_settings(configuration))
    assert "TV_KEY" in text
    if with_defaults:
        text = re.sub(r"(?m)^# (?=[\w\"-]+ = )", "", text)
    copy = tmp_path / "copy.toml"
    copy.write_text(text, "utf-8")
    before, after = dump_settings(configuration), dump_settings(load_config(copy))
    assert after == before


def test_only_admins_get_the_settings_as_toml(port: WebPort) -> None:
    answer = port.session("admin").get("/settings/toml")
    assert answer.headers["content-type"] == "application/toml"
    assert "[libraries.films]" in answer.text
    assert "[libraries.films]" in port.session("admin").get("/settings").text
    for name in ("viewer", "operator"):
        for page in ("/settings/toml", "/settings/plan"):
            assert port.session(name).get(page).status_code == 403


def test_a_mistake_in_the_file_is_shown_with_its_line_and_a_hint(port: WebPort) -> None:
    path = port.configuration.path
    assert path is not None
    path.write_text(path.read_text("utf-8") + "[libraries.films2]\npaht = 1\n", "utf-8")
    page = port.session("admin").get("/settings").text
    assert re.search(r"line \d+: ", page)
    assert "Did you mean" in page
    answer = port.session("admin").post("/settings/plan", {"library": "films"})
    assert answer.status_code == 303
    assert "paht" in wait_for_plan(port, "paht")


def wait_for_plan(port: WebPort, text: str) -> str:
    """Return the page once it has a text."""
    deadline, admin = time.monotonic() + 60, port.session("admin")
    while True:
        page = admin.get("/settings/plan").text
        if text in page:
            return page
        assert time.monotonic() < deadline, page
        time.sleep(0.1)


def test_a_plan_that_is_being_made_is_shown_again_by_itself_until_it_has_ended(
    port: WebPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = PlanRun(library="films", started_at=0.0)
    monkeypatch.setattr(PlanRuns, "last_of", lambda runs, name: run)
    admin = port.session("admin")
    assert admin.get("/settings/plan?busy=1").headers["refresh"] == "2; url=plan"
    run.has_ended = True
    assert "refresh" not in admin.get("/settings/plan").headers


def test_the_plan_of_a_change_shows_what_the_file_would_make(port: WebPort) -> None:
    folder = port.configuration.settings.libraries["films"].path
    make = ("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=5", "-c:a", "libopus")
    subprocess.run([*make, "-metadata:s:a:0", "language=eng", folder / "The Sea.mka"], check=True)
    path = port.configuration.path
    assert path is not None
    text = path.read_text("utf-8").replace('languages = ["en", "de"]', 'languages = ["en"]')
    path.write_text(text, "utf-8")
    admin = port.session("admin")
    admin.post("/settings/plan", {"library": "films"})
    page = wait_for_plan(port, "The Sea.mka")
    assert "this is what the change makes" in page
    assert re.search(r"1 file was looked at,", wait_for_plan(port, "1 file was looked at,"))
    assert port.db.files.get(folder / "The Sea.mka") is None, "a plan changes nothing"
    assert port.db.commands.pending() == []
    assert admin.post("/settings/plan", {"library": "nothing"}).status_code == 400


ENTRY = EgressEntry(
    key="k",
    at=1795960000.5,
    path=Path('/films/a, "b"\n.mkv'),
    library="films",
    component="cloud",
    destination="eu",
    kind="audio",
    amount=90.5,
    host="api.example.org",
    region="",
    request_id="=cmd|' /C calc'!A0",
    price=0.009,
    currency="EUR",
)


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_requests_as_csv_keep_their_values_and_begin_no_formula() -> None:
    unpriced = replace(ENTRY, path=Path("-x"), price=None)
    (first, second) = read_csv(write_requests([ENTRY, unpriced]))
    assert tuple(first) == CSV_COLUMNS
    assert first["at"] == "2026-11-29T13:46:40Z"
    assert (first["amount"], first["price"], first["currency"]) == ("90.5", "0.009", "EUR")
    assert 'a, "b"' in first["path"]
    assert first["request_id"].startswith("'=")
    assert (second["path"], second["price"]) == ("'-x", "")


def test_who_is_bound_to_libraries_gets_the_spending_of_those(port: WebPort) -> None:
    port.accounts.users.add("bound", PASSWORD, Role.VIEWER, ["series"])
    for library in ("films", "series"):
        port.db.egress_log.open(replace(ENTRY, key=library, library=library), ())
    for name, libraries in (("viewer", {"films", "series"}), ("bound", {"series"})):
        browser = port.session(name)
        answer = browser.get("/spending/csv?days=1")
        assert answer.headers["content-type"].startswith("text/csv")
        assert {row["library"] for row in read_csv(answer.text)} == libraries, name
    assert "/spending/csv?days=7" in port.session("viewer").get("/spending?days=7").text
