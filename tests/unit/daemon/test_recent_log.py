"""The last log lines: bounded, by job, and without secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.config.secrets import hide_configured_secrets
from subtitled.daemon.answers.log import read_log, read_log_of_file
from subtitled.daemon.logs import display_line
from subtitled.daemon.recent_log import (
    MAX_CHARACTERS,
    MAX_JOBS,
    MAX_LINES,
    MAX_LINES_OF_JOB,
    PRIVATE,
    RECENT_LOG,
    RecentLog,
)
from subtitled.jobs.log_context import current_job
from subtitled.plugin import Secret
from subtitled.plugin.redaction import HIDDEN, hide_secrets


@pytest.fixture(autouse=True)
def empty_log() -> Iterator[None]:
    RECENT_LOG.clear()
    yield
    RECENT_LOG.clear()
    current_job.set("")


def add(message: str, job: str = "", log: RecentLog = RECENT_LOG, level: int = 20) -> None:
    current_job.set(job)
    log.add(logging.LogRecord("subtitled", level, "", 0, message, (), None))


def messages(lines: object) -> list[str]:
    return [line.message for line in lines.lines]  # type: ignore[attr-defined]


def test_the_lines_of_a_job_stay_while_others_push_each_other_out() -> None:
    add("why it failed", "job-1")
    for number in range(MAX_LINES + 100):
        add(f"line {number}")
    assert len(RECENT_LOG.all_lines()) == MAX_LINES
    assert RECENT_LOG.all_lines()[0].message == f"line {MAX_LINES + 99}"
    assert messages(read_log(job="job-1")) == ["why it failed"]


@pytest.mark.thorough
def test_memory_is_bounded_by_lines_jobs_and_length() -> None:
    for number in range(MAX_JOBS + 50):
        for line in range(MAX_LINES_OF_JOB + 5):
            add(f"{line} " + "x" * 5000, f"job-{number}")
    assert RECENT_LOG.lines_of_job("job-0") == []
    newest = RECENT_LOG.lines_of_job(f"job-{MAX_JOBS + 49}")
    assert len(newest) == MAX_LINES_OF_JOB
    assert {len(line.message) for line in newest} == {MAX_CHARACTERS}


def test_lines_are_filtered_by_level_and_text() -> None:
    add("a scan ended")
    add("the engine does not answer", level=logging.WARNING)
    add("the ENGINE crashed", level=logging.ERROR)
    assert messages(read_log(level="warning")) == [
        "the ENGINE crashed",
        "the engine does not answer",
    ]
    assert len(read_log(search="engine").lines) == 2
    assert len(read_log(limit=1).lines) == 1
    assert read_log(limit=1).to_dict()["lines"][0]["level"] == "error"


@pytest.mark.parametrize("name", ["The Sea.mkv", "a\nb.mkv", "\udcff.mkv"])
def test_a_file_has_the_lines_of_its_jobs_and_those_that_name_it(name: str) -> None:
    path = Path("/films") / name
    add("an old job", "old")
    add("of another file", "other")
    add(f"found {display_line(path)}")
    add("a new job", "new")
    add(f"a job about {display_line(path)}", "new")
    found = messages(read_log_of_file(path, ["new", "old", "forgotten"]))
    assert found == [f"a job about {display_line(path)}", "a new job", found[2], "an old job"]
    assert found[2].startswith("found")


def test_no_secret_stands_in_a_log_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_KEY", "sécret/of a server")
    (tmp_path / "token").write_text("token-of-the-port\n")
    config = tmp_path / "config.toml"
    config.write_text(
        f'[libraries.films]\npath = "{tmp_path}"\n[web]\nport = 1\n'
        f'token = {{file = "{tmp_path}/token"}}\n'
        '[servers.tv]\nplugin = "jellyfin"\nurl = "http://127.0.0.1:1"\n'
        'api_key = {env = "SERVER_KEY"}\n'
    )
    hide_configured_secrets(load_config(config))
    add("401 for sécret/of a server, given token-of-the-port")
    add("GET http://tv/x?q=s%C3%A9cret%2Fof%20a%20server")
    assert messages(read_log()) == [
        f"GET http://tv/x?q={HIDDEN}",
        f"401 for {HIDDEN}, given {HIDDEN}",
    ]


def test_a_secret_that_is_revealed_later_is_hidden_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATER", "revealed later")
    Secret(env="LATER").reveal()
    add("wrong key: revealed later")
    assert messages(read_log()) == [f"wrong key: {HIDDEN}"]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("http://ana:pass@tv/x", f"http://{HIDDEN}@tv/x"),
        ("/x?token=abc&a=1", f"/x?token={HIDDEN}&a=1"),
        ("/x?a=1&Api_Key=abc", f"/x?a=1&Api_Key={HIDDEN}"),
        ("'http://plex/?X-Plex-Token=abc'", f"'http://plex/?X-Plex-Token={HIDDEN}'"),
        ("a film = a film @ home", "a film = a film @ home"),
        ("/films/What?key of me.mkv", "/films/What?key of me.mkv"),
    ],
)
def test_keys_and_passwords_in_addresses_are_hidden(text: str, hidden: str) -> None:
    assert hide_secrets(text) == hidden


def test_a_line_with_a_code_is_kept_out_and_an_exception_is_named() -> None:
    logger = logging.getLogger("subtitled.test_recent_log")
    record = logger.makeRecord("x", 30, "", 0, "code ABC", (), None, extra=PRIVATE)
    RECENT_LOG.add(record)
    assert RECENT_LOG.all_lines() == []
    try:
        raise OSError("no space")
    except OSError as error:
        info = (type(error), error, None)
    RECENT_LOG.add(logging.LogRecord("x", 40, "", 0, "%s broke", ("it",), info))
    RECENT_LOG.add(logging.LogRecord("x", 40, "", 0, "%s %s", ("too few",), None))
    assert messages(read_log()) == ["%s %s", "it broke (OSError: no space)"]


def test_an_exception_that_cannot_be_written_as_text_breaks_nothing() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    info = (MuteError, MuteError(), None)
    RECENT_LOG.add(logging.LogRecord("x", 40, "", 0, "%s broke", ("it",), info))
    assert messages(read_log()) == ["it broke (MuteError: without a text)"]


def test_threads_that_log_at_once_lose_no_line() -> None:
    log = RecentLog()

    def add_many() -> None:
        for _ in range(100):
            add("x", "job", log)

    threads = [threading.Thread(target=add_many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [line.number for line in log.all_lines()]
    assert numbers == list(range(800, 0, -1))
