"""The notes of recorders in wave files: the rate of the timecode and the names of channels."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavinfo import WavInfoReader

from subtitled.media.wave_notes import MAX_BYTES, NO_NOTES, parse_ixml, read_wave_notes

IXML = """<?xml version="1.0" encoding="UTF-8"?>
<BWFXML><IXML_VERSION>1.61</IXML_VERSION>
<SPEED><NOTE/><MASTER_SPEED>24000/1001</MASTER_SPEED><TIMECODE_RATE>{rate}</TIMECODE_RATE>
<TIMECODE_FLAG>{flag}</TIMECODE_FLAG></SPEED>
<TRACK_LIST><TRACK_COUNT>3</TRACK_COUNT>
<TRACK><CHANNEL_INDEX>1</CHANNEL_INDEX><INTERLEAVE_INDEX>1</INTERLEAVE_INDEX>
<NAME>BOOM</NAME><FUNCTION/></TRACK>
<TRACK><CHANNEL_INDEX>2</CHANNEL_INDEX><INTERLEAVE_INDEX>2</INTERLEAVE_INDEX><NAME/></TRACK>
<TRACK><CHANNEL_INDEX>5</CHANNEL_INDEX><INTERLEAVE_INDEX>3</INTERLEAVE_INDEX>
<NAME>Anna &amp; Jörg</NAME></TRACK>
</TRACK_LIST></BWFXML>"""
NAMES = {1: "BOOM", 3: "Anna & Jörg"}


def _ixml(rate: str = "30000/1001", flag: str = "DF") -> bytes:
    return IXML.format(rate=rate, flag=flag).encode()


def _chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    length = len(content) if size is None else size
    return name + struct.pack("<I", length) + content + b"\0" * (len(content) % 2)


FORMAT = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 3, 48_000, 288_000, 6, 16))


def _wave(*chunks: bytes, head: bytes = b"RIFF") -> bytes:
    content = b"WAVE" + b"".join((FORMAT, *chunks))
    return head + struct.pack("<I", min(len(content), 0xFFFFFFFF)) + content


@pytest.mark.parametrize("is_before", [False, True])
def test_the_notes_are_found_before_and_behind_the_samples(tmp_path: Path, is_before: bool) -> None:
    notes, samples = _chunk(b"iXML", _ixml() + b"\0\0"), _chunk(b"data", bytes(6003))
    file = tmp_path / "a.wav"
    file.write_bytes(_wave(*((notes, samples) if is_before else (samples, notes))))
    found = read_wave_notes(file)
    assert found.rate is not None
    assert (found.rate.fps, found.rate.is_drop_frame) == (Fraction(30000, 1001), True)
    assert found.channel_names == NAMES
    other = WavInfoReader(str(file)).ixml
    assert other is not None
    assert [track.name for track in other.track_list] == ["BOOM", "", "Anna & Jörg"]


def test_the_notes_are_found_behind_samples_of_more_than_four_gigabytes(tmp_path: Path) -> None:
    size = 5 * 2**30
    ds64 = _chunk(b"ds64", struct.pack("<QQQI", size, size, size // 6, 0))
    before = b"RF64\xff\xff\xff\xffWAVE" + ds64 + FORMAT + b"data\xff\xff\xff\xff"
    file = tmp_path / "a.wav"
    with file.open("wb") as wave:
        wave.write(before)
        wave.seek(len(before) + size)  # a hole, which takes no room
        wave.write(_chunk(b"iXML", _ixml()))
    assert read_wave_notes(file).channel_names == NAMES


@pytest.mark.parametrize(
    ("rate", "flag", "told"),
    [
        ("25/1", "NDF", (Fraction(25), False)),
        ("24000/1001", "NDF", (Fraction(24000, 1001), False)),
        ("25", "", (Fraction(25), False)),
        ("29.97", "DF", (Fraction(30000, 1001), True)),
        ("25/1", "DF", None),
        ("0/1", "NDF", None),
        ("1/0", "NDF", None),
        ("fast", "NDF", None),
        ("", "NDF", None),
        ("1e9", "NDF", None),
        ("1e99999999", "NDF", None),
    ],
)
def test_a_rate_that_does_not_exist_is_none(
    rate: str, flag: str, told: tuple[Fraction, bool] | None
) -> None:
    found = parse_ixml(_ixml(rate, flag)).rate
    assert (found and (found.fps, found.is_drop_frame)) == told


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no XML",
        b"<BWFXML><SPEED>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><BWFXML>&b;</BWFXML>',
        b"<a>" * 100_000,
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_notes_that_are_broken_are_none(content: bytes) -> None:
    assert parse_ixml(content) == NO_NOTES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"\x1aE\xdf\xa3 no wave file at all",
        _wave(_chunk(b"iXML", _ixml(), size=MAX_BYTES + 1)),
        _wave(_chunk(b"data", b"", size=0xFFFFFFFF), _chunk(b"iXML", _ixml())),
        _wave(*[_chunk(b"junk", b"")] * 2000, _chunk(b"iXML", _ixml())),
    ],
)
def test_a_file_without_notes_has_none(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(data)
    assert read_wave_notes(file) == NO_NOTES
    assert read_wave_notes(tmp_path / "gone.wav") == NO_NOTES


@settings(max_examples=50)
@given(st.binary(max_size=60), st.integers(0, 1200))
def test_no_damage_stops_the_reader(damage: bytes, at: int) -> None:
    content = bytearray(_ixml())
    content[at : at + len(damage)] = damage
    names = parse_ixml(bytes(content)).channel_names
    assert all(isinstance(number, int) and name for number, name in names.items())
