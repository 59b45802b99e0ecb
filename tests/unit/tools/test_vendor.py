"""Scripts of others come into the package only if they are what their hashes say."""

from __future__ import annotations

import hashlib
import sys
import tarfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))

from vendor import VendorError, add_scripts, needs_npm

SCRIPT = b"var ours = 1;"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a list of one package, and an npm that has it."""
    packed = tmp_path / "made" / "package.tgz"
    packed.parent.mkdir()
    (tmp_path / "x.js").write_bytes(SCRIPT)
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(tmp_path / "x.js", "package/x.js")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\ncp {packed} .\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent), prepend=":")
    monkeypatch.delenv("SUBTITLED_WEB_VENDOR", raising=False)
    folder = tmp_path / "web"
    (folder / "static").mkdir(parents=True)
    digest, package = (
        hashlib.sha512(content).hexdigest() for content in (SCRIPT, packed.read_bytes())
    )
    (folder / "vendor.toml").write_text(
        f'[[package]]\nname = "x"\nversion = "1"\nsha512 = "{package}"\n'
        f'[[package.file]]\nmember = "package/x.js"\ntarget = "x.js"\nsha512 = "{digest}"\n'
    )
    return folder


def test_a_script_is_taken_from_npm_once(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = add_scripts(web, is_required=True)
    assert path.read_bytes() == SCRIPT
    monkeypatch.setenv("PATH", "/nowhere")
    assert add_scripts(web, is_required=True) == [path]


def test_packagers_give_a_folder(
    web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("SUBTITLED_WEB_VENDOR", str(tmp_path))
    (path,) = add_scripts(web, is_required=True)
    assert path.read_bytes() == SCRIPT


@pytest.mark.parametrize("what", ["script", "package"])
def test_another_script_or_package_is_refused(web: Path, what: str) -> None:
    listing = web / "vendor.toml"
    digests = [line for line in listing.read_text().splitlines() if line.startswith("sha512")]
    wrong = digests[0 if what == "package" else 1]
    listing.write_text(listing.read_text().replace(wrong, f'sha512 = "{"0" * 128}"'))
    with pytest.raises(VendorError, match="another hash"):
        add_scripts(web, is_required=True)
    assert not (web / "static" / "vendor" / "x.js").exists()


def test_a_changed_script_in_the_folder_is_replaced(web: Path) -> None:
    (web / "static" / "vendor").mkdir()
    (web / "static" / "vendor" / "x.js").write_bytes(b"evil")
    (path,) = add_scripts(web, is_required=True)
    assert path.read_bytes() == SCRIPT


def test_without_npm_the_pages_go_without(
    web: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert add_scripts(web, is_required=False) == []
    assert "go without x: npm is not installed" in capsys.readouterr().err
    with pytest.raises(VendorError, match="npm is not installed"):
        add_scripts(web, is_required=True)


def test_npm_is_asked_for_only_if_scripts_are_required_and_nothing_else_has_them(
    web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = str(tmp_path / "bin")
    for required, path, given, is_needed in (
        ("1", "/nowhere", "", True),
        ("1", programs, "", False),
        ("1", "/nowhere", str(tmp_path), False),
        ("0", "/nowhere", "", False),
        ("", "/nowhere", "", False),
    ):
        monkeypatch.setenv("SUBTITLED_WEB_REQUIRED", required)
        monkeypatch.setenv("PATH", path)
        monkeypatch.setenv("SUBTITLED_WEB_VENDOR", given)
        assert needs_npm(web) is is_needed, (required, path, given)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    add_scripts(web, is_required=True)
    monkeypatch.setenv("SUBTITLED_WEB_REQUIRED", "1")
    monkeypatch.setenv("PATH", "/nowhere")
    assert not needs_npm(web), "they are there already"
