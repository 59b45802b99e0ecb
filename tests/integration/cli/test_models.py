"""``models``: what is needed, what it costs, and folders that are used in place."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from subtitled.cli import models as _commands  # noqa: F401 - adds the commands
from subtitled.cli.app import app


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--config", str(config), "models", *arguments])


def test_pull_without_a_name_fetches_what_the_configuration_needs(tmp_path: Path) -> None:
    own = tmp_path / "tuned"
    own.mkdir()
    config = tmp_path / "config.toml"
    config.write_text(
        f'[daemon]\nmodels_dir = "{tmp_path}/m"\n[engines.whisper]\nmodel = "{own}"\n'
    )
    ran = run(config, "pull")
    assert ran.exit_code == 1
    assert f"whisper/own: the model in {own} cannot be used: config.json (missing)" in ran.stderr
    for name in ("config.json", "model.bin", "tokenizer.json", "vocabulary.json"):
        (own / name).write_text("{}")
    ran = run(config, "pull")
    assert ran.stdout == f"whisper/own: verified in {own}\n"
    assert not (tmp_path / "m").exists(), "a model of the user's was copied"
    rows = {row["name"]: row for row in json.loads(run(config, "list", "--json").stdout)}
    assert (rows["own"]["is_needed"], rows["own"]["state"]) == (True, f"used in {own}")
    assert (rows["base"]["is_needed"], rows["base"]["license"]) == (False, "MIT")
    assert len(rows["base"]["languages"]) > 90
    wrong = run(config, "pull", "huge")
    assert wrong.exit_code == 2
    assert "no model is called 'huge'. Models: whisper/tiny.en, whisper/base" in wrong.stderr
