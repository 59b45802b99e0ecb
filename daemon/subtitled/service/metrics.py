"""Metrics in the text format of Prometheus (exposition format 0.0.4), written by hand.

What is counted since the daemon began ends with ``_total`` and begins at 0 with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from subtitled import __version__
from subtitled.config.load import Configuration
from subtitled.engines.breaker import Breakers
from subtitled.jobcontext.counters import Tally
from subtitled.jobs.halts import Told
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState

from .crew import crew

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the metrics tell."""

    files: Mapping[str, int]
    """How many are in each state; every state is there."""
    jobs: int = 0
    """Worked on, or waiting for leave to be."""
    halted: bool = False
    audio_seconds: Mapping[str, float] = field(default_factory=dict)
    """Heard, by engine."""
    engine_seconds: Mapping[str, float] = field(default_factory=dict)
    """Spent on that, by engine."""
    failures: Mapping[str, float] = field(default_factory=dict)
    """Of jobs, by what was wrong: temporary, misconfigured, rejected."""
    breakers: Mapping[str, bool] = field(default_factory=dict)
    """Whether each engine's is open."""
    servers: Mapping[str, bool] = field(default_factory=dict)
    """Whether each media server took what it was last told."""
    workers: Mapping[str, bool] = field(default_factory=dict)
    """Whether each worker beside the daemon is there."""


def facts_of(configuration: Configuration, ledger: Ledger, tally: Tally, jobs: int) -> Facts:
    """The facts of a daemon, from its ledger and what it counted."""
    counts, mailbox = ledger.counts(), ledger.mailbox
    breakers = Breakers(mailbox)
    return Facts(
        files={str(state): counts.get(state, 0) for state in FileState},
        jobs=jobs,
        halted=Told(mailbox).first() is not None,
        audio_seconds=dict.fromkeys(configuration.engines, 0.0) | tally.of("audio seconds"),
        engine_seconds=dict.fromkeys(configuration.engines, 0.0) | tally.of("engine seconds"),
        failures=tally.of("failures"),
        breakers={name: not breakers.of(name).closed for name in configuration.engines},
        servers={
            name: mailbox.get_control(f"server {name}") is None for name in configuration.servers
        },
        workers={one.name: one.lock is not None for one in crew(ledger, ledger.path.parent)},
    )


def exposition(facts: Facts) -> str:
    """The facts as Prometheus reads them."""
    return "\n".join([*_lines(facts), ""])


def _lines(facts: Facts) -> Iterator[str]:
    yield from _family("subtitled_info", "gauge", "The version.", "version", {__version__: 1})
    yield from _family(
        "subtitled_files", "gauge", "Files of all libraries by state.", "state", facts.files
    )
    yield from _family("subtitled_jobs", "gauge", "Jobs in work.", "", {"": facts.jobs})
    yield from _family(
        "subtitled_halted", "gauge", "1 while work gives way to others.", "", {"": facts.halted}
    )
    yield from _family(
        "subtitled_audio_seconds_total",
        *("counter", "Seconds of audio that an engine heard.", "engine", facts.audio_seconds),
    )
    yield from _family(
        "subtitled_engine_seconds_total",
        *("counter", "Seconds that an engine took for it.", "engine", facts.engine_seconds),
    )
    yield from _family(
        "subtitled_failures_total", "counter", "Jobs that failed.", "kind", facts.failures
    )
    yield from _family(
        "subtitled_breaker_open",
        *("gauge", "1 while an engine is left alone.", "engine", facts.breakers),
    )
    yield from _family(
        "subtitled_server_up",
        *("gauge", "0 for a media server that could not be told.", "server", facts.servers),
    )
    yield from _family(
        "subtitled_worker_up", "gauge", "0 for a worker that was lost.", "worker", facts.workers
    )


def _family(
    name: str, kind: str, about: str, label: str, values: Mapping[str, float]
) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for value, amount in sorted(values.items()):
        named = f'{{{label}="{_escaped(value)}"}}' if label else ""
        yield f"{name}{named} {float(amount):.15g}"


_MEANS = {"\\": r"\\", '"': r"\"", "\n": r"\n"}


def _escaped(value: str) -> str:
    return re.sub(r'[\\"\n]', lambda match: _MEANS[match[0]], value)
