"""The daemon is killed at random times, many times."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from support.fault_harness import FaultHarness, Wanted, inconsistencies, sidecar_of
from support.recorded_speech import Recording
from support.spoken_films import Film

Build = Callable[..., FaultHarness]

KILLS = int(os.environ.get("SUBTITLED_TEST_KILLS", "12"))


def test_daemon_killed_at_random_moments_makes_each_subtitle_once_and_whole(
    build: Build, films: list[Film], chance: random.Random
) -> None:
    """Films arrive before kills and while it is down. After each kill all files are right."""
    harness = build(engine="pace = 0.15")
    for kill in range(KILLS):
        if kill % 2 == 0:
            harness.arrives(films[kill // 2 % 3], f"before {kill}.mkv")
        harness.start()
        if kill % 3 == 0:
            harness.arrives(another(films[1], harness.place, kill), f"during {kill}.mkv")
        time.sleep(chance.uniform(0.0, 3.5))
        harness.kill()
        whole_or_absent(harness)
    harness.start()
    harness.all_well(limit=120, repeated=KILLS)


def another(film: Film, place: Path, number: int) -> Film:
    """Make a file with the same speech and other content."""
    source = place / f"variant {number}.mkv"
    source.write_bytes(film.path.read_bytes() + bytes([number % 256]))
    return Film(source, film.subtitle)


def whole_or_absent(harness: FaultHarness) -> None:
    """Check that every subtitle is complete and right, and the database true."""
    for media, wanted in harness.wanted.items():
        sidecar = sidecar_of(media)
        if sidecar.exists():
            assert sidecar.read_bytes() == wanted.subtitle, sidecar
    assert inconsistencies(harness.state) == []
    for media, (state, _) in harness.states().items():
        assert state != "done" or sidecar_of(media).exists(), media


def test_an_engine_that_crashes_each_time_does_not_stop_the_others(
    build: Build, films: list[Film]
) -> None:
    harness = build(daemon='retry_delay = "1h"')
    harness.start()
    (harness.desk / "crash").touch()
    media = harness.arrives(films[0], "Crashing.mkv", "retrying", "SIGSEGV", subtitle=False)
    harness.until_state(media, "retrying", "SIGSEGV")
    (harness.desk / "crash").unlink()
    harness.arrives(films[1], "Sound.mkv")
    harness.all_well()


def test_a_daemon_that_was_stopped_for_a_while_goes_on(build: Build, films: list[Film]) -> None:
    """Like SIGSTOP, a suspended machine or a frozen control group."""
    harness = build()
    harness.start()
    harness.hold()
    harness.arrives(films[0], "Film.mkv")
    harness.until_held()
    assert harness.process is not None
    os.killpg(harness.process.pid, signal.SIGSTOP)
    harness.release()
    harness.arrives(films[1], "Other.mkv")
    time.sleep(4)
    os.killpg(harness.process.pid, signal.SIGCONT)
    harness.all_well()


def test_the_embedded_model_too_survives_kills(
    build: Build, english_speech: Recording, model_base: Path, chance: random.Random
) -> None:
    """Whisper instead of the digest engine: killed three times, transcribed in the end."""
    harness = build(
        library_lines='engines = ["whisper"]', daemon=f'models_dir = "{model_base.parents[1]}"'
    )
    media = harness.library / "Prompts.flac"
    media.write_bytes(english_speech.path.read_bytes())
    for _ in range(3):
        harness.start()
        time.sleep(chance.uniform(1.0, 6.0))
        harness.kill()
    harness.start()
    harness.until_state(media, "done", limit=120)
    sidecar = harness.library / "Prompts.en.srt"
    assert english_speech.phrase in " ".join(sidecar.read_text("utf-8").split())
    harness.wanted[media] = Wanted("done", None)
    harness.theirs[sidecar] = sidecar.read_bytes()
    harness.all_well()
