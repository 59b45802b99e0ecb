"""Commands in Linux namespaces of their own."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def unshare(*options: str) -> list[str]:
    """Return the start of a command line that runs a command in new namespaces.

    The test is skipped where that is not permitted, as in a chroot or for a restricted user.

    Args:
        options: Options of ``unshare``, such as ``--mount``.
    """
    command = ["unshare", *options]
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed: apt install util-linux")
    ran = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if ran.returncode:
        reason = ran.stderr.strip() or f"exit status {ran.returncode}"
        pytest.skip(f"{' '.join(command)} is not permitted here (as in a chroot): {reason}")
    return command
