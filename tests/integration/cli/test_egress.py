"""Tests of ``subtitled egress``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from subtitled.costs.budgets import budget_period
from subtitled.db.database import Database
from subtitled.db.egress_log import BudgetCap, EgressEntry, EgressState
from subtitled.plugin import UsageRecord

Run = Callable[..., Any]


def test_egress_lists_every_request_with_its_file_and_price(subtitled: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{tmp_path}"\n'
        "[budgets.cloud]\nmax_cost = 5.0\nmax_audio_hours = 2\n"
    )
    period = budget_period("month", datetime.now().astimezone())
    database = Database(tmp_path / "subtitled.sqlite")
    entry = EgressEntry(
        key="k",
        path=Path("/films/Über [x].mkv"),
        library="films",
        component="qwen",
        destination="qwen:singapore",
        kind="audio",
        amount=90.0,
        price=0.01,
        currency="USD",
    )
    entry_id = database.egress_log.open(entry, [BudgetCap("cloud", period, 5.0)])
    usage = UsageRecord(
        kind="audio", amount=80.0, host="far.example", region="singapore", request_id="req-1"
    )
    database.egress_log.finish(entry_id, EgressState.SENT, [(usage, 0.008)])
    database.close()
    document = json.loads(subtitled("--config", config, "egress", "--json").stdout)
    (listed,) = document["entries"]
    assert listed["path"] == "/films/Über [x].mkv"
    assert (listed["amount"], listed["request_id"]) == (80.0, "req-1")
    (budget,) = document["budgets"]
    assert (budget["money"], budget["max_money"]) == (0.008, 5.0)
    output = subtitled("--config", config, "egress").stdout
    assert "qwen:singapore" in output
    assert "0.008 of 5 USD" in output
    result = subtitled("--config", config, "egress", "--since", "monday")
    assert result.returncode == 2
    assert "is not a day" in result.stderr
