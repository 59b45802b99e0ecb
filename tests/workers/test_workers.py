"""Several real processes on one queue: every film is done once, whichever process dies."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from farm import DAEMON, Farm

Build = Callable[..., Farm]
QUICK = 'worker_timeout = "3s"'
"""A process without a heartbeat counts as lost after this time."""


@pytest.fixture
def two_held(build: Build, spoken: list[Path]) -> Farm:
    """A daemon and a worker, each in the middle of a chunk of its own film."""
    return _both_held(build(daemon=QUICK), spoken)


def _both_held(farm: Farm, spoken: list[Path]) -> Farm:
    farm.hold()
    farm.start()
    farm.start("big")
    farm.arrives(spoken[0], "one.wav")
    farm.arrives(spoken[1], "two.wav")
    farm.until(lambda: farm.held() == 2, "two stretches are heard at the same time")
    return farm


def test_two_films_are_made_at_the_same_time_each_once_and_the_daemon_tells_of_both(
    build: Build, spoken: list[Path], tmp_path: Path
) -> None:
    told = tmp_path / "told"
    farm = build(
        more='[notifiers.command]\nevents = ["published", "finished"]\n'
        f"argv = ['sh', '-c', 'echo \"$SUBTITLED_EVENT $SUBTITLED_MEDIA\" >> {told}']\n"
    )
    _both_held(farm, spoken)
    said = farm.ask("status")
    assert sorted(farm.at_work()) == ["big", DAEMON]
    (worker,) = said["workers"]
    assert (worker["name"], worker["running"]) == ("big", True)
    assert worker["pid"] == farm.processes["big"].pid
    assert worker["host"] == socket.gethostname()
    assert abs(worker["last_heartbeat"] - time.time()) < 60
    mine = farm.at_work()["big"]
    assert [Path(one["path"]).name for one in worker["active_jobs"]] == [mine]
    assert farm.ask("explain", farm.library / mine)["database"]["worker"] == "big"
    farm.release()
    farm.until_done(2)
    assert farm.subtitles() == ["one.eo.srt", "two.eo.srt"]
    assert farm.heard_twice() == []
    farm.until(lambda: told.read_text().count("finished") == 2, "the daemon has told of both", 10)
    assert sorted(told.read_text().split()[1::2]) == sorted(
        2 * [str(farm.library / name) for name in ("one.wav", "two.wav")]
    )
    assert farm.end("big") < 10
    assert farm.ask("status")["workers"] == []
    assert list((farm.state / "workers" / "big" / "scratch").iterdir()) == []


@pytest.mark.slow
def test_a_second_worker_of_one_name_is_told_and_some_names_are_none(build: Build) -> None:
    farm = build()
    farm.start("big")
    farm.until(lambda: farm.ask("status")["workers"], "it is there")
    second = farm.run("worker", "big")
    assert second.returncode == 2
    assert f"another worker big, process {farm.processes['big'].pid}" in second.stderr
    for name in ("daemon", "../big", ""):
        assert farm.run("worker", name or "-").returncode == 2
    farm.end("big")


@pytest.mark.slow
def test_a_killed_worker_takes_up_its_job_when_it_comes_back(two_held: Farm) -> None:
    farm = two_held
    farm.kill("big")
    farm.start("big")
    farm.until(
        lambda: "big" in farm.at_work(), "it has its job again, before it was taken for lost"
    )
    farm.release()
    farm.until_done(2)
    assert farm.subtitles() == ["one.eo.srt", "two.eo.srt"]
    assert farm.heard_twice() == []


def test_the_job_of_one_that_does_not_come_back_is_taken_over(two_held: Farm) -> None:
    farm = two_held
    farm.kill("big")
    farm.release()
    farm.until_done(2)
    (gone,) = farm.ask("status")["workers"]
    assert (gone["name"], gone["running"], gone["active_jobs"]) == ("big", False, [])
    assert farm.subtitles() == ["one.eo.srt", "two.eo.srt"]
    assert farm.heard_twice() == []
    assert "worker big missed its heartbeat; requeued 1 jobs" in farm.told()


@pytest.mark.slow
def test_a_worker_takes_over_from_a_daemon_that_does_not_come_back(two_held: Farm) -> None:
    farm = two_held
    farm.kill(DAEMON)
    farm.release()
    farm.until_done(2)
    assert farm.subtitles() == ["one.eo.srt", "two.eo.srt"]
    assert farm.heard_twice() == []


@pytest.mark.slow
def test_the_job_of_one_that_lives_is_not_taken_from_it(two_held: Farm) -> None:
    before = two_held.at_work()
    time.sleep(7)  # more than twice the time after which it would be lost
    assert two_held.at_work() == before
    assert "missed its heartbeat" not in two_held.told()


@pytest.mark.slow
def test_one_that_hung_loses_its_job_and_writes_nothing_any_more(two_held: Farm) -> None:
    farm = two_held
    hung = farm.processes["big"].pid
    os.killpg(hung, signal.SIGSTOP)
    farm.release()
    farm.until_done(2)
    made = {path: path.stat().st_mtime_ns for path in farm.library.glob("*.srt")}
    os.killpg(hung, signal.SIGCONT)
    farm.until(lambda: "is no longer owned by this execution" in farm.told(), "it knows")
    assert {path: path.stat().st_mtime_ns for path in farm.library.glob("*.srt")} == made
    assert farm.ask("status")["files"] == {"done": 2}
    assert farm.end("big") < 10


@pytest.mark.slow
def test_it_stops_within_seconds_and_leaves_its_job_to_the_next_life(two_held: Farm) -> None:
    farm = two_held
    film = farm.at_work()["big"]
    assert farm.end("big") < 10
    farm.start("big")
    farm.until(lambda: farm.held() >= 3, "the stretch is heard anew")
    assert film in farm.at_work().values()
    farm.release()
    farm.until_done(2)


@pytest.mark.slow
def test_a_job_in_a_worker_is_cancelled_and_halts_hold_there(
    two_held: Farm, spoken: list[Path]
) -> None:
    farm = two_held
    film = farm.library / farm.at_work()["big"]
    farm.run("queue", "cancel", film)
    farm.until(lambda: farm.ask("status")["files"].get("failed"), "it is cancelled")
    farm.run("queue", "pause")
    farm.release()
    time.sleep(3)
    assert farm.subtitles() == []
    farm.arrives(spoken[2], "three.wav")
    farm.run("queue", "resume")
    farm.until(lambda: farm.ask("status")["files"] == {"done": 2, "failed": 1}, "all else is done")
    assert farm.ask("explain", film)["database"]["reason"] == "cancelled by the user"
    assert len(farm.subtitles()) == 2


@pytest.mark.slow
def test_the_same_content_under_two_names_is_heard_once(build: Build, spoken: list[Path]) -> None:
    farm = build()
    farm.hold()
    farm.start()
    farm.start("big")
    for name in ("one.wav", "copy.wav"):
        farm.arrives(spoken[0], name)
    farm.until(lambda: farm.ask("status")["files"] == {"waiting": 1, "working": 1}, "one waits")
    reason = {
        farm.ask("explain", farm.library / name)["database"]["reason"]
        for name in ("one.wav", "copy.wav")
    }
    assert any("works on a file with the same content" in one for one in reason)
    farm.release()
    farm.until(lambda: farm.ask("status")["files"].get("done") == 1, "one is done")
    farm.run("queue", "retry", farm.library / "one.wav", farm.library / "copy.wav")
    farm.until(lambda: len(farm.subtitles()) == 2, "both have a subtitle")
    assert farm.heard_twice() == []


@pytest.mark.slow
def test_systemd_is_told_how_it_is_and_a_reload_takes_new_settings(
    build: Build, tmp_path: Path
) -> None:
    farm = build()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(30)
        farm.start("big", NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="2000000")
        heard = ""
        while not all(word in heard for word in ("READY=1", "STATUS=Idle", "WATCHDOG=1")):
            heard += listener.recv(4096).decode() + "\n"
        assert "is of version" not in farm.run("doctor").stdout
        farm.config.write_text(
            farm.config.read_text().replace('stability_delay = "1s"', 'stability_delay = "2s"')
        )
        assert "works with other settings" in farm.run("doctor").stdout
        farm.processes["big"].send_signal(signal.SIGHUP)
        while not ("RELOADING=1" in heard and heard.count("READY=1") == 2):
            heard += listener.recv(4096).decode() + "\n"
        assert "works with other settings" not in farm.run("doctor").stdout
        farm.end("big")
        while "STOPPING=1" not in heard:
            heard += listener.recv(4096).decode() + "\n"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_whoever_is_killed_at_random_instants_every_film_is_made_once(
    build: Build, spoken: list[Path]
) -> None:
    seed = int(os.environ.get("SUBTITLED_TEST_SEED", random.randrange(1 << 30)))
    print(f"SUBTITLED_TEST_SEED={seed}")
    chance = random.Random(seed)
    farm = build(daemon=QUICK)
    names = (DAEMON, "big", "small")
    for name in names:
        farm.start(name)
    films = 0

    def ended() -> int:
        # What was made while no daemon ran is looked at by the next one: "up-to-date".
        files = farm.ask("status")["files"]
        return int(files.get("done", 0) + files.get("up-to-date", 0))

    for _ in range(int(os.environ.get("SUBTITLED_TEST_KILLS", "20"))):
        if ended() == films:
            for source in spoken:  # other content each time, that says the same
                with farm.arrives(source, f"{films}.wav").open("ab") as film:
                    film.write(bytes(2 * (films + 1)))
                films += 1
        time.sleep(chance.uniform(0.5, 6))
        name = chance.choice(names)
        farm.kill(name)
        if chance.random() < 0.5:
            time.sleep(chance.uniform(0, 5))  # long enough to be taken for lost, or not
        farm.start(name)
    farm.until(lambda: ended() == films, "all films are done", 180)
    print(f"{films} films, {farm.heard_twice()}")
    assert len(farm.subtitles()) == films
    # The stretch in flight is heard again by the next one, and no other.
    assert len(farm.heard_twice()) <= 20
