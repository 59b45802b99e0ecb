"""Tests of ``subtitled export``."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from subtitled.subtitles.broadcast import ebu_stl

Run = Callable[..., subprocess.CompletedProcess[str]]
SRT = "1\n00:00:01,000 --> 00:00:03,000\n{}\n\n"


def test_each_file_has_the_timecode_of_the_media_beside_it(subtitled: Run, tmp_path: Path) -> None:
    film = tmp_path / "Ein Film (2001).mov"
    source = "-f lavfi -i testsrc2=s=64x64:r=25:d=1 -timecode 10:00:00:00 -c:v mpeg2video"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *source.split(), str(film)], check=True)
    good, bad = tmp_path / "Ein Film (2001).de.srt", tmp_path / "Ein Film (2001).ja.srt"
    good.write_text(SRT.format("Grüße"), "utf-8")
    bad.write_text(SRT.format("日本"), "utf-8")
    done = subtitled("export", bad, good, "--to", "ebu-stl", "--output-dir", tmp_path / "out")
    assert done.returncode == 1
    assert "U+65E5" in done.stderr
    assert "ebu-tt-d" in done.stderr
    (written,) = (tmp_path / "out").iterdir()
    assert written.name == "Ein Film (2001).de.stl"
    start, cues = ebu_stl.read(written.read_bytes())
    assert str(start) == "10:00:00:00"
    assert [(cue.start, cue.text) for cue in cues] == [(1.0, "Grüße")]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == ["", ".mov", ".srt", ".srt"]


def test_wrong_timecode_is_told_with_its_cure_and_nothing_is_written(
    subtitled: Run, tmp_path: Path
) -> None:
    file = tmp_path / "a.en.srt"
    file.write_text(SRT.format("Hello"), "utf-8")
    done = subtitled("export", file, "--to", "scc", "--start", "10:00:00;00", "--rate", "25")
    assert done.returncode == 1
    assert "29.97" in done.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_a_rate_that_is_no_number_is_refused(subtitled: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.en.srt"
    file.write_text(SRT.format("Hello"), "utf-8")
    for rate in ("nan", "inf", "0"):
        done = subtitled("export", file, "--to", "scc", "--rate", rate)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "--rate" in done.stderr


def test_no_export_replaces_another_one_of_the_same_command(subtitled: Run, tmp_path: Path) -> None:
    files = [tmp_path / "one" / "a.en.srt", tmp_path / "two" / "a.en.srt"]
    for file in files:
        file.parent.mkdir()
        file.write_text(SRT.format(file.parent.name), "utf-8")
    done = subtitled("export", *files, "--to", "ebu-stl", "--output-dir", tmp_path / "out")
    assert done.returncode == 1
    assert "--output-dir" in done.stderr
    (written,) = (tmp_path / "out").iterdir()
    assert [cue.text for cue in ebu_stl.read(written.read_bytes())[1]] == ["one"]
