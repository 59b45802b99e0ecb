"""Path maps between this machine and a media server."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import PathMap, is_same_path
from subtitled.plugin.paths import is_inside, quote_path


@pytest.mark.parametrize(
    ("mine", "other", "path", "seen"),
    [
        ("/media", "/data", "/media/a.mkv", "/data/a.mkv"),
        ("/media/", "/data/", "/media/a.mkv", "/data/a.mkv"),
        ("/media", "/data", "/media2/a.mkv", "/media2/a.mkv"),
        ("/", "/data", "/media/a.mkv", "/data/media/a.mkv"),
        ("/media", "D:\\", "/media/x/a.mkv", "D:\\x\\a.mkv"),
        ("/media", "D:/Films", "/media/x/a.mkv", "D:\\Films\\x\\a.mkv"),
        ("/media", "\\\\nas\\share", "/media/x/a.mkv", "\\\\nas\\share\\x\\a.mkv"),
        ("/media", "/data", "/media/x/a\\b.mkv", "/data/x/a\\b.mkv"),
        ("/media", "smb://nas/share", "/media/x/a.mkv", "smb://nas/share/x/a.mkv"),
        ("/media", "nfs://10.0.0.2/vol/films/", "/media/a.mkv", "nfs://10.0.0.2/vol/films/a.mkv"),
    ],
)
def test_folders_are_mapped_by_whole_names(mine: str, other: str, path: str, seen: str) -> None:
    assert PathMap(((mine, other),)).to_server(Path(path)) == seen
    assert PathMap(((mine, other),)).to_local(seen) == Path(path)


def test_the_first_pair_that_holds_a_path_counts() -> None:
    narrow_first = PathMap((("/media/films", "/films"), ("/media", "/data")))
    assert narrow_first.to_server(Path("/media/films/a.mkv")) == "/films/a.mkv"
    assert narrow_first.to_server(Path("/media/series/a.mkv")) == "/data/series/a.mkv"
    broad_first = PathMap((("/media", "/data"), ("/media/films", "/films")))
    assert broad_first.to_server(Path("/media/films/a.mkv")) == "/data/films/a.mkv"


@pytest.mark.parametrize("seen", ["d:\\FILMS\\x\\A.mkv", "D:/films/x/A.mkv"])
def test_on_windows_neither_case_nor_slashes_count(seen: str) -> None:
    assert PathMap((("/media", "D:\\Films"),)).to_local(seen) == Path("/media/x/A.mkv")


def test_name_that_is_not_utf8_is_given_as_a_server_reads_it() -> None:
    assert PathMap().to_server(Path(os.fsdecode(b"/media/caf\xe9.mkv"))) == "/media/caf\ufffd.mkv"


def test_paths_are_the_same_by_the_rules_of_their_system() -> None:
    assert is_same_path("D:\\Films\\a.mkv", "d:/films/A.MKV")
    assert is_same_path("smb://nas/films/a.mkv", "smb://nas/films/a.mkv")
    assert not is_same_path("/films/a.mkv", "/films/A.mkv")
    assert not is_same_path("smb://nas/films/a.mkv", "nfs://nas/films/a.mkv")


@pytest.mark.parametrize(
    ("path", "folder", "lies"),
    [
        ("/media/films/a.mkv", "/media/", True),
        ("/media2/films/a.mkv", "/media", False),
        ("/media", "/media", True),
        ("d:\\films\\a.mkv", "D:\\", True),
        ("smb://nas/films/a.mkv", "smb://nas/films/", True),
        ("smb://nas/films/a.mkv", "nfs://nas/films", False),
    ],
)
def test_whether_a_path_lies_in_a_folder(path: str, folder: str, lies: bool) -> None:
    assert is_inside(path, folder) is lies


NAMES = st.text(
    st.characters(exclude_characters="/\\:\0", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name.strip(". ") == name)
FOLDERS = st.sampled_from(["/data", "D:\\x", "\\\\n\\s", "smb://nas/s"])


@settings(deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4), FOLDERS)
def test_there_and_back_is_the_same_path(names: list[str], other: str) -> None:
    path, pairs = Path("/media", *names), PathMap((("/media", other),))
    assert pairs.to_local(pairs.to_server(path)) == path


@pytest.mark.parametrize(
    "name",
    ["film.mkv", "The Operator (2019) [1080p].mkv", "L'été à Québec.mkv", "a; rm b.mkv"],
)
def test_a_path_in_a_command_line_is_one_word_for_a_shell(name: str) -> None:
    assert shlex.split(f"subtitled queue retry {quote_path(Path(name))}")[3:] == [name]
