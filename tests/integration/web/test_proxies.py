"""Proxies, hosts and base paths: what is believed of whom."""

from __future__ import annotations

import logging
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers

from subtitled.config.load import ConfigurationError, load_config
from subtitled.plugin import SetupError
from subtitled.web.auth.csrf import find_foreign_origin
from subtitled.web.auth.proxies import Proxies
from subtitled.web.auth.roles import Role
from subtitled.web.hosts import AllowedHosts, split_host
from subtitled.web.unix_socket import open_unix_socket
from support.web_port import HOST, PASSWORD, TOKEN, WebPort

PROXY = {
    "trusted": ["127.0.0.1", "10.0.3.0/24"],
    "user_header": "Remote-User",
    "groups_header": "Remote-Groups",
    "roles": {"admins": "admin", "family": "viewer"},
}
ANA = {"Remote-User": "ana", "Remote-Groups": "family,admins"}


def test_a_named_proxy_vouches_for_a_user_with_the_role_of_the_group(
    opened: Callable[..., WebPort],
) -> None:
    port = opened(proxy=PROXY)
    page = port.call("GET", "/me", peer="127.0.0.1", headers=ANA)
    assert page.status_code == 200
    assert "ana" in page.text
    assert "admin" in page.text
    family = {"Remote-User": "ben", "Remote-Groups": "family"}
    assert "viewer" in port.call("GET", "/me", peer="10.0.3.9", headers=family).text
    for groups in ("strangers", "", "Admins"):
        nobody = {"Remote-User": "eve", "Remote-Groups": groups}
        assert port.call("GET", "/me", peer="127.0.0.1", headers=nobody).status_code == 401


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.4.1", "::1", "127.0.0.2", None])
def test_from_anybody_else_these_headers_change_nothing(
    opened: Callable[..., WebPort], peer: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    port = opened(proxy=PROXY)
    forged = ANA | {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}
    for _ in range(3):
        assert port.call("GET", "/me", peer=peer, headers=forged).status_code == 401
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "web.proxy.trusted" in warnings[0].getMessage()


def test_without_a_named_proxy_the_loopback_address_is_not_believed(
    opened: Callable[..., WebPort],
) -> None:
    port = opened()
    for peer in ("127.0.0.1", "::1"):
        assert port.call("GET", "/me", peer=peer, headers=ANA).status_code == 401


def test_two_names_of_a_user_are_no_name(opened: Callable[..., WebPort]) -> None:
    port = opened(proxy=PROXY)
    twice = [("Remote-User", "ana"), ("Remote-User", "eve"), ("Remote-Groups", "admins")]
    assert port.call("GET", "/me", peer="127.0.0.1", headers=twice).status_code == 401


def test_a_user_behind_a_proxy_needs_the_token_of_the_page_too(
    opened: Callable[..., WebPort],
) -> None:
    port = opened(proxy=PROXY, hosts=["media.example.org"])
    passed_on = ANA | {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "media.example.org"}
    page = port.call("GET", "/me", peer="127.0.0.1", headers=passed_on).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    own = {"Origin": "https://media.example.org"}
    for headers, fields, status in (
        (passed_on | own, {"csrf_token": token}, 303),
        (passed_on | own, {"csrf_token": "0" * 64}, 403),
        (passed_on | own, {}, 403),
        (passed_on, {"csrf_token": token}, 403),
        (passed_on | {"Origin": "https://evil.example"}, {"csrf_token": token}, 403),
        (passed_on | {"Origin": "http://media.example.org"}, {"csrf_token": token}, 403),
    ):
        sent = port.call("POST", "/logout", peer="127.0.0.1", headers=headers, data=fields)
        assert sent.status_code == status, (headers, fields)
    other = passed_on | own | {"Remote-User": "ben"}
    sent = port.call("POST", "/logout", peer="127.0.0.1", headers=other, data={"csrf_token": token})
    assert sent.status_code == 403, "the token of another user"


@pytest.mark.parametrize(
    ("forwarded", "address", "is_shared"),
    [
        (["203.0.113.5"], "203.0.113.5", False),
        (["1.2.3.4, 203.0.113.5"], "203.0.113.5", False),
        (["1.2.3.4", "203.0.113.5, 10.0.3.7"], "203.0.113.5", False),
        (["127.0.0.1, 203.0.113.5"], "203.0.113.5", False),
        (["[2001:db8::5]:4711, 10.0.3.7"], "2001:db8::5", False),
        (["203.0.113.5:4711"], "203.0.113.5", False),
        (["1.2.3.4, unknown"], "127.0.0.1", True),
        (["1.2.3.4, <script>"], "127.0.0.1", True),
        (["10.0.3.7"], "127.0.0.1", True),
        ([], "127.0.0.1", True),
    ],
)
def test_the_rightmost_hop_that_is_not_named_is_the_caller(
    forwarded: list[str], address: str, is_shared: bool
) -> None:
    proxies = Proxies(["127.0.0.1", "10.0.3.0/24"], None, None, {})
    scope = {
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "headers": [(b"host", b"h")] + [(b"x-forwarded-for", one.encode()) for one in forwarded],
    }
    peer = proxies.peer_of(scope)
    assert (peer.address, peer.is_shared) == (address, is_shared)


def test_https_in_front_makes_the_cookie_secure(opened: Callable[..., WebPort]) -> None:
    for base, name in (("", "__Host-subtitled"), ("/subs", "__Secure-subtitled")):
        port = opened(proxy={"trusted": ["127.0.0.1"]}, hosts=["tv.example"], base_path=base)
        if not port.accounts.users.exist():
            port.accounts.users.add("ana", PASSWORD, Role.ADMIN)
        sent = port.call(
            "POST",
            f"{base}/login",
            peer="127.0.0.1",
            data={"name": "ana", "password": PASSWORD},
            headers={
                "Origin": "https://tv.example",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-For": "203.0.113.5",
                "Host": "tv.example",
            },
        )
        assert (sent.status_code, sent.headers["location"]) == (303, f"{base}/")
        cookie = sent.headers["set-cookie"]
        assert cookie.startswith(f"{name}=")
        assert "Secure" in cookie
        assert f"Path={base or '/'};" in cookie
        (session, *_) = port.accounts.sessions.list_of(1)
        assert session.address == "203.0.113.5"


@pytest.mark.parametrize("is_stripped", [True, False])
def test_below_a_base_path_all_links_have_it(
    opened: Callable[..., WebPort], is_stripped: bool
) -> None:
    port = opened(base_path="/subs/")
    port.accounts.users.add("ana", PASSWORD, Role.ADMIN)
    prefix = "" if is_stripped else "/subs"
    page = {"Accept": "text/html"}
    away = port.call("GET", f"{prefix}/me", headers=page)
    assert away.headers["location"] == "/subs/login?next=/me"
    login = port.call("GET", f"{prefix}/login", headers=page)
    assert 'action="/subs/login"' in login.text
    assert 'href="/subs/static/style.css"' in login.text
    assert port.call("GET", f"{prefix}/static/style.css").status_code == 200
    assert port.call("GET", f"{prefix}/health", headers={"X-Api-Key": TOKEN}).status_code == 200
    assert port.call("GET", "/subsystem/me").status_code == 401


# Hosts


@pytest.mark.parametrize("path", ["/me", "/login", "/metrics", "/hooks/generic", "/nothing"])
def test_a_foreign_host_is_refused_whoever_calls(opened: Callable[..., WebPort], path: str) -> None:
    port = opened()
    port.accounts.users.add("ana", PASSWORD, Role.ADMIN)
    cookie = {"Cookie": f"subtitled={port.session('ana').token}"}
    for headers in ({}, cookie, {"X-Api-Key": TOKEN}):
        for host in ("evil.example", "evil.example:8085", "localhost.evil.example", ""):
            answer = port.call("GET", path, headers=headers | {"Host": host})
            assert answer.status_code == 421
            assert "web.hosts" in answer.text
    assert port.call("GET", "/health", headers={"Host": "evil.example"}).status_code == 200


def test_a_page_that_rebinds_its_name_reads_nothing_of_a_port_without_a_token(
    tmp_path: Path,
) -> None:
    port = WebPort(tmp_path / "state", token=None)
    local = {"peer": "127.0.0.1", "host": "http://127.0.0.1:8085"}
    assert port.call("GET", "/metrics", **local).text == "files 3\n"
    assert port.call("GET", "/health", **local).json()["problems"] == ["a problem"]
    evil = {"Host": "evil.example:8085"}
    assert port.call("GET", "/metrics", headers=evil, **local).status_code == 421
    assert "problems" not in port.call("GET", "/health", headers=evil, **local).json()
    page = {"Sec-Fetch-Site": "same-origin"}
    assert port.call("GET", "/metrics", headers=page, **local).status_code == 401
    assert port.call("GET", "/me", **local).status_code == 401
    port.close()


def test_a_named_proxy_on_this_machine_is_no_local_program(tmp_path: Path) -> None:
    port = WebPort(tmp_path / "state", token=None, proxy={"trusted": ["127.0.0.1"]})
    assert port.call("GET", "/metrics", peer="127.0.0.1").status_code == 401
    port.close()


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("localhost", True),
        ("LOCALHOST:8085", True),
        ("127.0.0.1:8085", True),
        ("[::1]:8085", True),
        ("[fe80::1]", True),
        ("nas", True),
        ("subtitled:8085", True),  # the name of a container
        ("nas.local:8085", True),
        ("nas.home.arpa.", True),
        ("tv.example", True),
        ("evil.example", False),
        ("nas.evil.example", False),
        ("tv.example.evil", False),
        ("127.0.0.1.evil.example", False),
        ("tv.example@evil", False),
        ("tv.example:80:80", False),
        ("tv.example:x", False),
        ("tv.example:0", False),
        ("[::1", False),
        ("[evil]", False),
        ("tv.example/evil", False),
        ("tv.example\x00", False),
        ("tv.exämple", False),
        ("", False),
        ("a" * 300, False),
    ],
)
def test_hosts_are_addresses_own_names_and_those_of_the_configuration(
    host: str, is_allowed: bool
) -> None:
    assert AllowedHosts(["TV.example"], machine="nas.home.arpa").allows(host) is is_allowed


def test_host_and_port_are_split() -> None:
    assert split_host("[2001:db8::1]:99") == ("[2001:db8::1]", 99)
    assert split_host("Nas.Local.") == ("nas.local", None)


@pytest.mark.parametrize(
    ("origin", "scheme", "host", "is_own"),
    [
        ("http://nas:8085", "http", "nas:8085", True),
        ("http://nas", "http", "nas", True),
        ("https://nas", "http", "nas", True),  # a proxy that is not named ended TLS
        ("https://nas", "https", "nas:443", True),
        ("http://[::1]:8085", "http", "[::1]:8085", True),
        ("http://nas", "https", "nas", False),
        ("http://nas:8086", "http", "nas:8085", False),
        ("http://nas.evil:8085", "http", "nas:8085", False),
        ("http://nas@evil:8085", "http", "nas:8085", False),
        ("null", "http", "nas:8085", False),
        ("", "http", "nas:8085", False),
        ("http://nas:8085/", "http", "nas:8085", False),
        ("ftp://nas:8085", "http", "nas:8085", False),
        ("http://nas:x", "http", "nas:8085", False),
    ],
)
def test_origins(origin: str, scheme: str, host: str, is_own: bool) -> None:
    headers = Headers({"Origin": origin})
    assert (find_foreign_origin(headers, scheme, host) is None) is is_own


# The socket


def test_a_unix_socket_is_for_owner_and_group_and_replaces_what_was_left_behind(
    tmp_path: Path,
) -> None:
    path = tmp_path / "web.sock"
    with open_unix_socket(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with pytest.raises(SetupError, match="another process listens"):
            open_unix_socket(path)
    with open_unix_socket(path) as again, socket.socket(socket.AF_UNIX) as caller:
        caller.connect(os.fspath(path))
        again.accept()[0].close()
    path.unlink()
    path.write_text("a file")
    with pytest.raises(SetupError, match="is no socket"):
        open_unix_socket(path)
    with pytest.raises(SetupError, match="folder that exists"):
        open_unix_socket(tmp_path / "gone" / "web.sock")


def test_callers_of_the_socket_are_named_as_unix(opened: Callable[..., WebPort]) -> None:
    port = opened(address="unix:/run/x.sock", proxy=PROXY | {"trusted": ["unix"]})
    assert port.call("GET", "/me", peer=None, headers=ANA).status_code == 200
    assert port.call("GET", "/me", peer="127.0.0.1", headers=ANA).status_code == 401


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"proxy": {"trusted": ["0.0.0.0/0"]}}, "anybody could sign in"),
        ({"proxy": {"trusted": ["proxy.local"]}}, "no address or network"),
        ({"proxy": {"user_header": "Remote-User"}}, "set web.proxy.trusted"),
        ({"proxy": {"trusted": ["::1"], "user_header": "A: b"}}, "letters, digits and dashes"),
        ({"proxy": {"roles": {"a": "root"}}}, "web.proxy.roles"),
        ({"hosts": ["https://tv.example/"]}, "is no name"),
        ({"base_path": "subs"}, "a path from the root"),
        ({"base_path": "/a/../b"}, "a path from the root"),
        ({"address": "unix:web.sock"}, "the path of the socket from the root"),
    ],
)
def test_mistakes_are_said_with_the_cure(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        load_config(None, overrides={"web": section})
    assert said in str(wrong.value)


def test_the_host_of_this_test_is_an_address() -> None:
    assert AllowedHosts((), machine="").allows(HOST.removeprefix("http://"))
