"""The fingerprint of a file."""

from __future__ import annotations

import shutil
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from subtitled.library.fingerprint import BLOCK_BYTES, SAMPLE_COUNT, content_fingerprint

LARGE = BLOCK_BYTES * SAMPLE_COUNT * 2


def test_a_renamed_and_a_copied_file_are_the_same(tmp_path: Path) -> None:
    first = tmp_path / "a.mkv"
    first.write_bytes(b"film" * LARGE)
    known = content_fingerprint(first)
    shutil.copyfile(first, tmp_path / "copy.mkv")
    first.rename(tmp_path / "b.mkv")
    assert (
        content_fingerprint(tmp_path / "b.mkv")
        == content_fingerprint(tmp_path / "copy.mkv")
        == known
    )


def test_an_empty_file_has_an_identity_too(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").touch()
    assert len(content_fingerprint(tmp_path / "a.mkv")) == 32


@given(data=st.binary(min_size=1, max_size=2000), at=st.integers(min_value=0))
def test_a_small_file_is_another_with_any_byte_changed(
    tmp_path_factory: object, data: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("id")  # type: ignore[attr-defined]
    one, other = folder / "a", folder / "b"
    one.write_bytes(data)
    changed = bytearray(data)
    changed[at % len(data)] ^= 1
    other.write_bytes(changed)
    assert content_fingerprint(one) != content_fingerprint(other)


def test_a_large_file_is_another_with_its_head_its_end_or_its_size_changed(tmp_path: Path) -> None:
    film = tmp_path / "a.mkv"
    data = bytearray(LARGE)
    seen = set()
    for change in (None, 0, LARGE - 1, LARGE):
        changed = bytearray(data)
        if change == LARGE:
            changed.append(0)
        elif change is not None:
            changed[change] = 1
        film.write_bytes(changed)
        seen.add(content_fingerprint(film))
    assert len(seen) == 4
