"""The workers beside the daemon, for `status` and the daily cleanup."""

from __future__ import annotations

import time
from pathlib import Path

from subtitled.config.load import load_config
from subtitled.daemon.lock import StateLock, find_holder, find_workers
from subtitled.daemon.workers import list_workers, purge_lost
from subtitled.db.database import Database
from subtitled.jobs.heartbeat import HeartbeatSender


def test_worker_with_a_lock_runs_and_one_with_only_a_heartbeat_is_lost(tmp_path: Path) -> None:
    database = Database(tmp_path / "subtitled.sqlite")
    lock = StateLock(tmp_path, "big")
    for name in ("big", "small", "daemon"):
        HeartbeatSender(database.kv, name, "digest", 60.0).start()
    there = {one.name: one for one in list_workers(database, tmp_path)}
    assert set(there) == {"big", "small"}
    assert there["big"].to_dict()["running"] is True
    assert there["small"].to_dict()["running"] is False
    assert there["big"].pid == there["small"].pid
    assert set(find_workers(tmp_path)) == {"big"}
    assert find_holder(tmp_path) is None
    lock.release()
    assert find_workers(tmp_path) == {}


def test_who_was_lost_long_ago_is_forgotten_and_what_it_left_goes(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[daemon]\nstate_dir = "{tmp_path}"\n')
    database, configuration = Database(tmp_path / "subtitled.sqlite"), load_config(config)
    lock = StateLock(tmp_path, "big")
    for name in ("big", "small"):
        scratch = tmp_path / "workers" / name / "scratch"
        scratch.mkdir(parents=True)
        (scratch / "sound").touch()
        HeartbeatSender(database.kv, name, "digest", 60.0).start()
    purge_lost(configuration, database, time.time() - 60)
    assert {one.name for one in list_workers(database, tmp_path)} == {"big", "small"}
    purge_lost(configuration, database, time.time() + 60)
    assert {one.name for one in list_workers(database, tmp_path)} == {"big"}
    assert [path.parts[-3] for path in tmp_path.glob("workers/*/scratch/*")] == ["big"]
    lock.release()
