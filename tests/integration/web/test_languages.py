"""What pages say about a mistake is in the language of the browser, from set-up to refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.web.auth.roles import Role
from support.web_port import PASSWORD, WebPort

GERMAN = {"Accept-Language": "de"}


@pytest.fixture
def port(tmp_path: Path) -> Iterator[WebPort]:
    opened = WebPort(tmp_path / "state")
    yield opened
    opened.close()


def test_mistakes_at_the_set_up_are_told_in_german(port: WebPort) -> None:
    browser = port.browser()
    good = {"code": "x", "name": "ana", "password": PASSWORD, "password_again": PASSWORD}
    port.accounts.setup_codes.create()
    for wrong, sentence in (
        ({"password": "short"}, "Das Passwort braucht mindestens 10 Zeichen."),
        ({"name": ""}, "Ein Name hat 1 bis 64 Zeichen"),
        ({"password_again": "another one"}, "Die beiden Passwörter sind verschieden."),
        ({}, "Der Code ist falsch oder gilt nicht mehr."),
    ):
        assert sentence in browser.post("/setup", good | wrong, **GERMAN).text, wrong


def test_mistakes_at_the_sign_in_are_told_in_german(port: WebPort) -> None:
    port.add_users()
    browser = port.browser()
    fields = {"name": "admin", "password": "wrong"}
    answer = browser.post("/login", fields, **GERMAN)
    assert (answer.status_code, answer.headers["content-language"]) == (401, "de")
    assert "Der Name oder das Passwort ist falsch." in answer.text
    for _ in range(6):
        answer = browser.post("/login", fields, **GERMAN)
    assert answer.status_code == 429
    assert "Zu viele Versuche. Warten Sie" in answer.text


def test_mistakes_of_admins_and_on_the_own_page_are_told_in_german(port: WebPort) -> None:
    port.add_users()
    admin = port.session("admin")
    for fields, sentence in (
        ({"action": "role", "user": "nobody", "role": "viewer"}, "Diesen Benutzer gibt es nicht."),
        ({"action": "role", "user": "viewer", "role": "admin"}, "hat nun die Rolle: Verwalter."),
        ({"action": "add-key", "name": "tv", "grant": "metrics", "days": "7"}, "Schlüssel gilt."),
    ):
        assert sentence in admin.post("/users", fields, **GERMAN).text
    fields = {"action": "role", "user": "admin", "role": "viewer"}
    viewer = port.accounts.users.get("viewer")
    assert viewer is not None
    port.accounts.users.set_role(viewer.id, Role.VIEWER)  # it was made an admin above
    answer = admin.post("/users", fields, **GERMAN)
    assert "Kein Verwalter bliebe übrig. Machen Sie erst" in answer.text
    own = {"password": PASSWORD, "new_password": PASSWORD, "new_password_again": "x"}
    assert "neuen Passwörter" in admin.post("/me/password", own, **GERMAN).text


def test_refusals_are_told_in_german_to_browsers_and_in_english_to_programs(port: WebPort) -> None:
    port.add_users()
    viewer = port.session("viewer")
    for method, path, status, sentence in (
        ("GET", "/settings", 403, "Ihre Rolle erlaubt das nicht. Bitten Sie einen Verwalter"),
        ("GET", "/nothing", 404, "Diese Seite gibt es nicht."),
        ("GET", "/files/99999", 404, "Diese Datei gibt es nicht."),
        ("GET", "/files?after=x", 400, "Beginnen Sie mit der ersten Seite."),
        ("POST", "/queue", 405, "Diese Seite kennt diese Methode nicht."),
    ):
        answer = viewer.get(path, **GERMAN) if method == "GET" else viewer.post(path, {}, **GERMAN)
        assert answer.status_code == status, path
        assert '<html lang="de">' in answer.text, path
        assert sentence in answer.text, path
    answer = viewer.post("/logout", {"csrf_token": "old"}, **GERMAN)
    assert "Laden Sie die Seite neu." in answer.text
    program = port.call("GET", "/api/v1/status", headers=GERMAN)
    assert program.json()["title"] == "the token is missing or wrong"
