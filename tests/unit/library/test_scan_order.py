"""What a scan finds: everything that counts, in order, once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.config.settings import AUDIO_EXTENSIONS, VIDEO_EXTENSIONS, LibrarySettings
from subtitled.library.media_filter import MediaFilter
from subtitled.library.scanner import scan, scan_batches
from subtitled.library.subtitle_names import sidecar_hashes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


def walked(root: Path) -> set[str]:
    library = LibrarySettings(path=root)
    return {str(path.relative_to(root)) for path, _ in scan(root, library)}


def test_a_scan_finds_files_of_every_media_type(root: Path) -> None:
    expected = {f"a.{ending}" for ending in VIDEO_EXTENSIONS + AUDIO_EXTENSIONS}
    for name in (*expected, "a.jpg", "a.nfo", "a.srt", "a.mkv.srt", "a.exe", "mkv"):
        (root / name).touch()
    assert walked(root) == expected


@given(
    st.sampled_from(["part", "partial", "crdownload", "download", "tmp", "temp", "!qB", "!ut"])
    | st.sampled_from(["aria2", "filepart", "opdownload"]),
    st.sampled_from(VIDEO_EXTENSIONS),
    st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1),
    st.booleans(),
)
def test_an_unfinished_download_is_ignored_until_it_is_renamed(
    unfinished: str, ending: str, stem: str, loud: bool
) -> None:
    unfinished = unfinished.upper() if loud else unfinished
    sieve = MediaFilter(LibrarySettings(path=Path("/f"), ignore=()))
    assert not sieve.accepts(f"{stem}.{ending}.{unfinished}")
    assert sieve.accepts(f"{stem}.{ending}")
    # Not even where somebody counts such an ending as media.
    greedy = MediaFilter(LibrarySettings(path=Path("/f"), ignore=(), extensions=(unfinished,)))
    assert not greedy.accepts(f"{stem}.{unfinished}")


_names = st.sampled_from(
    [
        "film.mkv",
        "SAMPLE",
        "Extras",
        "a",
        "b.MP4",
        ".hidden",
        "x-trailer.mkv",
        "@eaDir",
        "n.txt",
        "c.mkv.part",
        "lost+found",
        "season 1",
        "[x] {y}.webm",
        "sample.mkv",
        "samples",
        "extra",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_names, min_size=1, max_size=4), max_size=8))
def test_a_scan_finds_exactly_the_files_whose_events_are_handled(
    tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]]
) -> None:
    root = tmp_path_factory.mktemp("library")
    for parts in paths:
        path = root.joinpath(*parts)
        if not any(above.is_file() for above in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    sieve = MediaFilter(LibrarySettings(path=root))
    files = {path for path in root.rglob("*") if path.is_file()}
    taken = {
        str(path.relative_to(root))
        for path in files
        if sieve.accepts(path.name) and sieve.descends(path.parent)
    }
    assert walked(root) == taken
    assert not {name for name in taken if name.endswith(".part") or "/." in f"/{name}"}


def test_a_deep_tree_is_scanned_completely_without_circles(root: Path) -> None:
    folder = root
    for _ in range(60):
        folder = folder / "deep"
        folder.mkdir()
        (folder / "up").symlink_to("..")
    (folder / "a.mkv").touch()
    (root / "b.mkv").symlink_to(folder / "a.mkv")
    for follow, names in ((False, ["a.mkv"]), (True, ["a.mkv", "b.mkv"])):
        library = LibrarySettings(path=root, follow_symlinks=follow)
        assert sorted(path.name for path, _ in scan(root, library)) == names


def test_a_deletion_during_a_scan_does_not_end_it(root: Path) -> None:
    for number in range(30):
        folder = root / str(number)
        folder.mkdir()
        (folder / "a.mkv").touch()
    listed: list[Path] = []
    library = LibrarySettings(path=root)
    walking = scan(root, library, lambda path, error: listed.append(path))
    first, _ = next(walking)
    gone = [folder for folder in root.iterdir() if folder != first.parent][:10]
    for folder in gone:
        (folder / "a.mkv").unlink()
        folder.rmdir()
    assert len(list(walking)) == 30 - 1 - len(gone)
    assert set(listed) == set(gone)


def test_each_file_comes_with_its_own_size_and_time(root: Path) -> None:
    (root / "a.mkv").write_bytes(b"12345")
    os.utime(root / "a.mkv", ns=(1, 1_234_567_890_123_456_789))
    ((path, stat),) = scan(root, LibrarySettings(path=root))
    assert (path, stat.st_size) == (root / "a.mkv", 5)
    assert stat.st_mtime_ns == 1_234_567_890_123_456_789


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["a", "a.mkv", "a-b", "a b.mkv", "b", "B.mkv", "a0.mkv", "\x80"]))
        .filter(bool)
        .map(lambda parts: "/".join(parts)),
        max_size=12,
    )
)
def test_paths_come_in_the_order_of_the_database(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str]
) -> None:
    root = tmp_path_factory.mktemp("library")
    for path in paths:
        target = root / path
        if not any(above.is_file() for above in target.parents) and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            (target.touch if path.endswith(".mkv") else target.mkdir)()
    library = LibrarySettings(path=root, ignore=())
    found = [path for run in scan_batches(root, library) for path, _, _ in run]
    assert found == sorted(os.fsencode(p) for p in root.rglob("*.mkv") if p.is_file())


def test_links_are_followed_only_if_configured_never_out_and_never_in_a_circle(root: Path) -> None:
    store, shows, outside = root / ".store", root / "shows", root.parent / "outside"
    for folder in (store, shows, outside):
        folder.mkdir()
        (folder / f"{folder.name.strip('.')}.mkv").touch()
    (shows / "up").symlink_to("..")
    (shows / "self").symlink_to(shows)
    (shows / "out").symlink_to(outside)
    (shows / "out.mkv").symlink_to(outside / "outside.mkv")
    (shows / "in").symlink_to(store)
    (shows / "in.mkv").symlink_to(store / "store.mkv")
    (shows / "nothing.mkv").symlink_to("nowhere")
    (store / "shows").symlink_to(shows)
    assert walked(root) == {"shows/shows.mkv"}
    library = LibrarySettings(path=root, follow_symlinks=True)
    found = [str(path.relative_to(root)) for path, _ in scan(root, library)]
    assert found == ["shows/in.mkv", "shows/in/store.mkv", "shows/shows.mkv"]


def test_two_names_of_one_file_are_both_found(root: Path) -> None:
    (root / "a.mkv").write_bytes(b"film")
    os.link(root / "a.mkv", root / "b.mkv")
    assert walked(root) == {"a.mkv", "b.mkv"}


def test_another_library_inside_is_left_to_itself(root: Path) -> None:
    for name in ("inner", "inner2"):
        (root / name).mkdir()
        (root / name / "a.mkv").touch()
    passing = scan_batches(root, LibrarySettings(path=root), None, {os.fsencode(root / "inner")})
    assert [path for run in passing for path, _, _ in run] == [os.fsencode(root / "inner2/a.mkv")]


def test_the_sidecar_hash_depends_on_the_sidecars_of_one_media_file_only() -> None:
    media = [b"S01E1.mkv", b"S01E10.mkv", b"x.mkv"]
    none = sidecar_hashes(media, [])
    english = sidecar_hashes(media, [b"S01E1.en.srt"])
    both = sidecar_hashes(media, [b"S01E1.en.srt", b"S01E1.de.forced.srt"])
    other = sidecar_hashes(media, [b"S01E1.en.srt", b"S01E10.srt", b".srt", b"S01E1"])
    assert none == {}
    assert set(english) == {b"S01E1.mkv"}
    assert english[b"S01E1.mkv"] != both[b"S01E1.mkv"]
    assert other[b"S01E1.mkv"] == english[b"S01E1.mkv"]
    assert set(other) == {b"S01E1.mkv", b"S01E10.mkv"}
    assert sidecar_hashes(media, [b"S01E1.de.forced.srt", b"S01E1.en.srt"]) == both
