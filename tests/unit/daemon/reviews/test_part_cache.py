"""The folder of parts that were cut: complete files only, and no more than it may hold."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from subtitled.daemon.reviews.part_cache import MIN_KEPT_SECONDS, PartCache


def _fill(partial: Path) -> None:
    partial.write_bytes(bytes(100))


def _age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_part_is_found_after_it_was_added(tmp_path: Path) -> None:
    cache = PartCache(tmp_path / "parts")
    assert cache.find("a") is None
    path = cache.add("a", _fill)
    assert cache.find("a") == path
    assert path.read_bytes() == bytes(100)
    assert path.parent.stat().st_mode & 0o077 == 0


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    cache = PartCache(tmp_path / "parts")

    def fail(partial: Path) -> None:
        partial.write_bytes(b"half")
        raise ValueError

    with pytest.raises(ValueError):
        cache.add("a", fail)
    assert cache.find("a") is None
    assert list(cache.folder.iterdir()) == []


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    cache = PartCache(tmp_path / "parts", max_bytes=250)
    for key, age in (("a", 300.0), ("b", 400.0)):
        _age(cache.add(key, _fill), age)
    assert cache.find("b") is not None  # used now, so that a is the oldest
    cache.add("c", _fill)
    assert sorted(path.name for path in cache.folder.iterdir()) == ["b", "c"]


def test_what_may_be_on_its_way_to_a_browser_stays(tmp_path: Path) -> None:
    cache = PartCache(tmp_path / "parts", max_bytes=150)
    for key in "abc":
        cache.add(key, _fill)
    assert len(list(cache.folder.iterdir())) == 3
    for path in cache.folder.iterdir():
        _age(path, MIN_KEPT_SECONDS + 60)
    cache.add("d", _fill)
    assert [path.name for path in cache.folder.iterdir()] == ["d"]


def test_what_an_earlier_run_left_half_made_goes_with_the_rest(tmp_path: Path) -> None:
    cache = PartCache(tmp_path / "parts", max_bytes=150)
    cache.folder.mkdir()
    left = cache.folder / "1-1.part"
    left.write_bytes(bytes(100))
    _age(left, 3600)
    cache.add("a", _fill)
    assert not left.exists()
