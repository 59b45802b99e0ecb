"""The steps of the Dockerfile in a fresh virtual environment: what is built works by itself.

It stands in for a container, of which no engine is asked here. About a minute and a half, with
a network or a package index at hand.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.container_image import ROOT, sent_to_the_builder
from support.recorded_speech import Recording

pytestmark = pytest.mark.slow


def test_wheel_makes_a_subtitle(
    tmp_path: Path, english_speech: Recording, model_base: Path
) -> None:
    environment = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    environment |= {"STATE_DIRECTORY": str(tmp_path / "state")}
    environment |= {"CACHE_DIRECTORY": str(model_base.parents[1])}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    media = tmp_path / "media"
    media.mkdir()
    environment["SUBTITLED_CONFIG"] = str(tmp_path / "config.toml")

    def run(*command: object, status: int = 0) -> str:
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    sources = sent_to_the_builder(tmp_path / "src")
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"
    pip = (programs / "python", "-m", "pip")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path / "wheels", sources)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    run(*pip, "install", f"{wheel}[web]")
    shutil.rmtree(sources)

    subtitled = programs / "subtitled"
    assert "generate" in run(subtitled, "--help")
    run(subtitled, "init", "--yes", "--library", media, "--languages", "original")
    run(subtitled, "config", "check")
    findings = json.loads(run(subtitled, "doctor", "--json"))
    assert all(finding["ok"] for finding in findings)
    film = Path(shutil.copy(english_speech.path, media))
    run(subtitled, "generate", film)
    assert "service" in film.with_suffix(".en.srt").read_text()
    # The daemon does not run, which is what the container's health check must say.
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    run(programs / "python", ROOT / "container" / "healthcheck.py", status=1)


@pytest.mark.parametrize("wrong", [{"PUID": "0"}, {"PGID": "users"}])
@pytest.mark.skipif(os.geteuid() != 0, reason="the entrypoint of a user changes no user")
def test_entrypoint_rejects_root_and_names(wrong: dict[str, str]) -> None:
    entry = [str(ROOT / "container" / "entrypoint.sh"), "true"]
    done = subprocess.run(
        entry, env=os.environ | wrong, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "as" in done.stderr and "id" in done.stderr
