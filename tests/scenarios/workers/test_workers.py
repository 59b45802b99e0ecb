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

from support.cluster import DAEMON, WorkerCluster

Build = Callable[..., WorkerCluster]
QUICK = 'worker_timeout = "3s"'
"""A process without a heartbeat counts as lost after this time."""


@pytest.fixture
def two_held(build: Build, spoken: list[Path]) -> WorkerCluster:
    """A daemon and a worker, each in the middle of a chunk of its own film."""
    return _both_held(build(daemon=QUICK), spoken)


def _both_held(cluster: WorkerCluster, spoken: list[Path]) -> WorkerCluster:
    cluster.hold()
    cluster.start()
    cluster.start("big")
    cluster.arrives(spoken[0], "one.wav")
    cluster.arrives(spoken[1], "two.wav")
    cluster.until(lambda: cluster.held() == 2, "two chunks are transcribed at the same time")
    return cluster


@pytest.mark.slow
def test_daemon_and_worker_process_two_films_at_once_and_notify_of_both(
    build: Build, spoken: list[Path], tmp_path: Path
) -> None:
    log_file = tmp_path / "told"
    cluster = build(
        more='[notifiers.command]\nevents = ["published", "finished"]\n'
        f"argv = ['sh', '-c', 'echo \"$SUBTITLED_EVENT $SUBTITLED_MEDIA\" >> {log_file}']\n"
    )
    _both_held(cluster, spoken)
    status = cluster.ask("status")
    assert sorted(cluster.at_work()) == ["big", DAEMON]
    (worker,) = status["workers"]
    assert (worker["name"], worker["running"]) == ("big", True)
    assert worker["pid"] == cluster.processes["big"].pid
    assert worker["host"] == socket.gethostname()
    assert abs(worker["last_heartbeat"] - time.time()) < 60
    mine = cluster.at_work()["big"]
    assert [Path(one["path"]).name for one in worker["active_jobs"]] == [mine]
    assert cluster.ask("explain", cluster.library / mine)["database"]["worker"] == "big"
    cluster.release()
    cluster.until_done(2)
    assert cluster.subtitles() == ["one.eo.srt", "two.eo.srt"]
    assert cluster.transcribed_twice() == []
    cluster.until(
        lambda: log_file.read_text().count("finished") == 2, "the daemon has told of both", 10
    )
    assert sorted(log_file.read_text().split()[1::2]) == sorted(
        2 * [str(cluster.library / name) for name in ("one.wav", "two.wav")]
    )
    assert cluster.end("big") < 10
    assert cluster.ask("status")["workers"] == []
    assert list((cluster.state / "workers" / "big" / "scratch").iterdir()) == []


@pytest.mark.slow
def test_second_worker_of_the_same_name_and_invalid_names_are_rejected(build: Build) -> None:
    cluster = build()
    cluster.start("big")
    cluster.until(lambda: cluster.ask("status")["workers"], "it is there")
    second = cluster.run("worker", "big")
    assert second.returncode == 2
    assert f"another worker big, process {cluster.processes['big'].pid}" in second.stderr
    for name in ("daemon", "../big", ""):
        assert cluster.run("worker", name or "-").returncode == 2
    cluster.end("big")


@pytest.mark.slow
def test_killed_worker_resumes_its_job_after_restart(two_held: WorkerCluster) -> None:
    cluster = two_held
    cluster.kill("big")
    cluster.start("big")
    cluster.until(
        lambda: "big" in cluster.at_work(), "it has its job again, before it was taken for lost"
    )
    cluster.release()
    cluster.until_done(2)
    assert cluster.subtitles() == ["one.eo.srt", "two.eo.srt"]
    assert cluster.transcribed_twice() == []


def test_job_of_a_lost_worker_is_requeued(two_held: WorkerCluster) -> None:
    cluster = two_held
    cluster.kill("big")
    cluster.release()
    cluster.until_done(2)
    (gone,) = cluster.ask("status")["workers"]
    assert (gone["name"], gone["running"], gone["active_jobs"]) == ("big", False, [])
    assert cluster.subtitles() == ["one.eo.srt", "two.eo.srt"]
    assert cluster.transcribed_twice() == []
    assert "worker big missed its heartbeat; requeued 1 jobs" in cluster.describe_logs()


@pytest.mark.slow
def test_worker_resumes_the_job_of_a_lost_daemon(two_held: WorkerCluster) -> None:
    cluster = two_held
    cluster.kill(DAEMON)
    cluster.release()
    cluster.until_done(2)
    assert cluster.subtitles() == ["one.eo.srt", "two.eo.srt"]
    assert cluster.transcribed_twice() == []


@pytest.mark.slow
def test_job_of_a_running_worker_is_not_requeued(two_held: WorkerCluster) -> None:
    before = two_held.at_work()
    time.sleep(7)  # more than twice the time after which it would be lost
    assert two_held.at_work() == before
    assert "missed its heartbeat" not in two_held.describe_logs()


@pytest.mark.slow
def test_worker_that_hung_loses_its_job_and_writes_nothing_after_it_resumes(
    two_held: WorkerCluster,
) -> None:
    cluster = two_held
    film = cluster.at_work()["big"]
    hung = cluster.processes["big"].pid
    os.killpg(hung, signal.SIGSTOP)
    cluster.release()
    cluster.until_done(2)
    modified = {path: path.stat().st_mtime_ns for path in cluster.library.glob("*.srt")}
    os.killpg(hung, signal.SIGCONT)
    cluster.until(
        lambda: f"{film}: stopped; the job was requeued" in cluster.log("big"),
        "the worker notices that it has lost its job",
    )
    assert {path: path.stat().st_mtime_ns for path in cluster.library.glob("*.srt")} == modified
    assert cluster.ask("status")["files"] == {"done": 2}
    assert cluster.end("big") < 10


@pytest.mark.slow
def test_worker_stops_within_seconds_and_resumes_its_job_after_restart(
    two_held: WorkerCluster,
) -> None:
    cluster = two_held
    film = cluster.at_work()["big"]
    assert cluster.end("big") < 10
    cluster.start("big")
    cluster.until(lambda: cluster.held() >= 3, "the chunk is transcribed again")
    assert film in cluster.at_work().values()
    cluster.release()
    cluster.until_done(2)


@pytest.mark.slow
def test_job_of_a_worker_is_cancelled_and_pauses_hold_there(
    two_held: WorkerCluster, spoken: list[Path]
) -> None:
    cluster = two_held
    film = cluster.library / cluster.at_work()["big"]
    cluster.run("queue", "cancel", film)
    cluster.until(lambda: cluster.ask("status")["files"].get("failed"), "it is cancelled")
    cluster.run("queue", "pause")
    cluster.release()
    time.sleep(3)
    assert cluster.subtitles() == []
    cluster.arrives(spoken[2], "three.wav")
    cluster.run("queue", "resume")
    cluster.until(
        lambda: cluster.ask("status")["files"] == {"done": 2, "failed": 1}, "all else is done"
    )
    assert cluster.ask("explain", film)["database"]["reason"] == "cancelled by the user"
    assert len(cluster.subtitles()) == 2


@pytest.mark.slow
def test_same_content_under_two_names_is_transcribed_once(build: Build, spoken: list[Path]) -> None:
    cluster = build()
    cluster.hold()
    cluster.start()
    cluster.start("big")
    for name in ("one.wav", "copy.wav"):
        cluster.arrives(spoken[0], name)
    cluster.until(
        lambda: cluster.ask("status")["files"] == {"waiting": 1, "working": 1}, "one waits"
    )
    reason = {
        cluster.ask("explain", cluster.library / name)["database"]["reason"]
        for name in ("one.wav", "copy.wav")
    }
    assert any("works on a file with the same content" in one for one in reason)
    cluster.release()
    cluster.until(lambda: cluster.ask("status")["files"].get("done") == 1, "one is done")
    cluster.run("queue", "retry", cluster.library / "one.wav", cluster.library / "copy.wav")
    cluster.until(lambda: len(cluster.subtitles()) == 2, "both have a subtitle")
    assert cluster.transcribed_twice() == []


@pytest.mark.slow
def test_worker_notifies_systemd_and_reloads_its_settings(build: Build, tmp_path: Path) -> None:
    cluster = build()

    def outdated_workers() -> list[str]:
        findings = cluster.ask("doctor")
        return [
            finding["subject"].removeprefix("worker ")
            for finding in findings
            if finding["subject"].startswith("worker ") and not finding["ok"]
        ]

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(30)
        cluster.start("big", NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="2000000")
        messages = ""
        while not all(word in messages for word in ("READY=1", "STATUS=Idle", "WATCHDOG=1")):
            messages += listener.recv(4096).decode() + "\n"
        assert outdated_workers() == []
        cluster.config.write_text(
            cluster.config.read_text().replace('stability_delay = "1s"', 'stability_delay = "2s"')
        )
        assert outdated_workers() == ["big"]
        cluster.processes["big"].send_signal(signal.SIGHUP)
        while not ("RELOADING=1" in messages and messages.count("READY=1") == 2):
            messages += listener.recv(4096).decode() + "\n"
        assert outdated_workers() == []
        cluster.end("big")
        while "STOPPING=1" not in messages:
            messages += listener.recv(4096).decode() + "\n"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_film_is_done_once_with_processes_killed_at_random(
    build: Build, spoken: list[Path]
) -> None:
    seed = int(os.environ.get("SUBTITLED_TEST_SEED", random.randrange(1 << 30)))
    print(f"SUBTITLED_TEST_SEED={seed}")
    chance = random.Random(seed)
    cluster = build(daemon=QUICK)
    names = (DAEMON, "big", "small")
    for name in names:
        cluster.start(name)
    films = 0

    def ended() -> int:
        # What was made while no daemon ran is looked at by the next one: "up-to-date".
        files = cluster.ask("status")["files"]
        return int(files.get("done", 0) + files.get("up-to-date", 0))

    for _ in range(int(os.environ.get("SUBTITLED_TEST_KILLS", "20"))):
        if ended() == films:
            for source in spoken:  # other content each time, that says the same
                with cluster.arrives(source, f"{films}.wav").open("ab") as film:
                    film.write(bytes(2 * (films + 1)))
                films += 1
        time.sleep(chance.uniform(0.5, 6))
        name = chance.choice(names)
        cluster.kill(name)
        if chance.random() < 0.5:
            time.sleep(chance.uniform(0, 5))  # long enough to be taken for lost, or not
        cluster.start(name)
    cluster.until(lambda: ended() == films, "all films are done", 180)
    print(f"{films} films, {cluster.transcribed_twice()}")
    assert len(cluster.subtitles()) == films
    # Only the running chunk is transcribed again by the next process.
    assert len(cluster.transcribed_twice()) <= 20
