"""Log lines for people, for the journal and for programs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import logging, sys
from subtitled.config.plugin_calls import call_with_timeout
from subtitled.daemon.logs import log_to_stderr
from subtitled.jobs.log_context import current_job
log_to_stderr("info", sys.argv[1])
log = logging.getLogger("subtitled.some")
log.info("it began")
current_job.set("cafe-1")
log.warning("two\\nlines")
call_with_timeout("plugin", lambda: log.info("of a plugin"), 5)
try:
    1 / 0
except ZeroDivisionError:
    log.exception("it broke")
"""


def lines(tmp_path: Path, shape: str, journal: bool = False, elsewhere: bool = False) -> list[str]:
    """Return the lines that a process with a shape of log writes to stderr."""
    target = tmp_path / "log"
    with target.open("w") as file:
        stat = os.fstat(file.fileno())
        stream = f"{stat.st_dev}:{stat.st_ino + elsewhere}"
        subprocess.run(
            [sys.executable, "-c", SCRIPT, shape],
            stderr=file,
            env=os.environ | ({"JOURNAL_STREAM": stream} if journal else {}),
            check=True,
        )
    return target.read_text().splitlines()


def test_on_a_terminal_lines_are_plain_and_those_of_a_job_end_with_its_id(tmp_path: Path) -> None:
    log_lines = lines(tmp_path, "auto")
    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO    it began", log_lines[0])
    assert log_lines[1].endswith("WARNING two\\nlines [cafe-1]"), "no name can forge a line"
    assert log_lines[2].endswith("INFO    of a plugin [cafe-1]")
    assert log_lines[3].endswith("ERROR   it broke [cafe-1]")
    assert log_lines[-1] == "ZeroDivisionError: division by zero"


def test_the_journal_gets_a_priority_on_every_line(tmp_path: Path) -> None:
    log_lines = lines(tmp_path, "auto", journal=True)
    assert log_lines[:3] == ["<6>it began", "<4>two\\nlines [cafe-1]", "<6>of a plugin [cafe-1]"]
    assert len(log_lines) > 4
    assert all(line.startswith("<3>") for line in log_lines[3:])


def test_a_stream_that_was_led_elsewhere_gets_none(tmp_path: Path) -> None:
    assert lines(tmp_path, "auto", journal=True, elsewhere=True)[0].endswith("INFO    it began")
    assert lines(tmp_path, "text", journal=True)[0].endswith("INFO    it began")


@pytest.mark.parametrize("journal", [False, True])
def test_programs_get_one_object_a_line(tmp_path: Path, journal: bool) -> None:
    log_lines = [
        json.loads(re.sub(r"^<\d>", "", line) if journal else line)
        for line in lines(tmp_path, "json", journal)
    ]
    assert [one["message"] for one in log_lines] == [
        "it began",
        "two\nlines",
        "of a plugin",
        "it broke",
    ]
    assert [one.get("job") for one in log_lines] == [None, "cafe-1", "cafe-1", "cafe-1"]
    assert log_lines[1]["level"] == "warning"
    assert log_lines[0]["logger"] == "subtitled.some"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", log_lines[0]["time"])
    assert "ZeroDivisionError" in log_lines[3]["exception"]


CANCELLED = """
import logging
from dbos._error import DBOSAwaitedWorkflowCancelledError
from subtitled.daemon.logs import log_to_stderr
log_to_stderr("info", "text")
log = logging.getLogger("dbos")
log.warning("Workflow x was cancelled during execution. Waiting for the recorded outcome")
for error in (DBOSAwaitedWorkflowCancelledError("x"), KeyError("y")):
    log.error("Exception encountered in background workflow:", exc_info=error)
"""


def test_cancelled_job_is_not_logged_as_a_failure() -> None:
    command = [sys.executable, "-c", CANCELLED]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert output.count("Exception encountered") == 1
    assert "KeyError" in output
    assert "ancelled" not in output
