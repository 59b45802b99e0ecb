"""What works and what does not: engines, servers, workers, and the checks of ``doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subtitled import __version__
from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.db.database import Database
from subtitled.engines.breaker import BreakerState, CircuitBreakers, to_dict
from subtitled.plugin import LOCAL, CheckResult
from subtitled.routing.cost_estimate import engine_speeds

from ..doctor import check_machine
from ..lock import LockHolder, find_holder
from ..workers import WorkerStatus, list_workers
from .plain import to_plain
from .servers import ServerStatus, list_servers


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """One configured engine."""

    name: str
    plugin: str
    destination: str
    """Where audio is sent; ``local`` if it stays on this machine."""
    breaker: BreakerState
    """Its circuit breaker."""
    speed: float | None
    """Seconds of audio that it transcribes in a second; None before it was measured."""

    @property
    def is_local(self) -> bool:
        """Whether audio stays on this machine."""
        return self.destination == LOCAL

    def to_dict(self) -> dict[str, Any]:
        """Return the engine as JSON has it."""
        return {
            "name": self.name,
            "plugin": self.plugin,
            "destination": self.destination,
            "speed": self.speed,
            "breaker": to_plain(to_dict(self.breaker)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthAnswer:
    """What the database knows of everything that the daemon works with."""

    version: str
    daemon: LockHolder | None
    """The process of the daemon; None if it does not run."""
    engines: tuple[EngineStatus, ...]
    servers: tuple[ServerStatus, ...]
    workers: tuple[WorkerStatus, ...]
    unavailable_plugins: tuple[str, ...]
    """Why each plugin that cannot be used cannot, and what to do about it."""

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return {
            "version": self.version,
            "engines": [engine.to_dict() for engine in self.engines],
            "servers": [{"name": server.name, **server.to_dict()} for server in self.servers],
            "workers": [to_plain(worker.to_dict()) for worker in self.workers],
            "unavailable_plugins": list(self.unavailable_plugins),
        }


def describe_health(configuration: Configuration, db: Database) -> HealthAnswer:
    """Return the state of engines, media servers and workers. Nothing is asked or tried."""
    state_dir = resolve_state_dir(configuration.settings)
    return HealthAnswer(
        version=__version__,
        daemon=find_holder(state_dir),
        engines=tuple(list_engines(configuration, db)),
        servers=tuple(list_servers(db, configuration.servers)),
        workers=tuple(list_workers(db, state_dir)),
        unavailable_plugins=tuple(str(component) for component in configuration.unavailable),
    )


def list_engines(configuration: Configuration, db: Database) -> list[EngineStatus]:
    """Return the engines that can be used, in the order of the configuration."""
    breakers, speeds = CircuitBreakers(db.kv), engine_speeds(db.kv)
    return [
        EngineStatus(
            name=name,
            plugin=configured.reference,
            destination=configured.capabilities().destination,
            breaker=breakers.state_of(name),
            speed=speeds.get(name),
        )
        for name, configured in configuration.engines.items()
    ]


@dataclass(frozen=True, slots=True)
class DoctorAnswer:
    """The results of all checks."""

    results: tuple[CheckResult, ...]

    @property
    def is_ok(self) -> bool:
        """Whether every check succeeded."""
        return all(result.ok for result in self.results)

    def to_list(self) -> list[dict[str, Any]]:
        """Return the results as JSON has them."""
        plain: list[dict[str, Any]] = to_plain(self.results)
        return plain


def run_doctor(configuration: Configuration, config_path: Path | None) -> DoctorAnswer:
    """Run all checks. This reads files, starts programs and asks servers, and takes seconds.

    Args:
        configuration: The configuration.
        config_path: Its file, or None for the defaults.
    """
    return DoctorAnswer(tuple(check_machine(configuration, config_path)))
