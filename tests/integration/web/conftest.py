"""Requests of these tests wait for as long as a busy machine needs."""

from __future__ import annotations

from httpx._config import DEFAULT_TIMEOUT_CONFIG

SECONDS = 60.0

# httpx waits 5 seconds where it is told nothing else, which fifty tests would have to do.
for phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, phase, SECONDS)
