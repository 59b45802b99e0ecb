"""The services of a command that does the work of a job itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from subtitled.config.load import Configuration
from subtitled.jobcontext.services import Progress, Services, build_services, open_database


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
        for file in services.scratch.iterdir():
            file.unlink()
        services.scratch.rmdir()
