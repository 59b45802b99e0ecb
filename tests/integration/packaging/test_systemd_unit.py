"""The units as `make install` installs them, checked by systemd's own tools."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return the root of a system after `make install PREFIX=/usr`."""
    subprocess.run(
        ["make", "-s", "install", f"DESTDIR={tmp_path}", "PREFIX=/usr", "SYSTEMD_VERSION=252"],
        cwd=ROOT,
        check=True,
    )
    return tmp_path


DAEMON, WORKER = "subtitled", "subtitled-worker@"


def _unit(installed: Path, drop_in: str | None = None, name: str = DAEMON) -> Path:
    """Return the installed unit, with a drop-in where systemd-analyze finds it."""
    unit = installed / f"usr/lib/systemd/system/{name}.service"
    if drop_in is not None:
        folder = unit.with_name(f"{name}.service.d")
        folder.mkdir()
        shutil.copy(installed / "usr/share/doc/subtitled/drop-ins" / drop_in, folder)
    return unit


def _exposure(unit: Path) -> float:
    service_lines = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unrecognized option" in service_lines.stderr:
        pytest.skip("this systemd-analyze knows no --offline")
    found = re.search(r"Overall exposure level .*: ([0-9.]+)", service_lines.stdout)
    assert found, service_lines
    return float(found[1])


@needs_systemd
@pytest.mark.parametrize("name", [DAEMON, WORKER])
def test_its_exposure_is_at_most_1_5(installed: Path, name: str) -> None:
    assert _exposure(_instance(_unit(installed, name=name))) <= 1.5


def _instance(unit: Path) -> Path:
    """Return an instance of a template unit, because systemd-analyze reads no template."""
    if "@" not in unit.name:
        return unit
    one = unit.with_name(unit.name.replace("@", "@big"))
    one.write_text(unit.read_text("utf-8"), "utf-8")
    return one


def test_a_worker_is_kept_in_its_place_as_the_daemon_is() -> None:
    """systemd has no includes, so [Service] must be the same in both units."""

    def service_lines(name: str) -> list[str]:
        text = (ROOT / "systemd" / f"{name}.service").read_text("utf-8")
        service = text.partition("[Service]")[2].partition("[Install]")[0]
        return [line for line in service.splitlines() if not line.startswith("ExecStart=")]

    assert service_lines(WORKER) == service_lines(DAEMON)


@needs_systemd
@pytest.mark.parametrize(
    ("drop_in", "most"), [("cloud-only.conf", 1.4), ("gpu.conf", 1.8), ("plugins.conf", 1.5)]
)
def test_so_it_is_with_the_drop_ins(installed: Path, drop_in: str, most: float) -> None:
    assert _exposure(_unit(installed, drop_in)) <= most


@needs_systemd
@pytest.mark.parametrize("name", [DAEMON, WORKER])
@pytest.mark.parametrize("drop_in", [None, "cloud-only.conf", "gpu.conf", "plugins.conf"])
def test_systemd_finds_no_fault_with_it(installed: Path, drop_in: str | None, name: str) -> None:
    unit = _instance(_unit(installed, drop_in, name))
    text = unit.read_text("utf-8").replace("/usr/bin/subtitled", "/bin/true")
    unit.write_text(text, "utf-8")
    service_lines = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    # Only messages about our units count, not those about other units of this machine.
    ours = [line for line in service_lines.stderr.splitlines() if "subtitled" in line]
    assert (ours, service_lines.returncode) == ([], 0), service_lines.stderr


@pytest.mark.parametrize(("name", "command"), [(DAEMON, "run"), (WORKER, "worker %i")])
def test_the_places_that_were_chosen_stand_in_the_unit(
    installed: Path, name: str, command: str
) -> None:
    text = _unit(installed, name=name).read_text("utf-8")
    drop_in = installed / "usr/share/doc/subtitled/drop-ins/plugins.conf"
    assert "=-/usr/bin/subtitled --config /etc/subtitled/config.toml plugins" in drop_in.read_text()
    assert f"ExecStart=/usr/bin/subtitled --config /etc/subtitled/config.toml {command}" in text
    assert "/usr/local" not in text
    document = re.search(r"Documentation=file:(\S+)", text)
    assert document
    assert (installed / document[1].lstrip("/")).is_file()


def test_growing_pauses_are_installed_where_systemd_knows_them(tmp_path: Path) -> None:
    for version, there in ((252, False), (254, True)):
        root = tmp_path / str(version)
        subprocess.run(
            ["make", "-s", "install", f"DESTDIR={root}", f"SYSTEMD_VERSION={version}"],
            cwd=ROOT,
            check=True,
        )
        units = root / "usr/local/lib/systemd/system"
        for name in (DAEMON, WORKER):
            assert (units / f"{name}.service.d/10-back-off.conf").is_file() is there


@pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None or shutil.which("systemd-tmpfiles") is None,
    reason="systemd-sysusers and systemd-tmpfiles are not installed",
)
def test_user_and_configuration_folder_are_created(installed: Path) -> None:
    for program, kind in (("systemd-sysusers", "sysusers"), ("systemd-tmpfiles", "tmpfiles")):
        which = ["--create"] if kind == "tmpfiles" else []
        service_lines = subprocess.run(
            [
                program,
                f"--root={installed}",
                *which,
                installed / f"usr/lib/{kind}.d/subtitled.conf",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if "permitted" in service_lines.stderr or "denied" in service_lines.stderr:
            pytest.skip("another user's folder is made by root")
        assert service_lines.returncode == 0, service_lines.stderr
    passwd = (installed / "etc/passwd").read_text("utf-8")
    assert re.search(r"^subtitled:.*:/var/lib/subtitled:", passwd, re.M)
    assert (installed / "etc/subtitled").stat().st_mode & 0o777 == 0o750
