"""Formats: what is written reads back, for us and for ffmpeg."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Cue, Language, Rejected
from subtitled.subtitles.formats import read, render

EN = Language("en")
HOSTILE = [
    "The answer is\n42",
    "set {x} = 1 \\N here",
    "a --> b",
    "<b>bold</b> & <i>more</i> &amp;",
    "NOTE this",
    "1\n2\n3",
    "😀 emoji, combining: n\u0303",
    "\u202bשלום!\u202c",
]


def _cues(texts: list[str]) -> list[Cue]:
    return [Cue(n * 2.0 + 0.25, n * 2.0 + 1.75, text) for n, text in enumerate(texts)]


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass"])
def test_hostile_texts_read_back(fmt: str) -> None:
    assert len(read(render(_cues(HOSTILE), fmt, EN), fmt)) == len(HOSTILE)


_line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30)


@settings(deadline=None)
@given(
    st.lists(_line.filter(lambda t: t.strip()), max_size=6), st.sampled_from(["srt", "vtt", "ass"])
)
def test_any_text_reads_back(texts: list[str], fmt: str) -> None:
    # render() itself compares and raises if it does not.
    assert len(read(render(_cues(texts), fmt, EN), fmt)) == len(texts)


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass"])
def test_ffmpeg_finds_every_cue_and_complains_of_none(fmt: str, tmp_path: Path) -> None:
    file = tmp_path / f"a.{fmt}"
    file.write_bytes(render(_cues(HOSTILE), fmt, EN))
    decoded = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", file, "-f", "ass", "-"], capture_output=True, check=True
    )
    assert decoded.stderr == b""
    packets = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(packets.stdout.split()) == len(HOSTILE)


def test_files_of_others_are_read_whatever_their_encoding() -> None:
    text = "1\r\n00:00:01,000 --> 00:00:02,500\r\nÉté\r\n\r\n"
    text += "2\r\n00:00:03,000 --> 00:00:04,000\r\n42\r\n"
    for data in (text.encode("utf-8-sig"), text.encode("utf-16"), text.encode("cp1252")):
        cues = read(data, "srt")
        assert [(cue.start, cue.end, cue.text) for cue in cues] == [(1, 2.5, "Été"), (3, 4, "42")]


def test_webvtt_notes_and_styles_are_no_text() -> None:
    text = "WEBVTT\n\nSTYLE\n::cue {}\n\nNOTE hi\n\nid\n00:01.000 --> 00:02.000 line:0\n<c>Hi</c>\n"
    (cue,) = read(text.encode(), "vtt")
    assert cue.text == "Hi"


def test_garbage_is_refused() -> None:
    with pytest.raises(Rejected):
        read(b"\x00\x01nothing of the kind", "srt")
