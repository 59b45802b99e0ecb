"""Embedded subtitles are extracted as what they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from subtitled.media.extract import extract_text
from subtitled.media.probe import probe_media
from subtitled.plugin import Cue
from subtitled.subtitles.formats import read_cues

ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Alignment
Style: Default,Trebuchet MS,48,&H0000FFFF,0,0,2
Style: Thought,Trebuchet MS,48,&H0000FFFF,0,-1,2

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,Hello, you
Dialogue: 0,0:00:01.50,0:00:02.00,Thought,,0,0,0,,Who is\\Nthat?
Dialogue: 1,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}
Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,Good bye
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    subtitle, path = folder / "a.ass", folder / "film.mkv"
    subtitle.write_text(ASS)
    arguments = "-v error -f lavfi -i color=s=64x36:d=4:r=5 -i".split()
    maps = "-map 0 -map 1 -map 1 -c:s:0 copy -c:s:1 srt".split()
    subprocess.run(["ffmpeg", *arguments, subtitle, *maps, path], check=True)
    return path


def test_fonts_and_drawings_of_embedded_ass_never_become_text(film: Path, tmp_path: Path) -> None:
    track, converted = probe_media(film).subtitle_tracks
    data = extract_text(film, track.index, 4.0, tmp_path / "a", track.codec)
    expected = (
        Cue(0.5, 1.5, "Hello, you"),
        Cue(1.5, 2.0, "<i>Who is\nthat?</i>"),
        Cue(2.0, 3.0, "Good bye"),
    )
    assert read_cues(data, "srt") == expected
    # What another program has converted to SubRip still has its fonts as tags.
    data = extract_text(film, converted.index, 4.0, tmp_path / "b", converted.codec)
    assert b"font face" in data
    texts = [cue.text for cue in read_cues(data, "srt")]
    assert not any("face" in text or "size" in text for text in texts)
