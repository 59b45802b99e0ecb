"""A command of yours for each event: a list of arguments, no shell, an environment that is known.

docs/notifications.md lists the variables. Exit status 0 is done, 75 (``EX_TEMPFAIL`` of sysexits.h)
is tried again later, any other is told in the log and given up.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from subtitled.plugin import (
    Component,
    Failed,
    Finding,
    Finished,
    Misconfigured,
    Notice,
    Notifier,
    Published,
    Rejected,
    Settings,
    Temporary,
    event_to_json,
    hookimpl,
)

SUBTITLED_CONTRACT = "2.0"

TRY_AGAIN = 75
_HANDED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
"""Of the daemon's own environment: all else may be a secret of its configuration."""
_TOLD = 300
"""Characters of what the command says that are logged when it fails."""


class CommandSettings(Settings):
    """``[notifiers.command]``"""

    argv: tuple[str, ...] = Field(
        min_length=1,
        description="The program and its arguments, each a text of its own; nothing in them is "
        "replaced.",
    )
    events: tuple[Literal["published", "finished", "failed"], ...] = Field(
        ("published",), min_length=1, description="For which events to run it."
    )
    timeout: float = Field(
        20.0, gt=0, le=45, description="Seconds until it is killed with all that it started."
    )


class Command(Notifier):
    """One command."""

    Settings = CommandSettings
    settings: CommandSettings

    def notify(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            said = event_to_json(notice.event)
            if said["event"] in self.settings.events:
                self._run(environment(notice), json.dumps({"at": notice.at, **said}))

    def check(self) -> Sequence[Finding]:
        program = self.settings.argv[0]
        found = shutil.which(program)
        if found is None:
            return [Finding(self._called(), False, f"{program} is no program", self._cure())]
        return [Finding(self._called(), True, found)]

    def _run(self, variables: dict[str, str], standard_input: str) -> None:
        try:
            running = subprocess.Popen(
                self.settings.argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=variables,
                cwd="/",
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise Misconfigured(
                f"{self._called()} cannot be started: {getattr(error, 'strerror', error)}",
                self._cure(),
            ) from error
        try:
            said, _ = running.communicate(standard_input.encode("ascii"), self.settings.timeout)
        except subprocess.TimeoutExpired:
            _end(running)
            raise Rejected(
                f"{self._called()} took longer than {self.settings.timeout:g} s and was killed",
                f"Have it do less, or raise {self._called()}.timeout",
            ) from None
        if running.returncode == 0:
            return
        status = running.returncode
        how = f"status {status}" if status > 0 else f"signal {-status}"
        last = said.decode("utf-8", "replace").strip()[-_TOLD:]
        problem = Temporary if status == TRY_AGAIN else Rejected
        raise problem(f"{self._called()} ended with {how}: {last or 'it said nothing'}")

    def _called(self) -> str:
        return f"notifiers.{self.context.name}"

    def _cure(self) -> str:
        return f"Write the whole path of a program into {self._called()}.argv and make it runnable"


def environment(notice: Notice) -> dict[str, str]:
    """What the command finds in its environment; paths are the very bytes of the file system."""
    handed_on = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    event = notice.event
    said: dict[str, str | Path] = {
        "EVENT": type(event).__name__.lower(),
        "ID": str(notice.id),
        "AT": f"{notice.at:.3f}",
        "MEDIA": event.media,
    }
    match event:
        case Published():
            said |= {
                "SIDECAR": event.sidecar,
                "LANGUAGE": str(event.language),
                "KIND": str(event.kind),
            }
        case Finished():
            said |= {"OUTCOME": event.outcome, "MADE": str(len(event.made))}
        case Failed():
            said |= {"REASON": event.reason, "CURE": event.cure}
            said["AGAIN_AT"] = "" if event.again_at is None else f"{event.again_at:.0f}"
    ours = {f"SUBTITLED_{name}": str(value).replace("\0", "") for name, value in said.items()}
    return handed_on | ours


def _end(running: subprocess.Popen[bytes]) -> None:
    """Kill it and all that it started, and leave no zombie."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate()


@hookimpl
def subtitled_components() -> list[type[Component]]:
    return [Command]
