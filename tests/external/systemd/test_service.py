"""The installed unit on a real systemd: started, killed, stopped, sandboxed."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from support.systemd_machine import PREFIX, SystemdMachine

KEY = "b5f1c0ffee5ec2e7b5f1c0ffee5ec2e7"
CONFIG = """
[daemon]
chunk_duration = "3s"
[engines.digest_engine]
desk = "/srv/desk"
pace = 1.0
[servers.jellyfin]
url = "http://127.0.0.1:8096"
api_key = {credential = "jellyfin"}
[libraries.films]
path = "/srv/media"
stability_delay = "1s"
"""
SERVER = """
import http.server, json, sys
class Jellyfin(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open(sys.argv[1], "a") as log:
            log.write(self.headers.get("Authorization", "") + "\\n")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(204)
        self.end_headers()
    do_GET = do_POST
    def log_message(self, *said): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8096), Jellyfin).serve_forever()
"""


@pytest.fixture(scope="module")
def service(machine: SystemdMachine) -> SystemdMachine:
    """Return the machine with the service configured and started."""
    for name in ("media", "desk"):
        (machine.shared / name).mkdir()
        (machine.shared / name).chmod(0o777)
    machine.write("/etc/subtitled/config.toml", CONFIG)
    machine.write("/etc/subtitled/jellyfin.key", KEY + "\n", "600")
    machine.write(
        "/etc/systemd/system/subtitled.service.d/test.conf",
        "[Service]\nLoadCredential=jellyfin:/etc/subtitled/jellyfin.key\n"
        "WatchdogSec=6\nTimeoutAbortSec=1\nRestartSec=100ms\n",
    )
    machine.write("/opt/jellyfin.py", SERVER)
    machine.run("systemd-run", "python3", "/opt/jellyfin.py", "/srv/heard")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "--no-block", "subtitled")
    machine.until(lambda: machine.show("ActiveState") == "active", 60, "it has said READY")
    return machine


def _film(folder: Path, name: str) -> Path:
    """Add twenty seconds of speech with pauses to the library, as a download does."""
    voice, part = folder / f"{name}.wav", folder / "media" / f"{name}.mkv.part"
    spoken_text = (
        f"This is {name}. The harbour was empty when the ferry came in. Nobody waited there. "
    )
    subprocess.run(["espeak-ng", "-s", "140", "-w", voice, spoken_text * 4], check=True)
    subprocess.run(
        [
            *"ffmpeg -v error -y -f lavfi -i color=s=64x64:r=5".split(),
            "-i",
            str(voice),
            "-shortest",
            "-ar",
            "16000",
            "-c:a",
            "flac",
            "-f",
            "matroska",
            f"file:{part}",
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    voice.unlink()
    return part.rename(part.with_suffix(""))


def _journal_of_the_engine(machine: SystemdMachine) -> list[str]:
    try:
        return (machine.shared / "desk" / "journal").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def test_service_reports_ready_and_status(service: SystemdMachine) -> None:
    assert service.show("ActiveState") == "active"
    service.until(lambda: service.show("StatusText").startswith("Idle"), 30, "it is idle")
    status = service.run("systemctl", "status", "subtitled").stdout
    assert 'Status: "Idle' in status


def test_killed_in_the_middle_of_a_job_it_goes_on_with_it(service: SystemdMachine) -> None:
    film = _film(service.shared, "killed")
    service.until(
        lambda: sum("end " in line for line in _journal_of_the_engine(service)) >= 2,
        60,
        "two chunks are stored",
    )
    assert "killed.mkv: " in service.show("StatusText")
    before = service.show("MainPID")
    restarts = int(service.show("NRestarts"))
    service.run("systemctl", "kill", "-s", "KILL", "--kill-whom=main", "subtitled")
    service.until(lambda: int(service.show("NRestarts")) > restarts, 30, "it is started again")
    service.until(film.with_suffix(".eo.srt").exists, 60, "the subtitle is there")
    assert service.show("MainPID") != before
    ended = Counter(line for line in _journal_of_the_engine(service) if line.startswith("end "))
    assert len(ended) >= 4, ended
    # The chunk that had just ended may not have been stored. No other one is made again.
    assert sum(times - 1 for times in ended.values()) <= 1, ended


def test_it_shows_its_key_to_the_server_and_nowhere_else(service: SystemdMachine) -> None:
    log_file = service.shared / "heard"
    _film(service.shared, "told")
    service.until(
        lambda: log_file.exists() and KEY in log_file.read_text(), 60, "the server is told"
    )
    config = ("--config", "/etc/subtitled/config.toml")
    values = {
        "ps": service.run("ps", "axeww").stdout,
        "journal": service.journal(),
        "config show": service.run(f"{PREFIX}/bin/subtitled", *config, "config", "show").stdout,
        "status": service.run("systemctl", "status", "-l", "subtitled").stdout,
        "show": service.run("systemctl", "show", "subtitled").stdout,
    }
    assert "jellyfin" in values["config show"]
    assert "subtitled" in values["ps"]
    for where, text in values.items():
        assert KEY not in text, where
    places = ("/var/lib/subtitled", "/var/cache/subtitled", "/srv/media", "/var/log", "/tmp")
    found = service.run("grep", "-rlaF", KEY, *places, check=False)
    assert found.stdout == "", found.stdout
    # A search without matches proves nothing: check that it finds what is there.
    assert service.run("grep", "-rlaF", KEY, "/etc/subtitled").stdout


def test_stopped_in_its_tracks_the_watchdog_starts_it_again(service: SystemdMachine) -> None:
    restarts, pid = int(service.show("NRestarts")), service.show("MainPID")
    service.run("kill", "-STOP", pid)
    service.until(
        lambda: (
            int(service.show("NRestarts")) > restarts
            and service.show("ActiveState") == "active"
            and service.show("MainPID") not in (pid, "0")
        ),
        40,
        "the watchdog has started it again",
    )
    assert "Watchdog timeout" in service.journal()


def test_it_can_write_nowhere_but_in_its_folders(service: SystemdMachine) -> None:
    pid = service.show("MainPID")

    def touch(folder: str, *who: str) -> str:
        ran = service.run(
            "nsenter", "-t", pid, "-m", *who, "touch", f"{folder}/probe-{len(who)}", check=False
        )
        return ran.stderr

    user = service.run("id", "-u", "subtitled").stdout.strip()
    as_it = ("-S", user, "-G", service.run("id", "-g", "subtitled").stdout.strip())
    for folder in ("/srv/media", "/var/lib/subtitled", "/var/cache/subtitled", "/tmp"):
        assert touch(folder, *as_it) == ""
    # As root, so that the sandbox forbids it and not the mode of a folder.
    for folder in ("/etc", "/etc/subtitled", "/opt", "/root", "/var", "/var/log"):
        assert "Read-only file system" in touch(folder), folder
    assert "denied" in touch("/run", *as_it)
    output = service.run("cat", f"/proc/{pid}/status").stdout
    assert "NoNewPrivs:\t1" in output
    assert "CapBnd:\t0000000000000000" in output
    assert "Seccomp:\t2" in output


def test_a_wrong_configuration_is_not_tried_again_and_again(service: SystemdMachine) -> None:
    service.run("systemctl", "stop", "subtitled")
    service.write("/etc/subtitled/config.toml", CONFIG.replace("stability_delay", "stabilty_delay"))
    restarts = service.show("NRestarts")
    service.run("systemctl", "start", "subtitled", check=False)
    assert service.show("ActiveState") == "failed"
    assert service.show("ExecMainStatus") == "2"
    assert service.show("NRestarts") == restarts
    assert "stability_delay" in service.journal()
    service.write("/etc/subtitled/config.toml", CONFIG)
    service.run("systemctl", "start", "subtitled")


def test_commands_of_any_user_reach_the_service(
    service: SystemdMachine,
) -> None:
    service.until(lambda: service.show("ActiveState") == "active", 30, "it runs")
    command = [f"{PREFIX}/bin/subtitled", "status", "--json"]
    its_user = ["setpriv", "--reuid=subtitled", "--regid=subtitled", "--init-groups"]
    for before in ([], [*its_user, "env", "HOME=/var/lib/subtitled"]):
        payload = json.loads(service.run(*before, *command).stdout)
        assert payload["running"] is True
        assert payload["pid"] == int(service.show("MainPID"))
    assert service.run("find", "/var/lib/subtitled", "!", "-user", "subtitled").stdout == ""


def test_it_stops_when_it_is_asked(service: SystemdMachine) -> None:
    service.run("systemctl", "stop", "subtitled")
    assert (service.show("ActiveState"), service.show("Result")) == ("inactive", "success")
    status = service.run(
        f"{PREFIX}/bin/subtitled",
        "--config",
        "/etc/subtitled/config.toml",
        "status",
        "--json",
    )
    assert json.loads(status.stdout)["running"] is False


def test_worker_unit_works_restarts_and_stops_with_the_service(
    service: SystemdMachine,
) -> None:
    def worker(what: str) -> str:
        return service.show(what, "subtitled-worker@big")

    service.run("systemctl", "start", "subtitled", "subtitled-worker@big")
    assert worker("ActiveState") == "active"
    before = worker("MainPID")
    service.run("systemctl", "kill", "-s", "KILL", "--kill-whom=main", "subtitled-worker@big")
    service.until(lambda: worker("MainPID") not in (before, "0"), 40, "it is started again")
    service.until(lambda: worker("ActiveState") == "active", 30, "it is ready again")
    films = [_film(service.shared, name) for name in ("one", "two", "three")]
    for film in films:
        service.until(film.with_suffix(".eo.srt").exists, 90, f"{film.name} has its subtitle")
    service.run("systemctl", "reload", "subtitled-worker@big")
    service.until(lambda: worker("ActiveState") == "active", 30, "it has read its settings again")
    service.run("systemctl", "stop", "subtitled")
    assert (worker("ActiveState"), worker("Result")) == ("inactive", "success")
