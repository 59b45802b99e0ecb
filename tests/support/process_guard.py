"""Guard for processes of tests: they must not outlive the test, however it ends."""

from __future__ import annotations


def killed_with_parent(*command: object) -> list[str]:
    """Return a command that the kernel kills when the process that started it ends.

    The test runner may be killed, and then no test cleans up. The process id is that of the command
    itself. Start it in a thread that keeps running, because the kernel watches the thread.
    """
    return ["setpriv", "--pdeathsig=KILL", *map(str, command)]
