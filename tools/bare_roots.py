"""Run the demo and the tests in bare Debian roots, with the distribution's own Python.

Each root is made by mmdebstrap with the packages of :data:`PACKAGES` and is used as a chroot, so
that nothing of this machine is there but its kernel. The project is cloned into it; ``make``
installs the rest. Where packages come from is what apt and pip of this machine are configured for,
passed on when a root is used. Run as root from the root of the tree::

    python tools/bare_roots.py                       # demo and tests, in every release of RELEASES
    python tools/bare_roots.py --step demo bookworm  # only the demo, in Debian 12
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.debian_root import apt_settings, archives, local_paths, pip_settings  # noqa: E402

RELEASES = ("bookworm", "trixie", "sid")
"""Debian 12 has the oldest Python that we promise, the unstable release the newest there is."""
PACKAGES = ("python3", "python3-venv", "git", "make", "ca-certificates")
STEPS = ("demo", "test")
PASSED_ON = re.compile(
    r".*_proxy|.*_PROXY|SSL_CERT_\w+|\w+_CA_BUNDLE|SUBTITLED_TEST_\w+|PYTEST_\w+"
)
"""Environment variables of this machine that hold in a root too."""
LOGS = ROOT / "build" / "bare"
PROJECT = "/srv/subtitled"


class BareRootError(Exception):
    """A root that cannot be made here."""


@dataclass(kw_only=True)
class StepReport:
    """How one make target ended in one root."""

    step: str
    status: int
    minutes: float
    summary: str = ""
    """The last line of pytest."""
    failed: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    """The number of skipped tests by reason."""


def check_machine() -> None:
    """Check that roots can be made here.

    Raises:
        BareRootError: They cannot, with what to do about it.
    """
    if os.geteuid() != 0:
        raise BareRootError("a Debian root is made by root: sudo make test-bare")
    for program, package in (("mmdebstrap", "mmdebstrap"), ("unshare", "util-linux")):
        if shutil.which(program) is None:
            raise BareRootError(f"{program} is not installed: apt install {package}")


def make_root(root: Path, release: str, log: Path) -> None:
    """Make a Debian root with the project in it.

    Raises:
        BareRootError: The archive does not have the release, or cannot be reached.
    """
    sources = archives(release, _configured_release())
    if release == "sid":
        sources = sources[:1]  # it has neither updates nor security
    if not sources:
        raise BareRootError("this machine's apt has no source for Debian")
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings, log.open("w") as output:
        settings.write(apt_settings())
        settings.flush()
        command = [
            *("mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
            *(f"--aptopt={settings.name}", release, str(root), *sources),
        ]
        status = subprocess.run(command, stdout=output, stderr=output, check=False).returncode
    if status:
        raise BareRootError(f"mmdebstrap failed: {_last_line(log)}")
    clone = ["git", "-c", "safe.directory=*", "clone", "--quiet", "--no-local", str(ROOT)]
    subprocess.run([*clone, f"{root}{PROJECT}"], check=True)


def run_step(root: Path, step: str, log: Path) -> StepReport:
    """Run one make target in a root. Its output goes to a file."""
    begin = time.monotonic()
    with log.open("w") as output:
        status = subprocess.run(
            inside(root, f"cd {PROJECT} && make {step}"),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode
    report = StepReport(step=step, status=status, minutes=(time.monotonic() - begin) / 60)
    read_pytest_output(log.read_text("utf-8", "replace"), report)
    return report


def inside(root: Path, script: str) -> list[str]:
    """Return the command line of a shell script in a root.

    The chroot is left with its mounts and all its processes when the script ends.
    """
    passed_on = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    downloads = passed_on | pip_settings()
    variables = downloads | {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
    }
    lines = [
        "set -e",
        f"mount -t proc proc {root}/proc",
        f"mount --rbind /dev {root}/dev",
        f"mount --rbind --read-only /sys {root}/sys",
    ]
    for path in dict.fromkeys(local_paths(downloads.values())):
        target = shlex.quote(f"{root}{path}")
        make = f"mkdir -p {target}" if path.is_dir() else f"install -D /dev/null {target}"
        lines += [f"test -e {target} || {make}"]
        lines += [f"mount --bind --read-only {shlex.quote(str(path))} {target}"]
    environment = [f"{name}={value}" for name, value in variables.items()]
    words = ["env", "-i", *environment, "chroot", str(root), "/bin/sh", "-c", script]
    return [
        *"unshare --mount --propagation private --pid --fork --kill-child".split(),
        *("sh", "-c", "\n".join([*lines, f"exec {shlex.join(words)}"])),
    ]


def read_pytest_output(text: str, report: StepReport) -> None:
    """Read what pytest printed with ``-ra`` into a report."""
    for line in text.splitlines():
        if skipped := re.match(r"SKIPPED \[(\d+)\] \S+: (.*)", line):
            report.skipped[skipped[2]] += int(skipped[1])
        elif re.match(r"(FAILED|ERROR) \S+::", line):
            report.failed.append(line)
        elif re.fullmatch(r"=+ .*\b(passed|failed|error|errors)\b.* in .*=+", line):
            report.summary = line.strip("= ")


def main() -> int:
    """Test every release; return 1 if a step failed in one that could be made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("releases", nargs="*", default=RELEASES, help="code names of Debian")
    parser.add_argument("--step", action="append", choices=STEPS, help="only this make target")
    parser.add_argument("--keep", action="store_true", help="keep the roots and name them")
    arguments = parser.parse_args()
    try:
        check_machine()
    except BareRootError as error:
        print(error)
        return 1
    results = [
        check_release(release, arguments.step or STEPS, arguments.keep)
        for release in arguments.releases
    ]
    return 0 if all(results) else 1


def check_release(release: str, steps: list[str] | tuple[str, ...], keep: bool) -> bool:
    """Make a root, run the steps in it and print their results; return whether all passed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    # Not in /tmp, which may be in memory: a root with everything installed has 4 GB.
    root = Path(tempfile.mkdtemp(prefix=f"subtitled-{release}-", dir="/var/tmp"))
    root.chmod(0o755)
    try:
        try:
            make_root(root, release, LOGS / f"{release}-root.log")
        except BareRootError as error:
            print(f"{release}: no root could be made: {error}", flush=True)
            return release not in ("bookworm", "trixie")
        version = ["chroot", str(root), "python3", "--version"]
        python = subprocess.run(version, capture_output=True, text=True, check=True).stdout.strip()
        print(f"{release}: {python}", flush=True)
        passed = True
        for step in steps:
            log = LOGS / f"{release}-{step}.log"
            report = run_step(root, step, log)
            _print_report(report, log)
            passed = passed and report.status == 0
        return passed
    finally:
        if keep:
            print(f"{release}: kept in {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)


def _print_report(report: StepReport, log: Path) -> None:
    result = "passed" if report.status == 0 else f"FAILED with status {report.status}, see {log}"
    print(f"  make {report.step}: {result}; {report.minutes:.1f} minutes; {report.summary}")
    for line in report.failed:
        print(f"    {line}")
    for reason, count in report.skipped.most_common():
        print(f"    skipped {count}: {reason}")
    sys.stdout.flush()


def _configured_release() -> str:
    """Return the code name of this machine's Debian."""
    text = Path("/etc/os-release").read_text("utf-8")
    name = re.search(r"^VERSION_CODENAME=(\w+)", text, re.MULTILINE)
    return name[1] if name else ""


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E:")]
    return (errors or lines or ["no output"])[-1]


if __name__ == "__main__":
    sys.exit(main())
