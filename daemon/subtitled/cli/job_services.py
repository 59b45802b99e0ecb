"""The services of a command that does the work of a job itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.jobcontext.job import Job
from subtitled.jobcontext.services import Progress, Services, build_services, open_database

from .output import display_path, errors


@contextmanager
def open_job_services(
    configuration: Configuration, progress: Progress, *, in_this_process: bool = False
) -> Iterator[Services]:
    """Build the services, and remove their scratch files at the end.

    Args:
        configuration: The configuration in use.
        progress: Is told what is being done.
        in_this_process: Whether engines run here, so that a debugger works in them.
    """
    services = build_services(
        configuration,
        open_database(configuration),
        scratch=f"scratch-{os.getpid()}",
        progress=progress,
    )
    if in_this_process:
        services.engines.run_here()
    try:
        yield services
    finally:
        services.engines.close()
        # A thread of a job that failed may still remove or write a file there.
        shutil.rmtree(services.scratch, ignore_errors=True)


def print_steps() -> Progress:
    """Return a function that prints each step of a job when it begins."""
    last: tuple[Path, str] | None = None

    def show_progress(job: Job, step_name: str, share: float) -> None:
        nonlocal last
        if (job.media, step_name) != last:
            last = job.media, step_name
            errors.print(f"{display_path(job.media.name)}: {step_name}", markup=False)

    return show_progress
