"""Houses, films, disks and chance for the fault tests. Run them with: make test-faults."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from disks import Disks
from films import SPOKEN, Film, make_film
from household import House, sidecar_of

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.faults)


def _folder(name: str) -> Path:
    """A folder that other users may enter, which pytest's own may not be."""
    folder = Path(tempfile.mkdtemp(prefix=f"subtitled-{name}-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def films(site: Path) -> Iterator[list[Film]]:
    """Three films that say different things, with the subtitles that a calm daemon makes."""
    place = _folder("films")
    sources = [make_film(place, number) for number in range(len(SPOKEN))]
    calm = House(place, site)
    for source in sources:
        shutil.copyfile(source, calm.library / source.name)
    calm.start()
    media = [calm.library / source.name for source in sources]
    for medium in media:
        calm.until_state(medium, "done")
    calm.stop()
    made = [sidecar_of(medium).read_bytes() for medium in media]
    assert all(subtitle.count(b" --> ") >= 3 for subtitle in made), made
    assert len(set(made)) == len(made)
    yield [Film(*pair) for pair in zip(sources, made, strict=True)]
    calm.close()
    shutil.rmtree(place)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for one test."""
    folder = _folder("house")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def disks(place: Path) -> Iterator[Disks]:
    """Mounts of all kinds in the test's folder, undone afterwards."""
    made = Disks(place)
    yield made
    made.close()


@pytest.fixture
def build(disks: Disks, place: Path, site: Path) -> Iterator[Callable[..., House]]:
    """Builds houses: ``build(wishes='stability_delay = "3s"')``."""
    built: list[House] = []

    def one(where: str = "", **options: object) -> House:
        folder = place / where
        folder.mkdir(exist_ok=True)
        built.append(House(folder, site, **options))  # type: ignore[arg-type]
        return built[-1]

    yield one
    for house in built:
        house.close()
        print(f"--- the log of {house.place}:\n{house.told()}")


@pytest.fixture
def chance() -> random.Random:
    """Chance that can be had again: the seed is printed and taken from the environment."""
    seed = int(os.environ.get("SUBTITLED_TEST_SEED", random.randrange(1 << 30)))
    print(f"SUBTITLED_TEST_SEED={seed}")
    return random.Random(seed)
