"""Debian roots made with debootstrap, and programs in them under systemd-nspawn.

Where packages come from is what this machine's apt and pip are configured for, read when a root is
made or used: nothing of it is kept.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

PYTHON = "ca-certificates,python3-venv"
"""What the image of Python holds beyond a minimal Debian."""


def missing() -> str:
    """Return why no root can be created here, or an empty text."""
    if os.geteuid() != 0:
        return "a Debian root is made by root"
    for program, package in (
        ("debootstrap", "debootstrap"),
        ("systemd-nspawn", "systemd-container"),
        ("apt-get", "apt"),
    ):
        if shutil.which(program) is None:
            return f"{program} is not installed: apt install {package}"
    return ""


def archives(release: str, configured: str = "") -> list[str]:
    """Return the lines of apt's sources for a release, the release itself first.

    Args:
        release: The code name.
        configured: The code name in this machine's sources, if it is another one. The archives
            of one Debian release have the others too, at the same addresses.
    """
    configured = configured or release
    suites = [f"{configured}{pocket}" for pocket in ("", "-updates", "-security")]
    form = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    listed = _output("apt-get", "indextargets", "--format", form, "Created-By: Packages")
    sources = {tuple(line.split()) for line in listed.splitlines()}
    return [
        f"{deb} {address} {suite.replace(configured, release, 1)} {component}"
        for deb, address, suite, component in sorted(
            (source for source in sources if source[2] in suites),
            key=lambda source: suites.index(source[2]),
        )
    ]


def apt_settings() -> str:
    """Return how this machine's apt downloads, as the text of a file for apt.conf.d."""
    return _output("apt-config", "dump", "Acquire")


def make_root(root: Path, release: str) -> None:
    """Create a minimal Debian with Python in /usr/local, as in the image ``python``."""
    sources = archives(release)
    _output(
        "debootstrap",
        "--variant=minbase",
        f"--include={PYTHON}",
        release,
        str(root),
        sources[0].split()[1],
    )
    (root / "etc/apt/sources.list").write_text("\n".join(sources) + "\n", "utf-8")
    (root / "etc/apt/apt.conf.d/00machine").write_text(apt_settings())
    _output(*inside(root), "python3", "-m", "venv", "/usr/local")


def copy_root(root: Path, copy: Path) -> None:
    """Copy a root, so that the copy can be changed."""
    _output("cp", "--archive", "--reflink=auto", str(root), str(copy))


def inside(
    root: Path,
    *,
    environment: Mapping[str, str] | None = None,
    volumes: Mapping[str, Path] | None = None,
    folder: str = "/",
) -> list[str]:
    """Return the start of a command line that runs a command as process 1 of a root.

    The command sees its own processes and files, this machine's network, the ``volumes`` by where
    they are seen, and the package indexes that pip is configured for here.
    """
    settings = pip_settings()
    variables = settings | dict(environment or {})
    return [
        *"systemd-nspawn --quiet --pipe --register=no --keep-unit".split(),
        f"--directory={root}",
        f"--machine={root.name}-{os.getpid()}",
        f"--chdir={folder}",
        *"--no-new-privileges=yes --resolv-conf=replace-host --timezone=off".split(),
        *(f"--setenv={name}={value}" for name, value in variables.items()),
        *(f"--bind-ro={path}" for path in local_paths(settings.values())),
        *(f"--bind={path}:{seen}" for seen, path in (volumes or {}).items()),
    ]


def pip_settings() -> dict[str, str]:
    """Return the settings of pip on this machine as environment variables."""
    listed = _output(sys.executable, "-m", "pip", "config", "list")
    settings = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2].upper().replace("-", "_")
        settings[f"PIP_{name}"] = " ".join(ast.literal_eval(value).split())
    return settings


def local_paths(values: Iterable[str]) -> list[Path]:
    """Return the files and folders of this machine that pip's settings name.

    What a local index links to lies beside it.
    """
    words = [word for value in values for word in value.split()]
    indexes = [Path(word[7:]).parent for word in words if word.startswith("file:///")]
    others = [Path(word) for word in words if word.startswith("/")]
    return [path for path in (*indexes, *others) if path.exists()]


def _output(*command: str) -> str:
    return run(command).stdout


def run(command: Sequence[str], status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command. Fail with its output if it has another exit status."""
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ran.returncode == status, f"{command}\n{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}"
    return ran
