"""A postgres_server of three machines with PostgreSQL for database and queue."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from subtitled.db.database import Database
from subtitled.db.engine import server_url
from subtitled.plugin import SetupError
from support.cluster import DAEMON, WorkerCluster
from support.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]

WORKERS = ("big", "small")


@pytest.fixture
def cluster(build: Callable[..., WorkerCluster], postgres_server: PostgresServer) -> WorkerCluster:
    """A daemon and two workers."""
    created = build(server=postgres_server.new(), daemon='worker_timeout = "3s"')
    created.hold()
    for name in (DAEMON, *WORKERS):
        created.start(name)
    return created


def _three_held(cluster: WorkerCluster, spoken: list[Path]) -> None:
    for number, source in enumerate(spoken):
        cluster.arrives(source, f"{number}.wav")
    cluster.until(lambda: cluster.held() == 3, "three chunks are transcribed at the same time")
    assert sorted(cluster.at_work()) == ["big", DAEMON, "small"]


def _all_made(cluster: WorkerCluster) -> None:
    cluster.until_done(3, 120)
    assert cluster.subtitles() == [f"{number}.eo.srt" for number in range(3)]
    assert cluster.transcribed_twice() == []
    assert list(cluster.state.glob("*.sqlite*")) == []


def test_three_machines_process_three_films_at_once(
    cluster: WorkerCluster, spoken: list[Path], tmp_path: Path
) -> None:
    _three_held(cluster, spoken)
    for name in (DAEMON, *WORKERS):
        assert list((cluster.place / f"scratch-{name}").rglob("*.s16"))
    cluster.release()
    _all_made(cluster)
    found = {one["subject"]: one for one in json.loads(cluster.run("doctor", "--json").stdout)}
    assert found["database"]["ok"]
    assert all(found[f"worker {name}"]["ok"] for name in WORKERS), found
    assert "pg_dump" in cluster.run("state", "backup", tmp_path / "b.tar.gz").stdout
    assert "PostgreSQL" in cluster.run("state", "rebuild", "--from-scratch").stderr
    for name in (*WORKERS, DAEMON):
        assert cluster.end(name) < 10
    restored = cluster.run("state", "restore", tmp_path / "b.tar.gz")
    assert restored.returncode == 0, restored.stderr


def test_what_one_machine_leaves_another_takes_over(
    cluster: WorkerCluster, spoken: list[Path]
) -> None:
    _three_held(cluster, spoken)
    cluster.kill("big")
    cluster.release()
    _all_made(cluster)
    assert "worker big missed its heartbeat" in cluster.describe_logs()


def test_everything_goes_on_when_the_database_was_away_in_the_middle(
    cluster: WorkerCluster, spoken: list[Path], postgres_server: PostgresServer
) -> None:
    _three_held(cluster, spoken)
    postgres_server.stop()
    cluster.release()  # words are heard, and cannot be written down
    time.sleep(8)
    postgres_server.start()
    cluster.until(lambda: len(cluster.subtitles()) == 3, "all are made", 150)
    cluster.until_done(3)


def test_what_was_asked_while_others_write_is_seen_by_its_number(
    postgres_server: PostgresServer,
) -> None:
    server = postgres_server.new()
    database, other = (Database(Path("/nowhere/subtitled.sqlite"), server) for _ in range(2))
    before = database.kv.data_version()
    with psycopg.connect(server) as open_still:
        open_still.execute("INSERT INTO kv VALUES ('a', 'b')")
        other.commands.enqueue("scan", Path("/films"))
        assert database.kv.data_version() != before
        between = database.kv.data_version()
        open_still.commit()
    assert database.kv.data_version() != between
    assert [one.path for one in database.commands.pending()] == [Path("/films")]


def test_invalid_database_address_is_rejected_without_its_password() -> None:
    for output in ("mysql://u:secret@host/db", "secret", "postgresql://u:secret@127.0.0.1:1/db"):
        with pytest.raises(SetupError) as refused:
            Database(Path("/nowhere/subtitled.sqlite"), output)
        assert "secret" not in str(refused.value)
    assert server_url("postgres://u@h/db").drivername == "postgresql+psycopg"
