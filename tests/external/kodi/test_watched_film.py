"""A film that somebody watches in a real Kodi gets its subtitle while it plays."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.partial import is_partial_file
from support.process_guard import killed_with_parent
from support.real_kodi import Real, opened, stop_playback, until

pytestmark = [pytest.mark.kodi, pytest.mark.timeout(1500)]

MINUTES = 100
"""How long the films are."""
LIMIT_SECONDS = 300.0
"""Within which the first cue is there, on a busy machine. docs tell what was measured."""


@pytest.fixture(scope="module")
def long_film(speech: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a film of a hundred minutes with real speech, which comes again every few minutes."""
    target = tmp_path_factory.mktemp("long") / "film.mkv"
    sounds = [speech / "apollo11.mp3", speech / "jfk.flac"]
    inputs = [part for sound in sounds for part in ("-i", sound)]
    joined = target.with_suffix(".flac")
    graph = "[0:a]aresample=48000,aformat=channel_layouts=mono[a];[1:a]aresample=48000,"
    graph += "aformat=channel_layouts=mono,apad=pad_dur=3[b];[a][b]concat=n=2:v=0:a=1"
    run = ["ffmpeg", "-v", "error", "-y"]
    subprocess.run([*run, *inputs, "-filter_complex", graph, joined], check=True)
    picture = f"testsrc=s=160x120:d={MINUTES * 60}:r=1"
    looped = ["-stream_loop", "-1", "-i", joined, "-f", "lavfi", "-i", picture, "-shortest"]
    codecs = ["-c:v", "mpeg4", "-c:a", "aac", "-b:a", "64k"]
    subprocess.run([*run, *looped, *codecs, target], check=True)
    return target


@pytest.fixture
def daemon(kodi: Real, long_film: Path, tmp_path: Path) -> Iterator[Path]:
    """Run a daemon that is at work on another film. Return the film that waits, on our side."""
    other, film = kodi.ours / "Other (2019).mkv", kodi.ours / "Waiting (2020).mkv"
    for number, path in enumerate((other, film)):
        metadata = ["-metadata", f"title={number}"]
        copied = ["-i", long_film, "-c", "copy", *metadata, path]
        subprocess.run(["ffmpeg", "-v", "error", "-y", *copied], check=True)
    config, log = tmp_path / "config.toml", tmp_path / "log"
    config.write_text(
        f'[daemon]\nstate_dir = "{tmp_path}/state"\n'
        f'[libraries.films]\npath = "{kodi.ours}"\nstability_delay = "0s"\n'
        'subtitle_while_playing = ["tv"]\nwatch = "off"\n[throttle]\nniceness = 0\n'
        f'[servers.tv]\nplugin = "kodi"\nurl = "{kodi.url}"\n'
        f'password = {{env = "KODI_PASSWORD"}}\npath_map = [["{kodi.ours}", "{kodi.films}"]]\n'
    )
    process = subprocess.Popen(
        killed_with_parent(sys.executable, "-m", "subtitled", "--config", config, "run"),
        stderr=log.open("ab"),
        stdin=subprocess.DEVNULL,
    )
    try:
        until(lambda: "scanned" in log.read_text() or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text()
        yield film
    finally:
        process.terminate()
        process.wait()
        print(log.read_text())
        stop_playback(kodi)
        for path in kodi.ours.glob("*(20*"):
            path.unlink()


@pytest.mark.parametrize("minute", [1, 40])
def test_the_first_cue_is_there_soon_after_a_film_was_started(
    kodi: Real, daemon: Path, minute: int
) -> None:
    time.sleep(15)  # the other film is being worked on
    subtitle = daemon.with_suffix(".en.srt")
    opened(kodi, daemon, minute)
    began = time.monotonic()
    until(subtitle.exists, LIMIT_SECONDS)
    written = time.monotonic() - began
    assert is_partial_file(subtitle)

    def shown() -> bool:
        shown = kodi.call("Player.GetProperties", playerid=1, properties=["currentsubtitle"])
        return bool(shown["currentsubtitle"])

    until(shown, LIMIT_SECONDS)
    seen = time.monotonic() - began

    def position() -> int:
        """Return where the viewer is, in seconds."""
        at = kodi.call("Player.GetProperties", playerid=1, properties=["time"])["time"]
        return int(at["hours"] * 3600 + at["minutes"] * 60 + at["seconds"])

    def described(position: int) -> str:
        """Say what the viewer has ahead, by the cues that the sidecar has now."""
        cues = read_cues(subtitle.read_bytes(), ".srt")
        following = [cue for cue in cues if position < cue.end <= MINUTES * 60]
        if not following:
            return "no cue follows"
        wait, last = max(0.0, following[0].start - position), following[-1].end - position
        return f"the next cue in {wait:.0f} s, {len(following)} cues up to {last:.0f} s ahead"

    print(f"\nminute {minute}: first cue after {written:.1f} s, in Kodi after {seen:.1f} s")
    for _ in range(4):
        viewer = position()
        assert viewer >= minute * 60 - 10, "Kodi plays from elsewhere"
        print(f"  {time.monotonic() - began:5.1f} s after: {described(viewer)}")
        time.sleep(10)
