"""Whether the daemon is well, from what is known of it: a judgement without effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BEAT_LIMIT = 60.0
"""Seconds for which the main loop may be silent: it turns each second."""


@dataclass(frozen=True, slots=True)
class Vital:
    """What is known of a daemon."""

    beat_age: float
    """Seconds since its main loop last turned."""
    state_writable: bool = True
    ledger_readable: bool = True
    broken: Sequence[str] = ()
    """Plugins that could not be loaded, each in a sentence."""
    away: Sequence[str] = ()
    """Libraries whose folder is not there."""
    engines_down: Sequence[str] = ()
    """Engines whose breaker is open."""
    servers_down: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """The judgement. ``ok`` is false only where starting anew, or somebody's hand, is needed for
    any work at all to go on; ``troubles`` also hold what keeps single parts from working."""

    ok: bool
    troubles: tuple[str, ...]


def judge(vital: Vital) -> Health:
    """How it is."""
    grave, light = tuple(_grave(vital)), tuple(_light(vital))
    return Health(not grave, (*grave, *light))


def _grave(vital: Vital) -> Iterator[str]:
    if vital.beat_age > BEAT_LIMIT:
        yield f"the main loop has not turned for {vital.beat_age:.0f} s"
    if not vital.state_writable:
        yield "the state folder cannot be written to"
    if not vital.ledger_readable:
        yield "the ledger cannot be read"


def _light(vital: Vital) -> Iterator[str]:
    yield from vital.broken
    yield from (f"library {name} is away" for name in vital.away)
    yield from (f"engine {name} is left alone after failures" for name in vital.engines_down)
    yield from (f"media server {name} could not be told" for name in vital.servers_down)
