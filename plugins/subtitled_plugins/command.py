"""A notifier that runs a command for each event, without a shell and with a fixed environment.

docs/admins/notifications.md lists the variables. Exit status 0 is success, 75 (``EX_TEMPFAIL``) is
retried later, and any other is logged and dropped.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from subtitled.plugin import (
    REVIEW_EVENTS,
    CheckResult,
    InputRejectedError,
    JobFailed,
    JobFinished,
    Notification,
    Notifier,
    Register,
    ReviewEvent,
    ReviewReopened,
    ReviewsWaiting,
    Settings,
    SetupError,
    SubtitleApproved,
    SubtitlePublished,
    TransientError,
    event_to_json,
    hookimpl,
)

SUBTITLED_API = "1"

RETRY_EXIT_STATUS = 75
_PASSED_VARIABLES = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
)
"""Variables of the daemon's environment that the command receives. Others may be secrets."""
_MAX_OUTPUT_CHARACTERS = 300
"""How many characters of the output are logged if the command fails."""


class CommandSettings(Settings):
    """The settings in ``[notifiers.command]``."""

    argv: tuple[str, ...] = Field(
        min_length=1,
        description="The program and its arguments, as a list. Nothing in them is replaced.",
    )
    events: tuple[
        Literal["published", "finished", "failed", "reviews-waiting", "approved", "reopened"], ...
    ] = Field(("published",), min_length=1, description="Events that run the command.")
    timeout: float = Field(
        20.0,
        gt=0,
        le=45,
        description="Seconds until the command is killed with its child processes.",
    )


class CommandNotifier(Notifier[CommandSettings]):
    """A command that is run for each event."""

    @classmethod
    def review_events(cls, settings: CommandSettings) -> Collection[type[ReviewEvent]]:
        return [kind for name, kind in REVIEW_EVENTS.items() if name in settings.events]

    def notify(self, notifications: Sequence[Notification]) -> None:
        for notification in notifications:
            payload = event_to_json(notification.event)
            if payload["event"] in self.settings.events:
                self._run_command(
                    build_environment(notification),
                    json.dumps({"at": notification.occurred_at, **payload}),
                )

    def self_check(self) -> Sequence[CheckResult]:
        program = self.settings.argv[0]
        executable = shutil.which(program)
        if executable is None:
            return [
                CheckResult(
                    self._get_section(), False, f"{program} is no program", self._get_hint()
                )
            ]
        return [CheckResult(self._get_section(), True, executable)]

    def _run_command(self, variables: dict[str, str], standard_input: str) -> None:
        try:
            process = subprocess.Popen(
                self.settings.argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=variables,
                cwd="/",
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise SetupError(
                f"{self._get_section()} cannot be started: {getattr(error, 'strerror', error)}",
                self._get_hint(),
            ) from error
        try:
            output, _ = process.communicate(standard_input.encode("ascii"), self.settings.timeout)
        except subprocess.TimeoutExpired:
            _kill_group(process)
            raise InputRejectedError(
                f"{self._get_section()} took longer than {self.settings.timeout:g} s "
                "and was killed",
                f"Have it do less, or raise {self._get_section()}.timeout",
            ) from None
        if process.returncode == 0:
            return
        status = process.returncode
        ending = f"status {status}" if status > 0 else f"signal {-status}"
        last_output = output.decode("utf-8", "replace").strip()[-_MAX_OUTPUT_CHARACTERS:]
        error_type = TransientError if status == RETRY_EXIT_STATUS else InputRejectedError
        raise error_type(
            f"{self._get_section()} ended with {ending}: {last_output or 'it said nothing'}"
        )

    def _get_section(self) -> str:
        return f"notifiers.{self.context.name}"

    def _get_hint(self) -> str:
        return f"Set {self._get_section()}.argv to the whole path of a program that can be run"


def build_environment(notification: Notification) -> dict[str, str]:
    """Build the environment of the command. Paths are the exact bytes of the file system."""
    passed = {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}
    event = notification.event
    values: dict[str, str | Path] = {
        "EVENT": event_to_json(event)["event"],
        "ID": str(notification.id),
        "AT": f"{notification.occurred_at:.3f}",
    }
    if not isinstance(event, ReviewsWaiting):
        values["MEDIA"] = event.media
    match event:
        case SubtitlePublished():
            values |= {
                "SIDECAR": event.sidecar,
                "LANGUAGE": str(event.language),
                "KIND": str(event.kind),
            }
        case JobFinished():
            values |= {"OUTCOME": event.outcome, "SIDECARS": str(len(event.sidecars))}
        case JobFailed():
            values |= {"REASON": event.reason, "HINT": event.hint}
            values["RETRY_AT"] = "" if event.retry_at is None else f"{event.retry_at:.0f}"
        case ReviewsWaiting():
            values |= {
                "LIBRARY": event.library,
                "COUNT": str(event.count),
                "NEW": str(event.new),
                "EXPECTED_ERRORS": f"{event.expected_errors:.1f}",
                "LINK": event.link,
            }
        case SubtitleApproved() | ReviewReopened():
            values |= {
                "LANGUAGE": str(event.language),
                "KIND": str(event.kind),
                "BY": event.by,
                "LINK": event.link,
            }
            if isinstance(event, SubtitleApproved):
                values["SIDECARS"] = str(len(event.sidecars))
    variables = {
        f"SUBTITLED_{name}": str(value).replace("\0", "") for name, value in values.items()
    }
    return passed | variables


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process group and reap the process."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@hookimpl
def register_notifiers(register: Register[Notifier]) -> None:
    register(CommandNotifier)
