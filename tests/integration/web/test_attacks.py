"""What a hostile page, caller or user tries beside the rights of each route."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from subtitled.plugin import SetupError
from subtitled.web.auth.roles import Role, Scope
from support.web_port import HOST, PASSWORD, TOKEN, Browser, WebPort

pytestmark = pytest.mark.usefixtures("cheap_hashes")
API = "/api/v1"
OWN = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def port(opened: Callable[..., WebPort]) -> WebPort:
    made = opened()
    made.add_users()
    return made


def me(port: WebPort, cookie: str) -> int:
    return port.call("GET", "/me", headers={"Cookie": cookie}).status_code


# Cookies


def test_cookies_of_other_programs_on_the_host_keep_nobody_out(port: WebPort) -> None:
    token = port.session("viewer").token
    for cookies in (
        'prefs={"a": 1, "b": [2]}; subtitled=TOKEN',
        "subtitled=TOKEN; =; ;; x",
        'a="b;c\\"; subtitled=TOKEN',
        "SUBTITLED=x; subtitled=TOKEN; subtitled2=y",
        "a=" + "b" * 20_000 + "; subtitled=TOKEN",
        "$Version=1; subtitled=TOKEN; $Path=/",
        " subtitled = TOKEN ",
    ):
        assert me(port, cookies.replace("TOKEN", token)) == 200, cookies


def test_a_second_cookie_of_our_name_is_no_one_else_s_session(port: WebPort) -> None:
    stale = port.session("viewer").token
    port.accounts.sessions.end_all(kept_session="")
    viewer, admin = port.session("viewer").token, port.session("admin").token
    for planted in (stale, "A" * 43, "", "x" * 5000):
        for both in (f"{planted}; subtitled={viewer}", f"{viewer}; subtitled={planted}"):
            assert me(port, f"subtitled={both}") == 200
    assert me(port, f"subtitled={viewer}; subtitled={viewer}") == 200
    assert me(port, f"subtitled={viewer}; subtitled={admin}") == 401
    assert me(port, f"subtitled={admin}; subtitled={viewer}") == 401
    many = "; ".join(f"subtitled={number}" for number in range(500))
    assert me(port, f"{many}; subtitled={viewer}") == 401


# Other pages


FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": f"{HOST}0"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


def test_another_page_reads_nothing_of_the_api_with_a_cookie(port: WebPort) -> None:
    cookie = {"Cookie": f"subtitled={port.session('admin').token}"}
    key = {"X-Api-Key": port.accounts.keys.add("a key", Role.VIEWER, created_by="a test")}
    for path, foreign in itertools.product(("/status", "/files", "/events?after=x"), FOREIGN):
        refused = port.call("GET", API + path, headers=cookie | foreign)
        assert refused.status_code == 403
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"].endswith(":foreign-page")
    assert port.call("GET", f"{API}/status", headers=cookie | OWN).status_code == 200
    assert port.call("GET", f"{API}/status", headers=cookie).status_code == 200
    for foreign in FOREIGN:
        assert port.call("GET", f"{API}/status", headers=key | foreign).status_code == 200
        page = port.call("GET", "/me", headers=cookie | foreign)
        assert page.status_code == 200, "a link to a page"


def test_a_password_that_a_browser_keeps_sends_no_webhook_for_another_page(port: WebPort) -> None:
    scoped = port.accounts.keys.add("sonarr", [Scope.WEBHOOKS], created_by="a test")
    for secret in (TOKEN, scoped):
        for page in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, OWN):
            refused = _send_hook(port, page, auth=("sonarr", secret))
            assert refused.status_code == 403, page
        assert _send_hook(port, {}, auth=("sonarr", secret)).status_code == 200
        bearer = {"Authorization": f"Bearer {secret}", "Origin": "https://evil.example"}
        assert _send_hook(port, bearer).status_code == 200, "no browser sends it by itself"


def _send_hook(port: WebPort, headers: dict[str, str], **more: Any) -> Any:
    body = {"eventType": "Test"}
    return port.call("POST", "/hooks/sonarr", headers=headers, json=body, **more)


def test_the_api_leads_nobody_to_a_page(opened: Callable[..., WebPort]) -> None:
    port = opened()

    def ask() -> None:
        for path in ("/status", "/files/1", "/nothing", "/openapi.json"):
            answer = port.call("GET", API + path, headers={"Accept": "text/html,*/*"})
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["hint"]

    ask()
    port.accounts.users.add("ana", PASSWORD, Role.ADMIN)
    ask()


def test_users_that_cannot_be_read_are_a_problem_with_a_hint(port: WebPort) -> None:
    cookie = {"Cookie": f"subtitled={port.session('viewer').token}"}
    (port.state / "web.sqlite").write_bytes(b"no database" * 500)
    answer = port.call("GET", f"{API}/files", headers=cookie)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"]


# Users


def test_one_code_makes_one_admin_however_often_it_is_given_at_once(
    opened: Callable[..., WebPort],
) -> None:
    port = opened()
    code = port.accounts.setup_codes.create()
    barrier = threading.Barrier(4)

    def set_up(number: int) -> str:
        barrier.wait()
        twice = {"password": PASSWORD, "password_again": PASSWORD}
        fields = {"code": code, "name": f"user{number}", **twice}
        return str(port.browser().post("/setup", fields).status_code)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(set_up, range(4)))
    assert len(port.accounts.users.list_all()) == 1
    assert answers.count("303") >= 1


def test_only_forms_as_pages_send_them_are_read(port: WebPort) -> None:
    admin = port.session("admin")
    own = OWN | {"Cookie": f"subtitled={admin.token}", "X-CSRF-Token": admin.csrf_token}
    names = ("name", "password", "action", "user", "code")
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n\\ud800+2AA-\r\n'
        for name in names
    )
    for path, charset in itertools.product(
        ("/login", "/setup", "/users", "/me/password", "/files/actions"),
        ("unicode_escape", "utf-7", "utf-16", "utf-8"),
    ):
        kind = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
        answer = port.call("POST", path, content=f"{parts}--x--\r\n", headers=own | kind)
        # The set-up leads to the sign-in, whatever is sent, as there are users.
        assert answer.status_code == (303 if path == "/setup" else 415), (path, charset)


def test_a_user_of_any_name_signs_in_in_any_case(port: WebPort) -> None:
    for name in (
        "Zoë",
        "ΣΊΣΥΦΟΣ",
        "张伟",
        "ﬁona",
        "Straße",
        "İpek",
        "e\u0301ve",
        "o'; DROP TABLE--",
    ):
        user = port.accounts.users.add(name, PASSWORD, Role.VIEWER)
        for typed in (name, user.name.upper(), f" {name.lower()} "):
            answer = port.browser().post("/login", {"name": typed, "password": PASSWORD})
            assert answer.status_code == 303, typed
        assert len(port.accounts.sessions.list_of(user.id)) == 3
        with pytest.raises(ValueError, match="already"):
            port.accounts.users.add(name.swapcase(), PASSWORD, Role.ADMIN)


def test_a_name_that_cannot_be_shown_is_no_user(port: WebPort) -> None:
    for name in ("a\0b", "\ud800", "a\nb", "\u200b", "\u2028", "", "a" * 65):
        with pytest.raises(ValueError, match="can be shown"):
            port.accounts.users.add(name, PASSWORD, Role.VIEWER)


def test_twenty_simultaneous_sign_ins_have_a_session_each_or_are_told_to_wait(
    port: WebPort,
) -> None:
    barrier = threading.Barrier(20)

    def sign_in(number: int) -> tuple[int, str]:
        browser = port.browser()
        barrier.wait()
        peer = f"192.0.2.{number + 20}"
        fields = {"name": "viewer", "password": PASSWORD}
        answer = port.call("POST", "/login", peer=peer, data=fields, headers=OWN)
        browser._keep(answer)
        return answer.status_code, browser.token

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(sign_in, range(20)))
    signed_in = [token for status, token in answers if status == 303]
    assert {status for status, _ in answers} <= {303, 429}
    assert len(set(signed_in)) == len(signed_in) >= 5
    assert {Browser(port, token).get("/me").status_code for token in signed_in} == {200}


def test_no_admin_of_some_libraries_reaches_what_is_about_all(port: WebPort) -> None:
    port.accounts.users.add("studio", PASSWORD, Role.ADMIN, ["films"])
    studio = port.session("studio")
    page = studio.get("/")
    assert page.status_code == 200
    assert 'href="/users"' not in page.text
    for path in ("/users", "/settings", f"{API}/configuration"):
        assert studio.get(path).status_code == 403
    new = {"action": "add-key", "name": "all", "grant": "admin", "days": "0"}
    assert studio.post("/users", new).status_code == 403
    assert port.accounts.keys.list_all() == []
    key = port.accounts.keys.add("bound", Role.ADMIN, created_by="a", libraries=["films"])
    assert port.call("GET", "/users", headers={"X-Api-Key": key}).status_code == 403


def test_the_last_admin_stays_an_admin_of_everything(port: WebPort) -> None:
    users = port.accounts.users
    users.add("studio", PASSWORD, Role.ADMIN, ["films"])
    admin = users.get("admin")
    assert admin is not None
    browser = port.session("admin")
    for change in (
        {"action": "remove-user", "user": "admin"},
        {"action": "role", "user": "admin", "role": "viewer"},
    ):
        answer = browser.post("/users", change)
        assert answer.status_code == 400
        assert "no admin would be left" in answer.text.lower()
    assert browser.get("/users").status_code == 200
    assert browser.post("/users", {"action": "remove-user", "user": "studio"}).status_code == 200


def test_two_admins_who_remove_each_other_at_once_leave_one(port: WebPort) -> None:
    users = port.accounts.users
    for name in ("viewer", "reviewer", "operator"):
        user = users.get(name)
        assert user is not None
        users.remove(user.id)
    admins = [users.get("admin"), users.add("second", PASSWORD, Role.ADMIN)]
    barrier = threading.Barrier(2)

    def remove(number: int) -> bool:
        user = admins[number]
        assert user is not None
        barrier.wait()
        try:
            users.remove(user.id)
        except SetupError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, range(2))) == [False, True]
    assert len(users.list_all()) == 1


def test_an_admin_who_removes_the_own_account_is_out_at_once(port: WebPort) -> None:
    port.accounts.users.add("second", PASSWORD, Role.ADMIN)
    here, there = port.session("admin"), port.session("admin")
    assert here.post("/users", {"action": "remove-user", "user": "admin"}).status_code == 200
    assert {here.get("/me").status_code, there.get("/me").status_code} == {303}
    again = port.accounts.users.add("admin", PASSWORD, Role.VIEWER)
    assert here.get("/me").status_code == 303, "an old session is not that of the new user"
    assert port.accounts.sessions.list_of(again.id) == []


def test_a_role_that_is_taken_away_opens_nothing_from_the_next_request_on(port: WebPort) -> None:
    port.accounts.users.add("second", PASSWORD, Role.ADMIN)
    browser = port.session("admin")
    admin = port.accounts.users.get("admin")
    assert admin is not None
    port.accounts.users.set_role(admin.id, Role.VIEWER)
    assert browser.get("/users").status_code == 403
    give_back = {"action": "role", "user": "admin", "role": "admin"}
    assert browser.post("/users", give_back).status_code == 403
    assert port.accounts.users.get("admin").role is Role.VIEWER  # type: ignore[union-attr]


def test_one_caller_learns_nothing_by_the_idempotency_key_of_another(port: WebPort) -> None:
    keyed = {"Idempotency-Key": "night-1", "Content-Type": "application/json"}
    answers = []
    for name in ("operator", "admin"):
        browser = port.session(name)
        headers = OWN | keyed | {
            "Cookie": f"subtitled={browser.token}",
            "X-CSRF-Token": browser.csrf_token,
        }  # fmt: skip
        body = f'{{"library": "{"films" if name == "admin" else "series"}"}}'
        answers.append(port.call("POST", f"{API}/pauses", headers=headers, content=body))
    same_name = port.accounts.keys.add("admin", Role.ADMIN, created_by="a test")
    keyed["X-Api-Key"] = same_name
    answers.append(port.call("POST", f"{API}/pauses", headers=keyed, content="{}"))
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert not any("idempotency-replayed" in answer.headers for answer in answers)


def test_a_name_behind_a_proxy_may_have_any_letters(opened: Callable[..., WebPort]) -> None:
    proxy = {"trusted": ["127.0.0.1"], "user_header": "Remote-User",
             "groups_header": "Remote-Groups", "roles": {"Büro": "operator"}}  # fmt: skip
    port = opened(proxy=proxy)
    port.accounts.users.add("Àna", PASSWORD, Role.VIEWER)

    def ask(user: bytes, groups: bytes = b"") -> Any:
        headers = [(b"Remote-User", user), (b"Remote-Groups", groups), (b"Accept", b"text/html")]
        return port.call("GET", "/me", peer="127.0.0.1", headers=headers)

    assert "Àna" in ask("Àna".encode()).text
    assert "operator" in ask("张伟".encode(), "Büro;x".encode()).text
    assert ask(b"\xc0na", b"B\xfcro").status_code == 200, "latin-1, as of old"
    for no_name in (b"a" * 256, "a\u202eb".encode(), b" "):
        assert ask(no_name, "Büro".encode()).status_code == 303


def test_failures_behind_a_proxy_count_for_the_caller_and_hold_up_no_other(
    opened: Callable[..., WebPort], caplog: pytest.LogCaptureFixture
) -> None:
    port = opened(proxy={"trusted": ["127.0.0.1"]})
    port.accounts.users.add("ana", PASSWORD, Role.VIEWER)

    def sign_in(forwarded: str, name: str, password: str) -> int:
        headers = OWN | {"X-Forwarded-For": forwarded}
        fields = {"name": name, "password": password}
        answer = port.call("POST", "/login", peer="127.0.0.1", data=fields, headers=headers)
        return answer.status_code

    for number in range(5):
        assert sign_in(f"192.0.2.{number}, 203.0.113.5", f"name{number}", "wrong") == 401
    assert sign_in("192.0.2.99, 203.0.113.5", "ana", PASSWORD) == 429, "the rightmost hop counts"
    assert sign_in("203.0.113.5, 203.0.113.6", "ana", PASSWORD) == 303
    assert "from 203.0.113.5" in caplog.text
    assert "192.0.2." not in caplog.text
    (session,) = port.accounts.sessions.list_of(port.accounts.users.get("ana").id)  # type: ignore[union-attr]
    assert session.address == "203.0.113.6"


def test_no_spelling_of_the_base_path_leads_past_the_wall(opened: Callable[..., WebPort]) -> None:
    port = opened(base_path="/subs")
    port.add_users()
    cookie = {"Cookie": f"subtitled={port.session('viewer').token}"}
    for path in ("/subs/me", "/me"):
        assert port.call("GET", path).status_code == 401
        assert port.call("GET", path, headers=cookie).status_code == 200
        assert (
            port.call("GET", f"{path.removesuffix('/me')}/users", headers=cookie).status_code == 403
        )
    for path in (
        "/subs/subs/me",
        "/subsme",
        "/subs//me",
        "/SUBS/me",
        "/subs%2fme/",
        "/subs/%2e%2e/me/",
        "/subs/static/%2e%2e/me",
        "/subs/health/%2e%2e/users",
        "/%2e%2e/subs/users",
        "/subs;x/users",
        "/subs\\users",
    ):
        assert port.call("GET", path).status_code in (401, 404), path
        assert port.call("GET", path, headers=cookie).status_code == 404, path
