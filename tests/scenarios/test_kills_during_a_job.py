"""The daemon is killed at random times during a job, many times. Takes about 5 minutes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.process_guard import killed_with_parent
from support.recorded_speech import Recording

KILLS = int(os.environ.get("SUBTITLED_TEST_KILLS", "20"))

pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.timeout(900)]


def test_job_killed_at_random_finishes_and_repeats_at_most_one_chunk(
    home: Path, french_speech: Recording, model_base: Path
) -> None:
    seed = int(os.environ.get("SUBTITLED_TEST_SEED", random.randrange(1 << 30)))
    print(f"SUBTITLED_TEST_SEED={seed}")
    chance = random.Random(seed)
    library, state = home / "films", home / "st"
    library.mkdir()
    config = home / "c.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{state}"\nchunk_duration = "3s"\n[libraries.films]\n'
        f'path = "{library}"\nlanguages = ["original", "en"]\nstability_delay = "0s"\n'
    )
    shutil.copyfile(french_speech.path, library / "Numéro.flac")
    transcripts = state / "transcripts"
    seen: dict[Path, int] = {}
    kills = 0
    begin = time.monotonic()
    wanted = {"Numéro.flac", "Numéro.fr.srt", "Numéro.en.srt"}
    while not wanted <= set(os.listdir(library)) or kills < KILLS:
        assert time.monotonic() - begin < 800, os.listdir(library)
        daemon = subprocess.Popen(
            killed_with_parent(sys.executable, "-m", "subtitled", "--config", config, "run"),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + (chance.uniform(1, 14) if kills < KILLS else 120)
        while time.monotonic() < deadline and not wanted <= set(os.listdir(library)):
            time.sleep(0.05)
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()
        kills += 1
        for path in transcripts.rglob("*-*.json"):
            written = path.stat().st_mtime_ns
            # Stored chunks are never transcribed again, so a kill costs the current chunk only.
            assert seen.setdefault(path, written) == written, path
        if wanted <= set(os.listdir(library)) and kills < KILLS:
            for created in library.glob("*.srt"):
                assert created.read_text("utf-8").startswith("1\n")
            # Start again with another content, so that all kills hit work.
            with (library / "Numéro.flac").open("ab") as media:
                media.write(b"\0")
            for created in library.glob("*.srt"):
                created.unlink()
    assert len([path for path in seen if "listened" not in path.name]) >= 10
    assert set(os.listdir(library)) == wanted
    print(f"{kills} kills in {time.monotonic() - begin:.0f} s")
