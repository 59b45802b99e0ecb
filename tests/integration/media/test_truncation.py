"""Detection of truncated files: files by ffmpeg, and copies in progress."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.media.truncation import missing_bytes

MXF_PACK = bytes.fromhex("060e2b34020501010d01020101")
MXF_HEAD = MXF_PACK + b"\x02\x04\0\x83\0\0\x78"
ASF_HEAD = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
W64_HEAD = bytes.fromhex("726966662e91cf11a5d628db04c10000")


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
    "a.mxf": ("-s", "720x576", "-r", "25", "-c:a", "pcm_s16le", "-ar", "48000"),
    "a.wmv": (),
    "a.wma": ("-map", "1"),
    "long.wav": ("-map", "1", "-rf64", "always"),
    "a.w64": ("-map", "1"),
    "a.aiff": ("-map", "1"),
    "a.caf": ("-map", "1"),
    "a.rm": ("-map", "1", "-c:a", "ac3"),
    "a.ogg": ("-map", "1", "-c:a", "libvorbis", "-ac", "2"),
    "a.opus": ("-map", "1", "-c:a", "libopus", "-ac", "2"),
    "a.oga": ("-map", "1", "-c:a", "flac"),
    "a.mp3": ("-map", "1"),
    "a.au": ("-map", "1"),
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
        ("live.asf", ("-f", "asf_stream")),
        ("a.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2", "-r", "25")),
        ("plain.mp3", ("-map", "1", "-write_xing", "0")),
        ("a.aac", ("-map", "1")),
    ],
)
def test_streams_and_recordings_without_a_length_are_not_truncated(
    name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    assert missing_bytes(make(tmp_path / name, *options)) == 0


def test_matroska_recording_without_a_length_ends_with_a_whole_block(tmp_path: Path) -> None:
    """Make a file as a recorder leaves it until it finishes and rewrites the header."""
    data = bytearray(make(tmp_path / "a.mkv").read_bytes())
    segment = data.index(b"\x18\x53\x80\x67") + 4
    data[segment : segment + 8] = b"\x01" + b"\xff" * 7
    (tmp_path / "a.mkv").write_bytes(data)
    assert missing_bytes(tmp_path / "a.mkv") == 0
    (tmp_path / "a.mkv").write_bytes(data[: len(data) // 2])
    assert missing_bytes(tmp_path / "a.mkv") > 0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("live.mkv", ("-f", "matroska", "-live", "1")),
        ("a.flv", ("-c:a", "mp3", "-ar", "44100")),
        ("a.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2", "-r", "25")),
        ("a.vob", ("-c:v", "mpeg2video", "-c:a", "mp2", "-r", "25")),
        ("a.mp3", ("-map", "1", "-write_xing", "0")),
        ("slow.mp3", ("-map", "1", "-write_xing", "0", "-ar", "16000", "-b:a", "24k")),
        ("tagged.mp3", ("-map", "1", "-write_xing", "0", "-write_id3v1", "1")),
        ("a.aac", ("-map", "1")),
        ("a.wv", ("-map", "1")),
    ],
)
def test_a_row_of_packets_that_is_cut_in_one_of_them_lacks_its_rest(
    name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    data = make(tmp_path / name, *options).read_bytes()
    assert missing_bytes(tmp_path / name) == 0
    for share in (0.451, 0.803, 0.907):
        (tmp_path / "part").write_bytes(data[: int(len(data) * share) | 1])
        assert missing_bytes(tmp_path / "part") > 0, share
    (tmp_path / "part").write_bytes(data + b"\0" * 100)
    assert missing_bytes(tmp_path / "part") == 0


MP3 = ("-map", "1", "-write_xing", "0")
PS = ("-c:v", "mpeg2video", "-c:a", "mp2", "-r", "25")
FLV = ("-c:a", "mp3", "-ar", "44100")


@pytest.mark.parametrize(
    ("name", "options", "cut", "end"),
    [
        ("a.mp3", MP3, 200, b"TAG" + bytes(125)),
        ("b.mp3", MP3, 200, b"APETAGEX" + bytes(24)),
        ("junk.mp3", MP3, 200, b"<html>" * 50),
        ("a.mpg", PS, 0, b"\0"),
        ("b.mpg", PS, 0, b"\0\0"),
        ("a.flv", FLV, 0, bytes(4)),
    ],
)
def test_what_programs_append_to_a_whole_file_makes_it_no_part(
    name: str, options: tuple[str, ...], cut: int, end: bytes, tmp_path: Path
) -> None:
    data = make(tmp_path / name, *options).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) - cut] + end)
    assert missing_bytes(tmp_path / name) == 0


def test_flash_video_with_the_length_of_its_original_is_whole(tmp_path: Path) -> None:
    data = bytearray(make(tmp_path / "a.flv", *FLV).read_bytes())
    at = data.index(b"filesize\0") + 9
    data[at : at + 8] = struct.pack(">d", len(data) + 150)
    (tmp_path / "a.flv").write_bytes(data)
    assert missing_bytes(tmp_path / "a.flv") == 0


def test_what_looks_like_a_cluster_inside_of_a_block_is_none(tmp_path: Path) -> None:
    data = bytearray(make(tmp_path / "a.mkv", "-f", "matroska", "-live", "1").read_bytes())
    data[-40:-32] = b"\x1f\x43\xb6\x75\x41\x00\x55\x55"
    (tmp_path / "a.mkv").write_bytes(data)
    assert missing_bytes(tmp_path / "a.mkv") == 0


def test_flash_video_that_is_cut_between_two_tags_states_its_length(tmp_path: Path) -> None:
    data = make(tmp_path / "a.flv", "-c:a", "mp3", "-ar", "44100").read_bytes()
    end = data.rfind(b"\x08", 0, len(data) // 2)
    while (
        int.from_bytes(data[end - 4 : end], "big")
        != int.from_bytes(data[end - 3 - int.from_bytes(data[end - 4 : end], "big") :][:3], "big")
        + 11
    ):
        end = data.rfind(b"\x08", 0, end)
    (tmp_path / "part.flv").write_bytes(data[:end])
    assert missing_bytes(tmp_path / "part.flv") == len(data) - end


def test_an_avi_recording_is_finished_when_its_length_is_filled_in(tmp_path: Path) -> None:
    data = bytearray(make(tmp_path / "a.avi").read_bytes())
    for placeholder in (bytes(4), b"\xff" * 4):
        data[4:8] = placeholder
        (tmp_path / "a.avi").write_bytes(data[: len(data) // 2])
        assert missing_bytes(tmp_path / "a.avi") > 0
    make(tmp_path / "b.avi", "-f", "avi", "-flush_packets", "1")
    piped = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", tmp_path / "b.avi", "-c", "copy", "-f", "avi", "-"],
        check=True,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    (tmp_path / "piped.avi").write_bytes(piped.stdout)
    assert missing_bytes(tmp_path / "piped.avi") == 0


MXF = WHOLE["a.mxf"]


@pytest.mark.parametrize("status", [1, 3])
def test_a_recording_as_mxf_that_is_still_written_has_an_open_header(
    status: int, tmp_path: Path
) -> None:
    """A camera or server writes the place of the footer only when it has finished."""
    data = bytearray(make(tmp_path / "a.mxf", *MXF).read_bytes())
    header = data.index(MXF_PACK + b"\x02")
    data[header + 14] = status
    data[header + 44 : header + 52] = bytes(8)  # the offset of the footer
    growing = tmp_path / "growing.mxf"
    growing.write_bytes(data[: len(data) // 2])
    assert missing_bytes(growing) > 0
    growing.write_bytes(data)  # finished without a seek: its end has the index of partitions
    assert missing_bytes(growing) == 0


def test_mxf_with_a_run_in_is_recognised(tmp_path: Path) -> None:
    data = b"\0" * 1000 + make(tmp_path / "a.mxf", *MXF).read_bytes()
    (tmp_path / "run-in.mxf").write_bytes(data)
    assert missing_bytes(tmp_path / "run-in.mxf") == 0
    (tmp_path / "run-in.mxf").write_bytes(data[: len(data) // 2])
    assert missing_bytes(tmp_path / "run-in.mxf") > len(data) // 3


def test_op_atom_clip_of_a_camera_card_has_a_length(tmp_path: Path) -> None:
    sound = ("-map", "1", "-c:a", "pcm_s16le", "-ar", "48000", "-f", "mxf_opatom")
    data = make(tmp_path / "a.mxf", *sound).read_bytes()
    assert missing_bytes(tmp_path / "a.mxf") == 0
    for share in (0.1, 0.5, 0.95):
        (tmp_path / "a.mxf").write_bytes(data[: int(len(data) * share)])
        assert missing_bytes(tmp_path / "a.mxf") > 0, share


def test_the_second_part_of_a_large_avi_counts_too(tmp_path: Path) -> None:
    """An AVI file of more than a gigabyte has several RIFF lists, each with its own length."""
    data = make(tmp_path / "a.avi").read_bytes()
    more = b"RIFF" + (100_000).to_bytes(4, "little") + b"AVIX" + bytes(99_996)
    (tmp_path / "a.avi").write_bytes(data + more)
    assert missing_bytes(tmp_path / "a.avi") == 0
    (tmp_path / "a.avi").write_bytes(data + more[:60_000])
    assert missing_bytes(tmp_path / "a.avi") == len(more) - 60_000


def test_bw64_broadcast_wave_file_has_a_length(tmp_path: Path) -> None:
    """ITU-R BS.2088 gave RF64 another name."""
    data = make(tmp_path / "a.wav", "-map", "1", "-rf64", "always").read_bytes()
    (tmp_path / "a.wav").write_bytes(b"BW64" + data[4:-500])
    assert missing_bytes(tmp_path / "a.wav") == 500


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
            b"RF64\xff\xff\xff\xffWAVEds64",
            b"BW64",
            b"FORM",
            b"caff\0\1\0\0",
            b".RMF\0\0\0\x12",
            b"caff\0\1\0\0desc\x7f\xff\xff\xff\xff\xff\xff\xfe",
            W64_HEAD,
            ASF_HEAD,
            ASF_HEAD + bytes(14) + bytes(16) + b"\xff" * 8,
            MXF_HEAD,
            b"run-in" + MXF_HEAD,
        ]
    ),
)
def test_whatever_a_file_holds_the_answer_is_a_number(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(head + data)
    assert missing_bytes(path) >= 0


def test_a_header_with_a_size_that_no_file_can_have_is_left_to_ffmpeg(tmp_path: Path) -> None:
    asf = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"\xcf" * 60
    (tmp_path / "film.wmv").write_bytes(asf)
    assert missing_bytes(tmp_path / "film.wmv") >= 0


def test_flac_that_ends_before_its_stated_samples_lacks_its_end(tmp_path: Path) -> None:
    whole = make(tmp_path / "a.flac", "-map", "1", "-ar", "96000", "-sample_fmt", "s32")
    data = whole.read_bytes()
    assert missing_bytes(whole) == 0
    part = tmp_path / "part.flac"
    for share in (0.1, 0.5, 0.9):
        part.write_bytes(data[: int(len(data) * share)])
        assert missing_bytes(part) > 0, share


@pytest.mark.parametrize("packet", ["188", "192"])
def test_transport_stream_whose_last_packet_is_cut_lacks_its_rest(
    tmp_path: Path, packet: str
) -> None:
    options = ("-mpegts_m2ts_mode", "1") if packet == "192" else ()
    whole = make(tmp_path / "a.ts", "-f", "mpegts", *options)
    data = whole.read_bytes()
    assert missing_bytes(whole) == 0
    whole.write_bytes(data[: 10 * int(packet) + 100])
    assert missing_bytes(whole) == int(packet) - 100


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mkv", ()),
        ("a.mp4", ("-movflags", "+faststart")),
        ("a.avi", ()),
        ("a.ts", ()),
        (
            "a.vob",
            (
                "-r",
                "25",
            ),
        ),
        ("a.flac", ("-map", "1")),
    ],
)
def test_reserved_length_that_is_not_written_yet_counts_as_missing(
    tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    whole = make(tmp_path / name, *options)
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) // 2] + bytes(300_000))
    assert missing_bytes(whole) > 0


def test_silence_at_the_end_of_a_wave_file_is_no_missing_part(tmp_path: Path) -> None:
    assert missing_bytes(make(tmp_path / "a.wav", "-map", "1", "-af", "apad=pad_dur=9")) == 0
