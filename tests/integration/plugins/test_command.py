"""The command notifier: environment, exit status and time limit."""

from __future__ import annotations

import ast
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from subtitled.plugin import (
    ComponentContext,
    InputRejectedError,
    JobFailed,
    JobFinished,
    Language,
    Notification,
    ReviewsWaiting,
    SetupError,
    SubtitleApproved,
    SubtitleKind,
    SubtitlePublished,
    TransientError,
)
from subtitled_plugins.command import CommandNotifier, CommandSettings

MEDIA = Path(os.fsdecode(b"/films/caf\xe9 $(touch x); `y` [z].mkv"))
PUBLISHED = SubtitlePublished(
    MEDIA, MEDIA.with_suffix(".en.srt"), Language("pt-BR"), SubtitleKind.FULL
)


def command(*argv: str, **settings: Any) -> CommandNotifier:
    return CommandNotifier(CommandSettings(argv=argv, **settings), ComponentContext("command"))


def python(code: str, **settings: Any) -> CommandNotifier:
    return command(sys.executable, "-c", code, **settings)


def test_the_event_is_in_the_environment_byte_for_byte_and_on_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "secret")
    out = tmp_path / "out"
    code = (
        "import os, sys, json; said = {k.decode(): v.hex() for k, v in os.environb.items()}; "
        f"json.dump([said, json.load(sys.stdin)], open({str(out)!r}, 'w'))"
    )
    python(code).notify([Notification(7, 12.5, PUBLISHED)])
    variables, output = json.loads(out.read_text())
    seen = {name: bytes.fromhex(value) for name, value in variables.items()}
    assert seen["SUBTITLED_MEDIA"] == os.fsencode(MEDIA)
    assert seen["SUBTITLED_SIDECAR"] == os.fsencode(PUBLISHED.sidecar)
    assert (seen["SUBTITLED_EVENT"], seen["SUBTITLED_LANGUAGE"]) == (b"published", b"pt-BR")
    assert (seen["SUBTITLED_ID"], seen["SUBTITLED_AT"]) == (b"7", b"12.500")
    assert "SOME_KEY" not in seen
    assert (output["event"], bytes.fromhex(output["media_hex"])) == (
        "published",
        os.fsencode(MEDIA),
    )


def test_events_of_reviews_say_how_many_wait_and_who_approved(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        "import os; known = [(k, v) for k, v in os.environ.items() if k.startswith('SUBTITLED_')]; "
        f"open({str(out)!r}, 'a').write(repr(dict(known)) + chr(10))"
    )
    waiting = ReviewsWaiting(library="films", count=12, new=3, expected_errors=41.5)
    approved = SubtitleApproved(
        media=MEDIA,
        sidecars=(PUBLISHED.sidecar,),
        language=PUBLISHED.language,
        kind=PUBLISHED.kind,
        by="Ben",
        link="https://s/review/7",
    )
    asking = python(code, events=("reviews-waiting", "approved"))
    asking.notify([Notification(n, 1.0, event) for n, event in enumerate((waiting, approved))])
    first, second = map(ast.literal_eval, out.read_text().splitlines())
    assert "SUBTITLED_MEDIA" not in first
    assert (first["SUBTITLED_LIBRARY"], first["SUBTITLED_COUNT"], first["SUBTITLED_NEW"]) == (
        "films",
        "12",
        "3",
    )
    assert (first["SUBTITLED_EXPECTED_ERRORS"], first["SUBTITLED_LINK"]) == ("41.5", "")
    assert os.fsencode(second["SUBTITLED_MEDIA"]) == os.fsencode(MEDIA)
    assert (second["SUBTITLED_BY"], second["SUBTITLED_SIDECARS"]) == ("Ben", "1")


def test_no_shell_has_its_hands_in_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"import sys; open({str(out)!r}, 'w').write(repr(sys.argv[1:]))"
    argv = ("$HOME", "a; touch x", "`id`", "", "*")
    command(sys.executable, "-c", code, *argv).notify([Notification(1, 0.0, PUBLISHED)])
    assert out.read_text() == repr(list(argv))


def test_only_the_events_that_are_wanted_run_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"import os; open({str(out)!r}, 'a').write(os.environ['SUBTITLED_EVENT'] + ' ')"
    failed = JobFailed(MEDIA, "why", "cure", retry_at=5.0)
    finished = JobFinished(MEDIA, (), "nobody speaks in it")
    notices = [Notification(n, 0.0, event) for n, event in enumerate([PUBLISHED, finished, failed])]
    python(code, events=("failed", "finished")).notify(notices)
    assert out.read_text() == "finished failed "


@pytest.mark.parametrize(
    ("status", "problem"), [(75, TransientError), (1, InputRejectedError), (3, InputRejectedError)]
)
def test_exit_status_decides_the_retry(status: int, problem: type[Exception]) -> None:
    code = f"import sys; print('no room'); sys.exit({status})"
    with pytest.raises(problem, match=f"status {status}: no room"):
        python(code).notify([Notification(1, 0.0, PUBLISHED)])


def test_what_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', "
        f"'import time; time.sleep(60)']); open({str(pid)!r}, 'w').write(str(child.pid)); "
        "time.sleep(60)"
    )
    begin = time.monotonic()
    with pytest.raises(InputRejectedError, match="longer than 2 s"):
        python(code, timeout=2).notify([Notification(1, 0.0, PUBLISHED)])
    assert time.monotonic() - begin < 20
    child, deadline = int(pid.read_text()), time.monotonic() + 10
    while Path(f"/proc/{child}").exists():
        state = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state == "Z":  # nobody reaps it in some containers
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_command_that_cannot_run_has_a_hint() -> None:
    missing = command("/nowhere/x")
    with pytest.raises(SetupError, match="whole path"):
        missing.notify([Notification(1, 0.0, PUBLISHED)])
    (found,) = missing.self_check()
    assert not found.ok
    assert command(sys.executable).self_check()[0].ok
