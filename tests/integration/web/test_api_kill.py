"""The real daemon is killed between an answer and its event: who resumes misses nothing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse

from subtitled.web.auth.accounts import Accounts
from subtitled.web.auth.roles import Role

from .test_kill import Daemon


@pytest.fixture
def daemon(home: Path) -> Iterator[Daemon]:
    created = Daemon(home)
    yield created
    if created.process is not None and created.process.poll() is None:
        created.kill()


@contextlib.contextmanager
def events_after(client: httpx.Client, number: int) -> Iterator[Iterator[ServerSentEvent]]:
    headers = {"Last-Event-ID": str(number)}
    with connect_sse(client, "GET", "/events", headers=headers, timeout=60) as source:
        yield (event for event in source.iter_sse() if event.data)


@pytest.mark.slow
def test_what_was_answered_before_kill_9_is_told_to_who_resumes(daemon: Daemon) -> None:
    film = daemon.films / "a.mkv"
    film.write_bytes(b"no film")
    daemon.start()
    daemon.wait_until(lambda: daemon.rows("SELECT id FROM files WHERE state = 'failed'"))
    accounts = Accounts(daemon.state)
    key = accounts.keys.add("steering", Role.OPERATOR, created_by="a test")
    accounts.close()
    base = f"http://127.0.0.1:{daemon.port}/api/v1"
    with httpx.Client(base_url=base, headers={"X-Api-Key": key}, timeout=20) as client:
        (file,) = client.get("/files").json()["items"]
        act = f"/files/{file['id']}/actions"
        (last,) = daemon.rows("SELECT max(id) FROM history")[0]
        assert isinstance(last, int)
        with events_after(client, last) as events:
            assert client.post(act, json={"action": "retry"}).status_code == 202
            seen = next(event for event in events if json.loads(event.data)["actor"] == "steering")
        keyed = {"Idempotency-Key": "once"}
        assert client.post("/pauses", json={"library": "films"}, headers=keyed).status_code == 202
        assert client.post(act, json={"action": "first"}).status_code == 202
        daemon.kill()
        daemon.start()
        told = []
        with events_after(client, int(seen.id)) as events:
            for event in events:
                entry = json.loads(event.data)
                told.append(int(event.id))
                if entry["actor"] == "steering" and entry["reason"] == "prioritise":
                    break
        stored = [row[0] for row in daemon.rows("SELECT id FROM history ORDER BY id")]
        begin = stored.index(int(seen.id)) + 1
        assert told == stored[begin : begin + len(told)]
        again = client.post("/pauses", json={"library": "films"}, headers=keyed)
        assert again.headers["idempotency-replayed"] == "true"
        assert len(daemon.rows("SELECT id FROM history WHERE reason = 'pause'")) == 1
