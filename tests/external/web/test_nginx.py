"""The port behind a real nginx: below a path, with TLS, and with the proxy's own sign-in."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from httpx_sse import connect_sse

from subtitled.config.load import load_config
from subtitled.daemon.health import HealthReport
from subtitled.jobcontext.services import open_database
from subtitled.web.auth.roles import Role
from subtitled.web.server import WebServer
from support.ports import find_free_port
from support.process_guard import killed_with_parent
from support.web_port import PASSWORD

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

PASS_ON = """
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Remote-User "";
    proxy_set_header Remote-Groups "";
"""
CONFIGURATION = """
{user} daemon off; pid {home}/nginx.pid; error_log {home}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;
  uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  server {{
    listen 127.0.0.1:{http};
    listen 127.0.0.1:{https} ssl;
    ssl_certificate {home}/cert.pem; ssl_certificate_key {home}/key.pem;
    location /kept/ {{ proxy_pass {kept}; {pass_on} }}
    location /cut/ {{ proxy_pass {cut}/; {pass_on} }}
    location /plain/ {{ proxy_pass {plain}; }}
    location /sso/ {{
      auth_basic "the proxy's own"; auth_basic_user_file {home}/users;
      proxy_pass {sso}; {pass_on}
      proxy_set_header Remote-User $remote_user; proxy_set_header Remote-Groups "family";
    }}
  }}
}}
"""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], httpx.Client]]:
    """Return clients of nginx: ``proxied("http")`` and ``proxied("https")``."""
    home = tmp_path_factory.mktemp("nginx")
    webs: list[WebServer] = []

    def web(base: str, **proxy: Any) -> str:
        section = {"port": find_free_port(), "base_path": base, "proxy": proxy}
        configuration = load_config(
            None,
            overrides={"daemon": {"state_dir": str(home / f"state{base}")}, "web": section},
        )
        db = open_database(configuration)
        webs.append(WebServer(configuration, db, lambda: HealthReport(True, ()), {}))
        webs[-1].start()
        webs[-1]._accounts.users.add("ana", PASSWORD, Role.ADMIN)  # type: ignore[union-attr]
        return f"http://127.0.0.1:{webs[-1].port}"

    named = {"trusted": ["127.0.0.1"]}
    signed_in = {"user_header": "Remote-User", "groups_header": "Remote-Groups"}
    certificate = [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
        *("-subj", "/CN=localhost", "-keyout", home / "key.pem", "-out", home / "cert.pem"),
    ]
    subprocess.run(certificate, check=True, capture_output=True)
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", "secret"], check=True, capture_output=True, text=True
    )
    (home / "users").write_text(f"ben:{hashed.stdout.strip()}\n")
    ports = {"http": find_free_port(), "https": find_free_port()}
    (home / "nginx.conf").write_text(
        CONFIGURATION.format(
            home=home,
            user="user root;" if os.geteuid() == 0 else "",
            kept=web("/kept", **named),
            cut=web("/cut", **named),
            plain=web("/plain"),
            sso=web("/sso", **named, **signed_in, roles={"family": "viewer"}),
            pass_on=PASS_ON,
            **ports,
        )
    )
    command = [NGINX, "-c", home / "nginx.conf", "-p", home]
    nginx = subprocess.Popen(
        list(map(str, command)), stderr=subprocess.DEVNULL, preexec_fn=killed_with_parent
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", ports["http"])) == 0:
                    break
            time.sleep(0.05)
        yield lambda scheme: httpx.Client(
            base_url=f"{scheme}://localhost:{ports[scheme]}",
            verify=False,
            headers={"Accept": "text/html"},
        )
    finally:
        nginx.terminate()
        nginx.wait()
        for one in webs:
            one.stop()
            one.db.close()


def sign_in(client: httpx.Client, base: str) -> httpx.Response:
    fields = {"name": "ana", "password": PASSWORD}
    origin = {"Origin": str(client.base_url).rstrip("/")}
    return client.post(f"{base}/login", data=fields, headers=origin)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("base", ["/kept", "/cut"])
def test_a_user_signs_in_and_out_below_a_path(
    proxied: Callable[[str], httpx.Client], base: str, scheme: str
) -> None:
    with proxied(scheme) as client:
        away = client.get(f"{base}/me")
        assert (away.status_code, away.headers["location"]) == (303, f"{base}/login?next=/me")
        page = client.get(away.headers["location"])
        assert f'action="{base}/login"' in page.text
        assert client.get(f"{base}/static/style.css").status_code == 200
        answer = sign_in(client, base)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{base}/")
        cookie = answer.headers["set-cookie"]
        assert ("Secure" in cookie) is (scheme == "https")
        assert f"Path={base};" in cookie
        me = client.get(f"{base}/me")
        token = me.text.split('name="csrf_token" value="')[1].split('"')[0]
        origin = {"Origin": str(client.base_url).rstrip("/")}
        forged = client.post(f"{base}/logout", data={"csrf_token": token})
        assert forged.status_code == 403
        out = client.post(f"{base}/logout", data={"csrf_token": token}, headers=origin)
        assert out.headers["location"] == f"{base}/login"
        assert client.get(f"{base}/me").status_code == 303


def test_the_proxy_signs_in_and_what_callers_write_is_removed(
    proxied: Callable[[str], httpx.Client],
) -> None:
    with proxied("http") as client:
        assert client.get("/sso/me").status_code == 401
        forged = {"Remote-User": "ana", "Remote-Groups": "admins"}
        page = client.get("/sso/me", auth=("ben", "secret"), headers=forged)
        assert page.status_code == 200
        assert "ben" in page.text
        assert "viewer" in page.text
        assert client.get("/kept/me", headers=forged).status_code == 303


def test_behind_a_proxy_that_nobody_named_the_cure_is_told(
    proxied: Callable[[str], httpx.Client],
) -> None:
    with proxied("http") as client:
        answer = sign_in(client, "/plain")
        assert answer.status_code == 403
        assert "web.proxy.trusted" in answer.text


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("base", ["/kept", "/cut"])
def test_the_api_and_its_events_pass_at_once(
    proxied: Callable[[str], httpx.Client], base: str, scheme: str
) -> None:
    with proxied(scheme) as client:
        sign_in(client, base)
        page = client.get(f"{base}/api/v1/history?limit=1").json()
        last = {"Last-Event-ID": str(page["items"][0]["id"])}
        with connect_sse(
            client, "GET", f"{base}/api/v1/events", headers=last, timeout=20
        ) as source:
            with proxied(scheme) as other:
                sign_in(other, base)
            began = time.monotonic()
            event = next(event for event in source.iter_sse() if event.data)
            assert time.monotonic() - began < 5
            assert json.loads(event.data)["event"] == "signed-in"
