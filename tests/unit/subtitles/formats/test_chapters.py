"""Chapters round trip, by our reader and by ffmpeg."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from subtitled.subtitles.formats import vtt
from subtitled.subtitles.formats.chapters import (
    Chapter,
    write_ffmetadata,
    write_vtt,
)

_title = st.text(
    # Readers take byte order marks out, wherever they are.
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=30,
).map(lambda text: " ".join(text.split()) or "x")
_chapters = st.lists(
    st.tuples(st.integers(1, 10_000_000), _title), min_size=1, max_size=8, unique_by=lambda c: c[0]
).map(
    lambda found: [
        Chapter(start / 1000, end / 1000, title)
        for (start, end), (_, title) in zip(
            itertools.pairwise([0, *sorted(ms for ms, _ in found)]), found, strict=True
        )
    ]
)
HARD = [
    Chapter(0.0, 1.5, r"a = b; #c \ [CHAPTER] --> <i>&amp;"),
    Chapter(1.5, 2.0, "#1: Über 東京"),
    Chapter(2.0, 3.0, "[CHAPTER]"),
]


def read_ffmetadata(text: str) -> list[Chapter]:
    """Return the chapters of a metadata file as ffmpeg reads them."""
    # A backslash escapes the next character, even the end of a line.
    lines = re.findall(r"(?:\\.|[^\\\n])+", text, re.DOTALL)
    starts = [n for n, line in enumerate(lines) if line == "[CHAPTER]"]
    found = []
    for first, last in itertools.pairwise([*starts, len(lines)]):
        section = dict(line.split("=", 1) for line in lines[first + 1 : last])
        over, under = map(int, section["TIMEBASE"].split("/"))
        start, end = (int(section[key]) * over / under for key in ("START", "END"))
        title = re.sub(r"\\(.)", r"\1", section["title"], flags=re.DOTALL)
        found.append(Chapter(start, end, title))
    return found


@given(_chapters)
def test_what_is_written_is_read_back(chapters: list[Chapter]) -> None:
    cues = vtt.read(write_vtt(chapters)).cues
    assert [Chapter(cue.start, cue.end, cue.text) for cue in cues] == chapters
    assert read_ffmetadata(write_ffmetadata(chapters)) == chapters


def test_ffmpeg_takes_both_and_has_the_same_times_and_titles(tmp_path: Path) -> None:
    meta, webvtt, out = (tmp_path / name for name in ("a.ffmeta", "a.vtt", "a.mkv"))
    meta.write_text(write_ffmetadata(HARD))
    webvtt.write_text(write_vtt(HARD))
    sound = ["-f", "lavfi", "-i", "sine=duration=3"]
    quiet = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
    subprocess.run([*quiet, *sound, "-i", meta, "-map", "0", "-map_chapters", "1", out], check=True)
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", out],
        check=True,
        capture_output=True,
    )
    found = json.loads(shown.stdout)["chapters"]
    assert [
        Chapter(float(one["start_time"]), float(one["end_time"]), one["tags"]["title"])
        for one in found
    ] == HARD
    back = subprocess.run(
        [*quiet, "-i", out, "-f", "ffmetadata", "-"], check=True, capture_output=True, text=True
    )
    assert read_ffmetadata(back.stdout) == HARD
    as_srt = subprocess.run(
        [*quiet, "-i", webvtt, "-f", "srt", "-"], check=True, capture_output=True, text=True
    )
    assert as_srt.stdout.count("-->") >= len(HARD)
    assert "#1: Über 東京" in as_srt.stdout
