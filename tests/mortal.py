"""Processes that a test starts and that must not outlive it, whatever ends the test."""

from __future__ import annotations


def mortal(*command: object) -> list[str]:
    """The command, so that the kernel kills it when the process that starts it is gone.

    Whoever runs the tests may be killed, and then no test cleans up. The number of the process is
    the command's own. Start it in a thread that lives on: the kernel minds the thread.
    """
    return ["setpriv", "--pdeathsig=KILL", *map(str, command)]
