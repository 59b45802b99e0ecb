"""The daemon is killed at random times, many times."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from films import Film
from household import House, Wanted, sidecar_of, untruths

Build = Callable[..., House]

KILLS = int(os.environ.get("SUBTITLED_TEST_KILLS", "12"))


def test_killed_at_random_instants_everything_is_made_once_and_whole(
    build: Build, films: list[Film], chance: random.Random
) -> None:
    """Films arrive before kills and while it is down. After each kill all files are right."""
    house = build(engine="pace = 0.15")
    for kill in range(KILLS):
        if kill % 2 == 0:
            house.arrives(films[kill // 2 % 3], f"before {kill}.mkv")
        house.start()
        if kill % 3 == 0:
            house.arrives(another(films[1], house.place, kill), f"during {kill}.mkv")
        time.sleep(chance.uniform(0.0, 3.5))
        house.kill()
        whole_or_absent(house)
    house.start()
    house.all_well(limit=120, repeated=KILLS)


def another(film: Film, place: Path, number: int) -> Film:
    """Make a file with the same speech and other content."""
    source = place / f"variant {number}.mkv"
    source.write_bytes(film.path.read_bytes() + bytes([number % 256]))
    return Film(source, film.subtitle)


def whole_or_absent(house: House) -> None:
    """Check that every subtitle is complete and right, and the database true."""
    for medium, wanted in house.wanted.items():
        sidecar = sidecar_of(medium)
        if sidecar.exists():
            assert sidecar.read_bytes() == wanted.subtitle, sidecar
    assert untruths(house.state) == []
    for medium, (state, _) in house.states().items():
        assert state != "done" or sidecar_of(medium).exists(), medium


def test_an_engine_that_crashes_each_time_does_not_stop_the_others(
    build: Build, films: list[Film]
) -> None:
    house = build(daemon='retry_delay = "1h"')
    house.start()
    (house.desk / "crash").touch()
    medium = house.arrives(films[0], "Crashing.mkv", "retrying", "SIGSEGV", subtitle=False)
    house.until_state(medium, "retrying", "SIGSEGV")
    (house.desk / "crash").unlink()
    house.arrives(films[1], "Sound.mkv")
    house.all_well()


def test_a_daemon_that_was_stopped_for_a_while_goes_on(build: Build, films: list[Film]) -> None:
    """Like SIGSTOP, a suspended machine or a frozen control group."""
    house = build()
    house.start()
    house.hold()
    house.arrives(films[0], "Film.mkv")
    house.until_held()
    assert house.process is not None
    os.killpg(house.process.pid, signal.SIGSTOP)
    house.release()
    house.arrives(films[1], "Other.mkv")
    time.sleep(4)
    os.killpg(house.process.pid, signal.SIGCONT)
    house.all_well()


def test_the_embedded_model_too_survives_kills(
    build: Build, speech: Path, model_base: Path, chance: random.Random
) -> None:
    """Whisper instead of the digest engine: killed three times, transcribed in the end."""
    house = build(wishes='engines = ["whisper"]', daemon=f'models_dir = "{model_base.parent}"')
    medium = house.library / "jfk.flac"
    medium.write_bytes((speech / "jfk.flac").read_bytes())
    for _ in range(3):
        house.start()
        time.sleep(chance.uniform(1.0, 6.0))
        house.kill()
    house.start()
    house.until_state(medium, "done", limit=120)
    sidecar = house.library / "jfk.en.srt"
    assert "your country" in " ".join(sidecar.read_text("utf-8").split())
    house.wanted[medium] = Wanted("done", None)
    house.theirs[sidecar] = sidecar.read_bytes()
    house.all_well()
