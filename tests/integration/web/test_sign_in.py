"""Signing in and out: set-up, sessions, passwords and throttling, page by page."""

from __future__ import annotations

import hashlib
import logging
import re
import stat
import time
from collections.abc import Callable
from typing import Any

import pytest

from subtitled.web.auth.passwords import hash_password, is_password
from subtitled.web.auth.roles import Role
from subtitled.web.auth.throttle import wait_after
from support.web_port import HOST, PASSWORD, PEER, TOKEN, Browser, WebPort, shift_clock

pytestmark = pytest.mark.usefixtures("cheap_hashes")
Opened = Callable[..., WebPort]


@pytest.fixture
def port(opened: Opened) -> WebPort:
    """A port with one user: the admin ana."""
    made = opened()
    made.accounts.users.add("ana", PASSWORD, Role.ADMIN)
    return made


def sign_in(browser: Browser, name: str = "ana", password: str = PASSWORD, **headers: str) -> Any:
    return browser.post("/login", {"name": name, "password": password}, **headers)


def set_up(browser: Browser, code: str, name: str = "ana", password: str = PASSWORD) -> Any:
    fields = {"code": code, "name": name, "password": password, "password_again": password}
    return browser.post("/setup", fields)


# Set-up


def test_without_a_user_every_page_leads_to_the_set_up(opened: Opened) -> None:
    browser = opened().browser()
    for path in ("/", "/me", "/login", "/queue", "/files/5"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/setup")
    page = browser.get("/setup")
    assert page.status_code == 200
    assert "subtitled web setup-code" in page.text


def test_the_code_makes_the_first_admin_and_is_void_then(opened: Opened) -> None:
    port = opened()
    code = port.accounts.setup_codes.create()
    browser = port.browser()
    answer = set_up(browser, code.lower().replace("-", " "))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "admin" in browser.get("/me").text
    assert not port.accounts.setup_codes.is_valid(code)
    second = port.browser()
    assert set_up(second, code, "eve").headers["location"] == "/login"
    assert [user.name for user in port.accounts.users.list_all()] == ["ana"]
    assert second.get("/setup").headers["location"] == "/login"


def test_nobody_is_first_without_the_code(opened: Opened) -> None:
    port = opened()
    code = port.accounts.setup_codes.create()
    for guess in ("", "AAAAA-BBBBB-CCCCC-DDDDD", code[:-1], code + "A"):
        assert set_up(port.browser(), guess).status_code == 403
    assert not port.accounts.users.exist()
    assert set_up(port.browser(), code).status_code == 303


def test_the_code_ends_after_five_tries(opened: Opened) -> None:
    port = opened()
    code = port.accounts.setup_codes.create()
    for _ in range(5):
        assert set_up(port.browser(), "wrong").status_code == 403
    assert set_up(port.browser(), code).status_code == 403
    assert "Make a new one" in port.browser().get("/setup").text
    assert set_up(port.browser(), port.accounts.setup_codes.create()).status_code == 303


def test_the_code_ends_after_an_hour_and_with_the_next_one(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = opened()
    codes = port.accounts.setup_codes
    old = codes.create()
    code = codes.create()
    assert set_up(port.browser(), old).status_code == 403
    shift_clock(monkeypatch, codes, lambda: time.time() + 3601)
    assert set_up(port.browser(), code).status_code == 403
    shift_clock(monkeypatch, codes, lambda: time.time() + 3500)
    assert set_up(port.browser(), code).status_code == 303


@pytest.mark.parametrize(
    ("name", "password", "again", "said"),
    [
        ("ana", "short", "short", "at least 10"),
        ("ana", PASSWORD, PASSWORD + "x", "differ"),
        (" ", PASSWORD, PASSWORD, "1 to 64 characters"),
        ("a\u202eb", PASSWORD, PASSWORD, "can be shown"),
    ],
)
def test_mistakes_in_the_form_cost_no_try(
    opened: Opened, name: str, password: str, again: str, said: str
) -> None:
    port = opened()
    code = port.accounts.setup_codes.create()
    fields = {"code": code, "name": name, "password": password, "password_again": again}
    for _ in range(6):
        answer = port.browser().post("/setup", fields)
        assert (answer.status_code, said in answer.text) == (400, True)
    assert set_up(port.browser(), code).status_code == 303


def test_losing_the_database_of_users_asks_for_set_up_again(port: WebPort) -> None:
    path = port.state / "web.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    browser = port.session("ana")
    assert browser.get("/me").status_code == 200
    path.unlink()
    assert browser.get("/me").headers["location"] == "/setup"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\x00" + b"x" * 5000])
def test_a_damaged_database_of_users_opens_nothing_and_ends_nothing(
    port: WebPort, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    browser = port.session("ana")
    (port.state / "web.sqlite").write_bytes(content)
    assert browser.get("/me").status_code == 503
    assert "cannot be used" in caplog.text
    assert port.call(
        "POST", "/hooks/sonarr", headers={"X-Api-Key": TOKEN}, json={}
    ).status_code in (400, 503)
    (port.state / "web.sqlite").unlink()
    assert browser.get("/me").headers["location"] == "/setup"


# Sessions


def test_a_user_signs_in_and_goes_where_the_page_was(port: WebPort) -> None:
    browser = port.browser()
    away = browser.get("/queue")
    assert (away.status_code, away.headers["location"]) == (303, "/login?next=/queue")
    page = browser.get("/login?next=/queue")
    assert 'value="/queue"' in page.text
    answer = browser.post("/login", {"name": " ANA ", "password": PASSWORD, "next": "/queue"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")
    cookie = answer.headers["set-cookie"]
    assert re.search(r"^subtitled=[\w-]{43};", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert "ana" in browser.get("/me").text


@pytest.mark.parametrize(
    "target", ["https://evil", "//evil", "/\\evil", "evil", "javascript:alert(1)", "/a\r\nX: y", ""]
)
def test_no_address_leads_to_another_site_after_the_sign_in(port: WebPort, target: str) -> None:
    fields = {"name": "ana", "password": PASSWORD, "next": target}
    assert port.browser().post("/login", fields).headers["location"] == "/"
    assert "evil" not in port.browser().get("/login?next=https://evil").text


def test_the_cookie_of_before_is_worthless_after_the_sign_in(port: WebPort) -> None:
    browser = port.session("ana")
    before = browser.token
    assert sign_in(browser).status_code == 303
    assert browser.token != before
    assert Browser(port, before).get("/me").status_code == 303
    planted = Browser(port, "A" * 43)
    sign_in(planted)
    assert planted.token != "A" * 43


def test_signing_out_ends_the_session_on_the_server(port: WebPort) -> None:
    browser = port.session("ana")
    stolen = browser.token
    answer = browser.post("/logout", {})
    assert answer.headers["location"] == "/login"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert Browser(port, stolen).get("/me").status_code == 303


def test_a_new_password_ends_all_other_sessions(port: WebPort) -> None:
    here, there = port.session("ana"), port.session("ana")
    new = {"new_password": "another good password", "new_password_again": "another good password"}
    wrong = here.post("/me/password", {"password": "wrong", **new})
    assert (wrong.status_code, "old password is wrong" in wrong.text) == (403, True)
    assert there.get("/me").status_code == 200
    answer = here.post("/me/password", {"password": PASSWORD, **new})
    assert (answer.status_code, "The password is changed" in answer.text) == (200, True)
    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 303
    assert sign_in(port.browser()).status_code == 401
    assert sign_in(port.browser(), password="another good password").status_code == 303


def test_sessions_are_listed_and_ended_one_by_one(port: WebPort) -> None:
    here, there, third = (port.session("ana") for _ in range(3))
    page = here.get("/me").text
    assert page.count("test browser") == 3
    (chosen, _) = re.findall(r'name="session" value="([0-9a-f]{64})"', page)
    here.post("/me/sessions", {"session": chosen})
    assert sorted(one.get("/me").status_code for one in (there, third)) == [200, 303]
    here.post("/me/sessions", {"session": "others"})
    assert [one.get("/me").status_code for one in (here, there, third)] == [200, 303, 303]


def test_nobody_ends_the_session_of_somebody_else(port: WebPort) -> None:
    port.accounts.users.add("ben", PASSWORD, Role.VIEWER)
    ana, ben = port.session("ana"), port.session("ben")
    (session,) = port.accounts.sessions.list_of(port.accounts.users.get("ana").id)  # type: ignore[union-attr]
    ben.post("/me/sessions", {"session": session.id})
    assert ana.get("/me").status_code == 200


@pytest.mark.parametrize(("days", "uses"), [(7.1, 0), (31, 31)])
def test_a_session_ends_by_itself(
    port: WebPort, monkeypatch: pytest.MonkeyPatch, days: float, uses: int
) -> None:
    browser, begin, sessions = port.session("ana"), time.time(), port.parts.authenticator._sessions
    for day in range(1, uses):
        shift_clock(monkeypatch, sessions, lambda day=day: begin + day * 86400 - 60)
        assert browser.get("/me").status_code == (200 if day <= 30 else 303)
    shift_clock(monkeypatch, sessions, lambda: begin + days * 86400)
    assert browser.get("/me").status_code == 303


def test_a_user_who_is_removed_or_has_another_role_is_so_at_once(port: WebPort) -> None:
    ben = port.accounts.users.add("ben", PASSWORD, Role.VIEWER)
    browser = port.session("ben")
    assert "viewer" in browser.get("/me").text
    port.accounts.users.set_role(ben.id, Role.OPERATOR)
    assert "operator" in browser.get("/me").text
    port.accounts.users.remove(ben.id)
    assert browser.get("/me").status_code == 303


# Throttling


def test_after_five_wrong_passwords_each_try_waits_longer_from_wherever(
    port: WebPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [time.time()]
    shift_clock(monkeypatch, port.accounts.throttle, lambda: clock[0])

    def call(name: str, password: str, peer: str) -> Any:
        return port.call(
            "POST",
            "/login",
            peer=peer,
            data={"name": name, "password": password},
            headers={"Origin": HOST, "Accept": "text/html"},
        )

    for number in range(5):
        assert call("ana", "wrong", f"192.0.2.{number + 10}").status_code == 401
    for wait in (2, 4, 8, 16):
        refused = call("Ana", PASSWORD, f"198.51.100.{wait}")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, str(wait))
        clock[0] += wait + 0.1
        assert call("ana", "wrong", f"203.0.113.{wait}").status_code == 401
    port.accounts.users.add("ben", PASSWORD, Role.VIEWER)
    assert call("ben", PASSWORD, "192.0.2.200").status_code == 303, "others are not held up"
    clock[0] += 33
    assert call("ana", PASSWORD, "192.0.2.201").status_code == 303
    assert call("ana", "wrong", "192.0.2.202").status_code == 401, "success forgets the failures"


def test_one_address_that_tries_many_names_waits_too(
    port: WebPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle, clock = port.accounts.throttle, time.time()
    shift_clock(monkeypatch, throttle, lambda: clock)
    for number in range(5):
        assert throttle.begin_try(f"name{number}", "2001:db8::1") == 0
    assert throttle.begin_try("another", "2001:db8::ffff") == 2.0, "a network is one address"
    assert throttle.begin_try("another", "2001:db8:0:1::1") == 0
    for number in range(20):
        assert throttle.begin_try(f"shared{number}", None) == 0, "a proxy of all holds up nobody"


def test_waits_grow_to_five_minutes_and_are_forgotten_after_a_day(
    port: WebPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [wait_after(number) for number in (4, 5, 6, 7, 12, 13, 10**6)] == [
        0, 2, 4, 8, 256, 300, 300
    ]  # fmt: skip
    throttle, clock = port.accounts.throttle, [time.time()]
    shift_clock(monkeypatch, throttle, lambda: clock[0])
    for _ in range(5):
        throttle.begin_try("ana", None)
    assert throttle.begin_try("ana", None) > 0
    clock[0] += 86401
    assert throttle.begin_try("ana", None) == 0


def test_an_unknown_name_costs_as_much_as_a_known_one(
    port: WebPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[tuple[int, int, int]] = []
    scrypt = hashlib.scrypt

    def counted(*arguments: Any, **more: Any) -> bytes:
        costs.append((more["n"], more["r"], more["p"]))
        return scrypt(*arguments, **more)

    sign_in(port.browser(), name="warm up")
    monkeypatch.setattr(hashlib, "scrypt", counted)
    known = sign_in(port.browser(), password="wrong password")
    unknown = sign_in(port.browser(), name="nobody", password="wrong password")
    assert costs[0] == costs[1]
    assert len(costs) == 2
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace("ana", "X") == unknown.text.replace("nobody", "X")


def test_hashes_of_passwords_are_salted_and_no_other_password_fits() -> None:
    stored = hash_password(PASSWORD)
    assert stored != hash_password(PASSWORD)
    assert PASSWORD not in stored
    assert is_password(PASSWORD, stored)
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1]):
        assert not is_password(wrong, stored)
    for broken in ("", "scrypt", "scrypt$1,2$x$y", "md5$1,8,1$AAAA$AAAA", "$$$"):
        assert not is_password(PASSWORD, broken)


# Secrets


def test_no_secret_is_in_the_database_the_log_or_a_page(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    port = opened()
    code = port.accounts.setup_codes.create()
    browser = port.browser()
    set_up(browser, code)
    key = port.accounts.keys.add("bazarr", Role.OPERATOR, created_by="ana")
    port.call("GET", "/me", headers={"X-Api-Key": key})
    sign_in(port.browser(), name=PASSWORD, password="ana")  # typed into the wrong fields
    page = browser.get("/me").text
    stored = (port.state / "web.sqlite").read_bytes()
    logged = "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("subtitled")
    )
    assert "signed in" in logged
    for secret in (PASSWORD, code, key, browser.token, TOKEN):
        assert secret.encode() not in stored
        assert secret not in page
        assert secret not in logged
    assert browser.csrf_token.encode() not in stored


FOREIGN_SCRIPT = r'(?i)<script(?! src="/static/[\w.]+" defer[^<>]*></script>)'
"""A script in the page itself, or from anywhere but our static files."""


def test_names_full_of_markup_are_shown_as_text(port: WebPort) -> None:
    name = "<img src=x onerror=alert(1)>"
    user = port.accounts.users.add(name, PASSWORD, Role.VIEWER)
    token = port.accounts.sessions.create(user, PEER, "<script>alert(2)</script>\x1b[31m")
    page = Browser(port, token).get("/me").text
    assert "<img" not in page
    assert not re.search(FOREIGN_SCRIPT, page)
    assert "\x1b" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    failed = sign_in(port.browser(), name='"><script>alert(3)</script>', password="x" * 12)
    assert "<script" not in failed.text


def test_every_page_has_a_policy_without_unsafe_and_nothing_from_elsewhere(port: WebPort) -> None:
    browser = port.session("ana")
    for answer in (
        browser.get("/me"),
        port.browser().get("/login"),
        browser.get("/nothing"),
        port.browser().get("/static/style.css"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["referrer-policy"] == "same-origin"
        if "html" in answer.headers["content-type"]:
            assert "no-store" in answer.headers["cache-control"]
            assert not re.search(FOREIGN_SCRIPT, answer.text)
            assert not re.search(r"(?i)style=|\son\w+=|https?://|//[a-z]", answer.text)
