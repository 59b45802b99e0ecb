"""Fixtures of the fault tests: daemons, films, disks, randomness. Run: make test-faults."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.disks import Disks
from support.fault_harness import FaultHarness, sidecar_of
from support.spoken_films import SPOKEN, Film, make_film

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.faults)


def _folder(name: str) -> Path:
    """Create a folder that other users may read, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix=f"subtitled-{name}-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def films(site: Path) -> Iterator[list[Film]]:
    """Return three films with different speech, and their subtitles by an undisturbed daemon."""
    place = _folder("films")
    sources = [make_film(place, number) for number in range(len(SPOKEN))]
    calm = FaultHarness(place, site)
    for source in sources:
        shutil.copyfile(source, calm.library / source.name)
    calm.start()
    media = [calm.library / source.name for source in sources]
    for media_file in media:
        calm.until_state(media_file, "done")
    calm.stop()
    sidecar = [sidecar_of(media_file).read_bytes() for media_file in media]
    assert all(subtitle.count(b" --> ") >= 3 for subtitle in sidecar), sidecar
    assert len(set(sidecar)) == len(sidecar)
    yield [Film(*pair) for pair in zip(sources, sidecar, strict=True)]
    calm.close()
    shutil.rmtree(place)


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder for one test."""
    folder = _folder("harness")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def disks(place: Path) -> Iterator[Disks]:
    """Return mounts of all kinds in the test's folder, which are removed afterwards."""
    created = Disks(place)
    yield created
    created.close()


@pytest.fixture
def build(disks: Disks, place: Path, site: Path) -> Iterator[Callable[..., FaultHarness]]:
    """Return a function that builds a daemon: ``build(library_lines='stability_delay = "3s"')``."""
    built: list[FaultHarness] = []

    def one(where: str = "", **options: object) -> FaultHarness:
        folder = place / where
        folder.mkdir(exist_ok=True)
        built.append(FaultHarness(folder, site, **options))  # type: ignore[arg-type]
        return built[-1]

    yield one
    for harness in built:
        harness.close()
        print(f"--- the log of {harness.place}:\n{harness.describe_logs()}")


@pytest.fixture
def chance() -> random.Random:
    """Return a reproducible random generator. The seed is printed; the environment may set it."""
    seed = int(os.environ.get("SUBTITLED_TEST_SEED", random.randrange(1 << 30)))
    print(f"SUBTITLED_TEST_SEED={seed}")
    return random.Random(seed)
