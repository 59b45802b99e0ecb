"""The doctor suggests a path mapping if a server has the media in other folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from subtitled.config.load import Configuration, load_config
from subtitled.daemon.doctor.path_mapping import check_path_mapping, suggest_mapping
from subtitled.plugin import ComponentContext, MediaServer, PathMap, Settings, SidecarChange


class FakeServer(MediaServer):
    """A media server with the paths that the test sets."""

    files: Sequence[str] = ()
    pairs = PathMap()

    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
        raise AssertionError

    def sample_paths(self) -> Sequence[str]:
        return self.files

    def to_local(self, path: str) -> Path:
        return self.pairs.to_local(path)

    def to_server(self, path: Path) -> str:
        return self.pairs.to_server(path)


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    films = tmp_path / "srv" / "films"
    for name in ("A (2020)/A (2020).mkv", "B (2021)/B (2021).mkv"):
        (films / name).parent.mkdir(parents=True)
        (films / name).touch()
    config = tmp_path / "c.toml"
    config.write_text(f'[libraries.films]\npath = "{films}"\n')
    return load_config(config)


def fake_server(files: Sequence[str], *pairs: tuple[str, str]) -> FakeServer:
    server = FakeServer(Settings(), ComponentContext("den"))
    server.files, server.pairs = files, PathMap(pairs)
    return server


def test_a_file_that_both_have_is_named_both_ways(
    configuration: Configuration, tmp_path: Path
) -> None:
    server = fake_server(["/data/films/A (2020)/A (2020).mkv"], (f"{tmp_path}/srv", "/data"))
    (finding,) = check_path_mapping(configuration, "den", server)
    assert finding.ok
    assert f"{tmp_path}/srv/films/A (2020)/A (2020).mkv" in finding.detail


@pytest.mark.parametrize(
    ("theirs", "mine", "folder"),
    [
        ("/data/films/A (2020)/A (2020).mkv", "srv", "/data"),
        ("D:\\Media\\Films\\A (2020)\\A (2020).mkv", "srv/films", "D:\\Media\\Films"),
        ("D:/films/A (2020)/A (2020).mkv", "srv", "D:\\"),
        ("\\\\nas\\x\\Films\\A (2020)\\A (2020).mkv", "srv/films", "\\\\nas\\x\\Films"),
        ("\\\\nas\\x\\films\\A (2020)\\A (2020).mkv", "srv", "\\\\nas\\x\\"),
        ("smb://nas/media/films/A (2020)/A (2020).mkv", "srv", "smb://nas/media"),
    ],
)
def test_a_missing_mapping_is_proposed_and_works(
    configuration: Configuration, tmp_path: Path, theirs: str, mine: str, folder: str
) -> None:
    (finding,) = check_path_mapping(configuration, "den", fake_server([theirs]))
    assert not finding.ok
    assert f"servers.den.path_map = [['{tmp_path}/{mine}', '{folder}']]" in finding.hint
    server = fake_server([theirs], (f"{tmp_path}/{mine}", folder))
    (finding,) = check_path_mapping(configuration, "den", server)
    assert f"is {tmp_path}/srv/films/A (2020)/A (2020).mkv here" in finding.detail


def test_files_not_found_here_are_reported_without_a_proposed_mapping(
    configuration: Configuration,
) -> None:
    (finding,) = check_path_mapping(configuration, "den", fake_server(["/data/music/x.flac"]))
    assert not finding.ok
    assert "/data/music/x.flac is not here" in finding.detail
    assert "path_map = [" not in finding.hint


def test_a_server_that_names_no_file_is_not_judged(configuration: Configuration) -> None:
    assert list(check_path_mapping(configuration, "den", fake_server([]))) == []


def test_the_file_with_most_names_in_common_is_taken_for_the_servers() -> None:
    ours = [Path("/srv/a/S01/1.mkv"), Path("/srv/b/S01/1.mkv"), Path("/srv/b/S02/1.mkv")]
    assert suggest_mapping(["/tv/b/S01/1.mkv"], ours) == [("/srv", "/tv")]


def test_where_two_files_of_ours_may_be_meant_neither_is_taken() -> None:
    ours = [Path("/srv/a/S01/1.mkv"), Path("/srv/b/S01/1.mkv")]
    assert suggest_mapping(["/tv/c/S01/1.mkv"], ours) == []


def test_narrow_pairs_come_first_since_the_first_that_fits_counts() -> None:
    ours = [Path("/srv/films/A.mkv"), Path("/srv/kids/B.mkv")]
    pairs = suggest_mapping(["/films/A.mkv", "/data/cartoons/B.mkv"], ours)
    assert pairs == [("/srv/kids", "/data/cartoons"), ("/srv", "/")]
