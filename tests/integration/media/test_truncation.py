"""Detection of truncated files: files by ffmpeg, and copies in progress."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.media.truncation import missing_bytes


def make(target: Path, *options: str) -> Path:
    subprocess.run(
        [
            *"ffmpeg -v error -y -f lavfi -i testsrc2=s=64x48:r=5:d=2".split(),
            "-f",
            "lavfi",
            "-i",
            "sine=d=2",
            *options,
            str(target),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return target


WHOLE = {
    "a.mkv": (),
    "a.webm": ("-c:v", "libvpx", "-b:v", "50k", "-c:a", "libopus", "-ac", "2"),
    "a.mp4": ("-movflags", "+faststart"),
    "end.mp4": (),
    "a.mov": (),
    "a.m4a": ("-map", "1"),
    "a.wav": ("-map", "1"),
    "a.avi": (),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_lacks_nothing_and_any_part_of_it_does(name: str, tmp_path: Path) -> None:
    whole = make(tmp_path / name, *WHOLE[name])
    data = whole.read_bytes()
    assert missing_bytes(whole) == 0
    part = tmp_path / "part"
    for share in (0.3, 0.6, 0.9, 0.999):
        part.write_bytes(data[: int(len(data) * share)])
        assert missing_bytes(part) > 0, share
    part.write_bytes(data + b"\0" * 100)
    assert missing_bytes(part) == 0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("live.mkv", ("-f", "matroska", "-live", "1")),
        ("fragments.mp4", ("-movflags", "+frag_keyframe+empty_moov")),
        ("a.ts", ()),
        ("a.mp3", ("-map", "1")),
        ("a.flac", ("-map", "1")),
        ("a.ogg", ("-map", "1", "-c:a", "libopus", "-ac", "2")),
    ],
)
def test_of_streams_and_recordings_that_say_no_length_nothing_is_asked(
    name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    assert missing_bytes(make(tmp_path / name, *options)) == 0


def test_a_matroska_file_that_is_still_written_says_nothing_of_its_length(tmp_path: Path) -> None:
    """Make a file as a recorder leaves it until it finishes and rewrites the header."""
    data = bytearray(make(tmp_path / "a.mkv").read_bytes())
    segment = data.index(b"\x18\x53\x80\x67") + 4
    data[segment : segment + 8] = b"\x01" + b"\xff" * 7
    (tmp_path / "a.mkv").write_bytes(data[: len(data) // 2])
    assert missing_bytes(tmp_path / "a.mkv") == 0


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"",
            b"\x1a\x45\xdf\xa3",
            b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67",
            b"RIFF",
            b"\0\0\0\x08ftyp",
            b"\0\0\0\x01mdat",
            b"\0\0\0\0mdat",
        ]
    ),
)
def test_whatever_a_file_holds_the_answer_is_a_number(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(head + data)
    assert missing_bytes(path) >= 0
