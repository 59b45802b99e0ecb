"""Wheels that tests make, as pip installs them."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path


def build_wheel(
    folder: Path,
    name: str,
    files: dict[str, str],
    *,
    version: str = "1.0",
    plugins: dict[str, str] | None = None,
    requires: tuple[str, ...] = (),
) -> Path:
    """Build a wheel of pure Python.

    Args:
        folder: Where it is written.
        name: The name of the distribution, with underscores.
        files: The path of each file in the wheel, and its text.
        version: Its version.
        plugins: Its entry points of subtitled: name and module.
        requires: Its requirements.
    """
    info = f"{name}-{version}.dist-info"
    lines = [f"Requires-Dist: {text}" for text in requires]
    head = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *lines]
    entries = "".join(f"{key} = {module}\n" for key, module in (plugins or {}).items())
    contents = files | {
        f"{info}/METADATA": "\n".join(head) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[subtitled]\n{entries}",
    }
    record = []
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            record.append(f"{path},sha256={digest.decode()},{len(text.encode())}")
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,"]) + "\n")
    return wheel
