"""Clusters for the tests of workers, and films with different speech."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.cluster import WorkerCluster

SAID = (
    "The harbour was empty when the ferry came in. Nobody waited on the pier. ",
    "Seven bridges cross the river, and I have walked over every one of them. ",
    "My grandmother kept bees behind the house. In summer the garden hummed. ",
)


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three recordings of a quarter of a minute with different speech."""
    folder = tmp_path_factory.mktemp("spoken")
    created = []
    for number, text in enumerate(SAID):
        voice = folder / f"voice-{number}.wav"
        subprocess.run(["espeak-ng", "-v", "en", "-s", "150", "-w", voice, text * 3], check=True)
        created.append(voice)
    return created


@pytest.fixture
def build(tmp_path: Path, site: Path) -> Iterator[Callable[..., WorkerCluster]]:
    """Build clusters: ``build(daemon='worker_timeout = "3s"')``."""
    built: list[WorkerCluster] = []

    def one(**sections: str) -> WorkerCluster:
        built.append(WorkerCluster(tmp_path / f"cluster-{len(built)}", site, **sections))
        return built[-1]

    yield one
    for cluster in built:
        cluster.close()
        print(f"--- the logs of {os.fspath(cluster.place)}:\n{cluster.describe_logs()}")
