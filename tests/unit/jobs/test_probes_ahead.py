"""Files that are planned soon are probed at the same time, and only what did not change counts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.jobs import probes_ahead
from subtitled.jobs.probes_ahead import ProbesAhead
from subtitled.media.probe import MediaInfo
from subtitled.plugin import InputRejectedError

SECONDS = 60.0
"""More than any of this takes on a busy machine."""


@pytest.fixture
def films(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.mkv" for name in "abcdefg"]
    for path in paths:
        path.write_bytes(b"film")
    return paths


def ahead(
    root: Path, probe: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch, rotates: bool | None
) -> ProbesAhead:
    monkeypatch.setattr(probes_ahead, "is_rotational", lambda path: rotates)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    return ProbesAhead({"films": LibrarySettings(path=root)}, cast(Any, probe))


@pytest.mark.parametrize(("rotates", "at_once"), [(False, 4), (None, 2), (True, 1)])
def test_as_many_files_are_probed_at_once_as_the_disk_allows(
    films: list[Path], monkeypatch: pytest.MonkeyPatch, rotates: bool | None, at_once: int
) -> None:
    together, begun = threading.Barrier(at_once), list[Path]()

    def probe(path: Path) -> str:
        begun.append(path)
        together.wait(SECONDS)
        return path.name

    probes = ahead(films[0].parent, probe, monkeypatch, rotates)
    probes.expect("films", films)
    assert str(probes.probe("films", films[0])) == "a.mkv"
    assert set(begun) == set(films[:at_once])


def test_an_expected_file_is_probed_once_and_any_other_when_it_is_asked_for(
    films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    probed = list[str]()

    def probe(path: Path) -> str:
        probed.append(path.name)
        return path.name

    probes = ahead(films[0].parent, probe, monkeypatch, None)
    for place in range(3):
        probes.expect("films", films[place:])
        assert str(probes.probe("films", films[place])) == films[place].name
    probes._begun["films"][films[3]].wait()
    assert str(probes.probe("films", films[6])) == "g.mkv"
    assert sorted(probed) == ["a.mkv", "b.mkv", "c.mkv", "d.mkv", "g.mkv"]


def test_a_file_that_changed_since_is_probed_again(
    films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def probe(path: Path) -> str:
        return path.read_text("ascii")

    probes = ahead(films[0].parent, probe, monkeypatch, None)
    probes.expect("films", films)
    probes._begun["films"][films[1]].wait()
    films[1].write_bytes(b"another film")
    assert str(probes.probe("films", films[1])) == "another film"
    assert str(probes.probe("films", films[0])) == "film"


def test_an_error_is_raised_where_the_file_is_planned(
    films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def probe(path: Path) -> MediaInfo:
        path.stat()
        raise InputRejectedError(f"{path.name} is no film", "Get it again")

    probes = ahead(films[0].parent, probe, monkeypatch, None)
    films[1].unlink()
    probes.expect("films", films)
    with pytest.raises(InputRejectedError, match="a.mkv is no film"):
        probes.probe("films", films[0])
    with pytest.raises(FileNotFoundError):
        probes.probe("films", films[1])


def test_what_is_expected_no_more_is_forgotten(
    films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = ahead(films[0].parent, lambda path: path.name, monkeypatch, None)
    probes.expect("films", films)
    probes.expect("films", films[4:])
    assert set(probes._begun["films"]) == set(films[4:6])
    probes.expect("films", [])
    assert probes._begun["films"] == {}
