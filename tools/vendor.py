"""Puts the scripts of others into the package, checked by their hashes.

They are taken from ``static/vendor`` if they are there already, else from the folder in
``$SUBTITLED_WEB_VENDOR`` (for packagers), else from npm. Nothing of a package is run. Without them
the pages work too, with less comfort. ``SUBTITLED_WEB_REQUIRED=1`` makes their absence an error;
where npm is not installed, the build hook then asks pip for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WEB = ROOT / "daemon" / "subtitled" / "web"
MAX_FILE_BYTES = 1024 * 1024
NPM_TIMEOUT_SECONDS = 90


class VendorError(Exception):
    """Raised if a script cannot be had, or is not what its hash says."""


def add_scripts(web: Path = WEB, *, is_required: bool | None = None) -> list[Path]:
    """Put all files of ``vendor.toml`` into ``static/vendor``, and return them.

    Args:
        web: The folder with ``vendor.toml`` and ``static``.
        is_required: Whether a missing script is an error; by default what
            ``$SUBTITLED_WEB_REQUIRED`` says.

    Raises:
        VendorError: A script is required and cannot be had.
    """
    if is_required is None:
        is_required = are_required()
    folder = web / "static" / "vendor"
    added: list[Path] = []
    for package in _read_list(web):
        try:
            added += _add_package(package, folder)
        except VendorError as error:
            if is_required:
                raise
            print(f"warning: the pages go without {package['name']}: {error}", file=sys.stderr)
    return added


def are_required() -> bool:
    """Return whether a missing script is an error."""
    return os.environ.get("SUBTITLED_WEB_REQUIRED", "") not in ("", "0")


def needs_npm(web: Path = WEB) -> bool:
    """Return whether scripts are required that only npm can give, and it is not installed."""
    if not are_required() or os.environ.get("SUBTITLED_WEB_VENDOR") or shutil.which("npm"):
        return False
    return not all(_is_there(package, web / "static" / "vendor") for package in _read_list(web))


def _read_list(web: Path) -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = tomllib.loads((web / "vendor.toml").read_text("utf-8"))[
        "package"
    ]
    return packages


def _is_there(package: dict[str, Any], folder: Path) -> bool:
    return all(_has_hash(folder / file["target"], file) for file in package["file"])


def _add_package(package: dict[str, Any], folder: Path) -> list[Path]:
    targets = [folder / file["target"] for file in package["file"]]
    if _is_there(package, folder):
        return targets
    contents = [_check(content, file) for file, content in _contents(package)]
    folder.mkdir(exist_ok=True)
    for path, content in zip(targets, contents, strict=True):
        path.write_bytes(content)
    return targets


def _contents(package: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield the files of a package with their content."""
    if given := os.environ.get("SUBTITLED_WEB_VENDOR"):
        for file in package["file"]:
            try:
                yield file, (Path(given) / file["target"]).read_bytes()
            except OSError as error:
                raise VendorError(f"{error.filename}: {error.strerror}") from None
        return
    with tempfile.TemporaryDirectory() as temporary:
        archive = _pack(package, Path(temporary))
        if hashlib.sha512(archive.read_bytes()).hexdigest() != package["sha512"]:
            raise VendorError("the package from npm has another hash than in vendor.toml")
        with tarfile.open(archive) as opened:
            for file in package["file"]:
                yield file, _read_member(opened, file["member"])


def _pack(package: dict[str, Any], folder: Path) -> Path:
    """Fetch a package with npm, which neither installs it nor runs anything of it."""
    npm = shutil.which("npm")
    if npm is None:
        raise VendorError("npm is not installed")
    name = f"{package['name']}@{package['version']}"
    options = ["--ignore-scripts", "--silent", "--fetch-retries=1", "--fetch-timeout=20000"]
    try:
        subprocess.run(
            [npm, "pack", name, *options],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=NPM_TIMEOUT_SECONDS,
        )
        (archive,) = folder.glob("*.tgz")
    except (subprocess.SubprocessError, OSError, ValueError):
        raise VendorError(f"npm cannot fetch {name}") from None
    return archive


def _read_member(archive: tarfile.TarFile, name: str) -> bytes:
    try:
        member = archive.getmember(name)
        content = archive.extractfile(member) if member.isfile() else None
    except (KeyError, tarfile.TarError):
        content = None
    if content is None or member.size > MAX_FILE_BYTES:
        raise VendorError(f"the package has no usable file {name}")
    return content.read()


def _check(content: bytes, file: dict[str, Any]) -> bytes:
    if hashlib.sha512(content).hexdigest() != file["sha512"]:
        raise VendorError(f"{file['target']} has another hash than in vendor.toml")
    return content


def _has_hash(path: Path, file: dict[str, Any]) -> bool:
    try:
        return bool(hashlib.sha512(path.read_bytes()).hexdigest() == file["sha512"])
    except OSError:
        return False


if __name__ == "__main__":
    try:
        for added_path in add_scripts():
            print(added_path.relative_to(ROOT))
    except VendorError as failure:
        sys.exit(f"error: {failure}")
