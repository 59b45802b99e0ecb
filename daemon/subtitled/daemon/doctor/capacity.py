"""What this machine can do, and which engine and model suit it and the libraries."""

from __future__ import annotations

from collections.abc import Iterator

from subtitled.config.load import Configuration
from subtitled.plugin import CheckResult

from ..benchmark.advice import advise, describe_advice


def check_capacity(configuration: Configuration) -> Iterator[CheckResult]:
    """Say what the machine has and which engine is recommended; check that models fit into it."""
    advice = advise(configuration)
    for subject, detail in describe_advice(advice):
        yield CheckResult(subject, True, detail)
    for option in advice.options:
        if option.known.is_used and option.memory_mb > advice.needs.usable_memory_mb:
            yield CheckResult(
                f"memory for {option.known.label}",
                False,
                f"it needs {option.memory_mb:.0f} MB ({option.memory_source}), and there are "
                f"{advice.needs.usable_memory_mb:.0f} MB",
                "Choose a smaller model, or allow the service more memory",
            )
