"""The Dockerfile's own instructions in a Debian root, and the container at work as on a NAS.

No engine for containers is asked: debootstrap makes what the image begins with, systemd-nspawn runs
what the Dockerfile says. About 5 minutes, with a network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.container_image import Image, build
from support.debian_root import archives, inside, make_root, missing, run
from support.process_guard import killed_with_parent
from support.recorded_speech import Recording

pytestmark = [pytest.mark.root, pytest.mark.timeout(1200)]
OWNER = 1234
"""Neither root nor the image's own user."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder for roots, which are too large to be kept for later looks as pytest's own are."""
    with tempfile.TemporaryDirectory(prefix="subtitled-root-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def image(place: Path) -> Image:
    if why := missing():
        pytest.skip(why)
    created: dict[str, Path] = {}

    def base(name: str) -> Path:
        found = re.fullmatch(r"python:3\.11-slim-(\w+)", name)
        assert found, f"{name} is not what a Debian root can stand in for"
        release = found[1]
        if not archives(release):
            pytest.skip(f"this machine's apt has no source for Debian {release}")
        if release not in created:
            created[release] = place / release
            make_root(created[release], release)
        return created[release]

    return build(place, base)


class Container:
    """One that runs the image's command, with folders of ours as its volumes."""

    def __init__(self, image: Image, volumes: Path) -> None:
        self._environment = image.environment | {
            "PUID": str(OWNER),
            "PGID": str(OWNER),
            "TZ": "Europe/Berlin",
        }
        self._image = image
        self._volumes = {name: volumes / name.strip("/") for name in image.volumes}
        for folder in self._volumes.values():
            folder.mkdir(exist_ok=True)

    def command(self, *words: str) -> list[str]:
        """As ``docker compose run`` does them, or the image's own."""
        container = inside(self._image.root, environment=self._environment, volumes=self._volumes)
        return [*container, *self._image.entrypoint, *(words or self._image.command)]

    def start(self, log: Path) -> None:
        with log.open("wb") as lines:
            self.process = subprocess.Popen(
                killed_with_parent(*self.command()),
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
            )

    def first(self) -> int:
        """Its process 1, by the number that it has on this machine; 0 if there is none."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for child in children.read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
            if re.search(r"^NSpid:.*\s1$", status, re.MULTILINE):
                return int(child)
        return 0

    def run(self, *command: str, status: int = 0) -> str:
        """As ``docker exec`` does it: by root, in the container's environment."""
        variables = [f"{name}={value}" for name, value in self._environment.items()]
        enter = ("nsenter", "-t", str(self.first()), "-a", "env", "-i", f"PATH={PATH}")
        return run([*enter, *variables, *command], status).stdout

    def end(self) -> None:
        """Only if it did not end by itself."""
        if self.process.poll() is None:
            if first := self.first():
                os.kill(first, signal.SIGKILL)
            self.process.wait(30)


def test_container_makes_a_subtitle_is_healthy_and_stops(
    image: Image, place: Path, film: Callable[..., Path], english_speech: Recording
) -> None:
    spoken = film("Film (1961).mkv", english_speech.path)
    assert set(image.volumes) == {"/config", "/state", "/cache", "/media"}
    container = Container(image, place)
    media = place / "media"
    shutil.copy(spoken, media)
    for path in (place / "config", media, media / spoken.name):
        os.chown(path, OWNER, OWNER)

    init = ("subtitled", "init", "--yes", "--library", "/media", "--languages", "original")
    run(container.command(*init))
    log = place / "log"
    container.start(log)
    try:
        subtitle = media / "Film (1961).en.srt"
        deadline = time.monotonic() + 420
        while not subtitle.exists():
            assert container.process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < deadline, log.read_text("utf-8", "replace")[-8000:]
            time.sleep(0.5)
        assert "service" in subtitle.read_text("utf-8")

        container.run(*image.health)
        findings = json.loads(container.run(*image.entrypoint, "subtitled", "doctor", "--json"))
        assert not [finding for finding in findings if not finding["ok"]]
        # Typed by root, past the entrypoint, as `docker exec` is.
        assert json.loads(container.run("subtitled", "status", "--json"))["running"] is True
        status = Path(f"/proc/{container.first()}/status").read_text()
        assert re.search(rf"^Uid:(\s+{OWNER}){{4}}$", status, re.MULTILINE)
        created = [subtitle, *(place / "state").rglob("*"), *(place / "cache").rglob("*")]
        assert {(path.stat().st_uid, path.stat().st_gid) for path in created} == {(OWNER, OWNER)}

        os.kill(container.first(), signal.Signals[image.stop_signal])
        assert container.process.wait(60) == 0, log.read_text("utf-8", "replace")[-8000:]
    finally:
        container.end()
