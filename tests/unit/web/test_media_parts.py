"""ETags, and the format of sound that a browser asks for."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from subtitled.media.clips import SoundFormat
from subtitled.web.etags import matches_etag
from subtitled.web.media_parts import choose_sound_format, find_range


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ("*", True),
        ('"abcd"', False),
        ("abc", False),
        ("", False),
        ('"ab", "c"', False),
    ],
)
def test_if_none_match_names_an_etag(header: str, matches: bool) -> None:
    assert matches_etag(header, '"abc"') is matches


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", SoundFormat.MP4),
        ("*/*", SoundFormat.MP4),
        ("audio/wav", SoundFormat.WAV),
        ("Audio/X-Wav; q=0.9", SoundFormat.WAV),
        ("audio/mp4, audio/wav;q=0.5", SoundFormat.MP4),
        ("audio/wav, audio/mp4;q=0.5", SoundFormat.WAV),
        ("audio/wav;q=0, */*", SoundFormat.MP4),
        ("text/html,application/xhtml+xml", SoundFormat.MP4),
        (",;,q=0;;", SoundFormat.MP4),
    ],
)
def test_accept_chooses_between_aac_and_wav(accept: str, wanted: SoundFormat) -> None:
    headers = [(b"accept", accept.encode())]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": headers})
    assert choose_sound_format(request) is wanted


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-", range(100)),
        ("bytes=10-19", range(10, 20)),
        ("bytes=99-99", range(99, 100)),
        ("bytes=90-900", range(90, 100)),
        ("bytes=-10", range(90, 100)),
        ("bytes=-1000", range(100)),
        (" Bytes=5-6 ", range(5, 7)),
        ("", None),
        ("bytes=-", None),
        ("bytes=-0", None),
        ("bytes=100-", None),
        ("bytes=20-10", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_a_range_is_one_that_there_is_or_all(header: str, wanted: range | None) -> None:
    assert find_range(header, 100) == wanted
