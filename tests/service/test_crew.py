"""The workers beside the daemon, as `status` and the daily tidying see them."""

from __future__ import annotations

import time
from pathlib import Path

from subtitled.config.load import load
from subtitled.jobs.signs import Pulse
from subtitled.library.ledger import Ledger
from subtitled.service.crew import crew, forget_gone
from subtitled.service.lock import StateLock, holder, workers


def test_who_holds_a_lock_is_there_and_who_only_gave_a_sign_was_lost(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    lock = StateLock(tmp_path, "big")
    for name in ("big", "small", "daemon"):
        Pulse(ledger.mailbox, name, "digest", 60.0).begin()
    there = {one.name: one for one in crew(ledger, tmp_path)}
    assert set(there) == {"big", "small"}
    assert there["big"].told()["running"] is True
    assert there["small"].told()["running"] is False
    assert there["big"].pid == there["small"].pid
    assert set(workers(tmp_path)) == {"big"}
    assert holder(tmp_path) is None
    lock.release()
    assert workers(tmp_path) == {}


def test_who_was_lost_long_ago_is_forgotten_and_what_it_left_goes(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[daemon]\nstate_dir = "{tmp_path}"\n')
    ledger, configuration = Ledger(tmp_path / "ledger.sqlite"), load(config)
    lock = StateLock(tmp_path, "big")
    for name in ("big", "small"):
        scratch = tmp_path / "workers" / name / "scratch"
        scratch.mkdir(parents=True)
        (scratch / "sound").touch()
        Pulse(ledger.mailbox, name, "digest", 60.0).begin()
    forget_gone(configuration, ledger, time.time() - 60)
    assert {one.name for one in crew(ledger, tmp_path)} == {"big", "small"}
    forget_gone(configuration, ledger, time.time() + 60)
    assert {one.name for one in crew(ledger, tmp_path)} == {"big"}
    assert [path.parts[-3] for path in tmp_path.glob("workers/*/scratch/*")] == ["big"]
    lock.release()
