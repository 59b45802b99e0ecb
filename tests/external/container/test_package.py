"""The steps of the Dockerfile in a fresh virtual environment: what is built works by itself.

It stands in for a container, of which no engine is asked here. About a minute and a half, with
a network or a package index at hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
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
    environment |= {"CACHE_DIRECTORY": str(model_base.parents[2])}
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
    environment["SUBTITLED_WEB_REQUIRED"] = "1"
    run(*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path / "wheels", sources)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    assert scripts_in(wheel) == {file["target"]: file["sha512"] for file in listed_files()}
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


def listed_files() -> list[dict[str, str]]:
    """Return the files of others that a wheel holds, as they are listed."""
    listing = ROOT / "daemon" / "subtitled" / "web" / "vendor.toml"
    packages = tomllib.loads(listing.read_text("utf-8"))["package"]
    return [file for package in packages for file in package["file"]]


def scripts_in(wheel: Path) -> dict[str, str]:
    """Return the files of others in a wheel with their hashes."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name.rpartition("/")[2]: hashlib.sha512(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if "/static/vendor/" in name
        }


@pytest.mark.parametrize("is_required", [True, False])
def test_a_wheel_gets_npm_from_pip_if_the_scripts_are_required_and_else_goes_without(
    tmp_path: Path, is_required: bool
) -> None:
    sources = sent_to_the_builder(tmp_path / "src")
    shutil.rmtree(sources / "daemon" / "subtitled" / "web" / "static" / "vendor", True)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "env", "uname"):
        (programs / name).symlink_to(shutil.which(name) or "")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name == "HOME" or name.lower().startswith(("pip_", "npm_"))
    }
    environment |= {"PATH": str(programs), "SUBTITLED_WEB_REQUIRED": str(int(is_required))}
    command = [sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--wheel-dir", "wheels"]
    done = subprocess.run(
        [*command, str(sources)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    if is_required:
        assert scripts_in(wheel) == {file["target"]: file["sha512"] for file in listed_files()}
    else:
        assert scripts_in(wheel) == {}
        assert "the pages go without htmx.org: npm is not installed" in done.stdout + done.stderr


@pytest.mark.parametrize("wrong", [{"PUID": "0"}, {"PGID": "users"}])
@pytest.mark.skipif(os.geteuid() != 0, reason="the entrypoint of a user changes no user")
def test_entrypoint_rejects_root_and_names(wrong: dict[str, str]) -> None:
    entry = [str(ROOT / "container" / "entrypoint.sh"), "true"]
    done = subprocess.run(
        entry, env=os.environ | wrong, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "as" in done.stderr and "id" in done.stderr
