"""Memory is released once after work, and made again when it is needed."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Iterator

import pytest

from subtitled import memory
from subtitled.memory import (
    IdleRelease,
    limit_arenas,
    map_large_blocks,
    release_memory,
    released_when_idle,
)


@pytest.fixture
def loaded() -> Iterator[functools._lru_cache_wrapper[list[int]]]:
    @released_when_idle
    @functools.cache
    def load_model() -> list[int]:
        return [1]

    yield load_model
    memory._caches.remove(load_model)


def test_a_released_model_is_loaded_again_when_it_is_needed(
    loaded: functools._lru_cache_wrapper[list[int]],
) -> None:
    first = loaded()
    assert loaded() is first
    release_memory()
    assert loaded.cache_info().currsize == 0
    assert loaded() == first
    assert loaded() is not first


def test_the_language_model_is_among_what_is_released() -> None:
    from subtitled.subtitles import language_model

    assert {language_model.load_identifier, language_model.load_likelihoods} <= set(memory._caches)


def test_memory_is_released_once_after_work_and_not_while_it_goes_on(
    loaded: functools._lru_cache_wrapper[list[int]],
) -> None:
    released: list[str] = []
    release = IdleRelease(60.0, lambda: released.append("released"))
    release.tick(True, 0.0)
    release.tick(True, 500.0)
    release.tick(False, 559.0)
    assert released == []
    release.tick(False, 560.0)
    release.tick(False, 900.0)
    assert released == ["released"]
    release.tick(True, 901.0)
    release.tick(False, 961.0)
    assert len(released) == 2


def test_work_that_is_no_job_delays_the_release_too(
    loaded: functools._lru_cache_wrapper[list[int]],
) -> None:
    released: list[str] = []
    release = IdleRelease(60.0, lambda: released.append("released"))
    release.tick(True, 0.0)
    loaded()  # the planner reads a subtitle
    release.tick(False, 59.0)
    release.tick(False, 61.0)
    assert released == []
    release.tick(False, 119.0)
    assert released == ["released"]


def test_an_idle_process_that_never_worked_releases_nothing() -> None:
    released: list[str] = []
    release = IdleRelease(60.0, lambda: released.append("released"))
    release._last_calls = memory.count_cache_calls()
    for now in range(0, 600, 10):
        release.tick(False, float(now))
    assert released == []


def test_a_c_library_without_these_functions_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_find_function", lambda name: None)
    limit_arenas()
    map_large_blocks()
    release_memory()


KEPT = """
import threading
from subtitled.memory import limit_arenas, map_large_blocks

def measure():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) // 256

limit_arenas()
map_large_blocks()
before = measure()
for _ in range(3):
    for size in (8 << 20, 4 << 20):
        thread = threading.Thread(target=lambda: bytearray(size))
        thread.start()
        thread.join()
print(measure() - before)
"""


def test_no_large_block_is_kept_when_it_is_free() -> None:
    command = [sys.executable, "-c", KEPT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 2, "megabytes"
