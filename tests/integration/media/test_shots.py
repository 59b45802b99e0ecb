"""Shot changes, detected in the same run that decodes the audio."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.media.clips import CutSource
from subtitled.media.decode import decode_track
from subtitled.media.probe import probe_media
from subtitled.media.shots import ShotReader, find_shot_changes
from subtitled.plugin import TimeSpan

CUTS = (1.5, 2.25, 4.0)
RATE = 24


@pytest.fixture(scope="module")
def cut_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a film of four different shots, cut at :data:`CUTS`, with a tone as audio."""
    target = tmp_path_factory.mktemp("cuts") / "a film, [cut]: 1.mkv"
    edges = (0.0, *CUTS, 5.0)
    shots = ("testsrc2", "color=c=white", "mandelbrot", "color=c=navy")
    inputs: list[str] = []
    for shot, start, end in zip(shots, edges, edges[1:], strict=False):
        mark = "=" if "=" not in shot else ":"
        inputs += [
            "-f",
            "lavfi",
            "-i",
            f"{shot}{mark}s=192x108:r={RATE},trim=duration={end - start}",
        ]
    joined = "".join(f"[{n}:v]" for n in range(4)) + "concat=n=4[v]"
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            *inputs,
            "-f",
            "lavfi",
            "-i",
            "sine=d=5",
            "-filter_complex",
            joined,
            "-map",
            "[v]",
            "-map",
            "4:a",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-g",
            "12",
            "-c:a",
            "flac",
            f"file:{target}",
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return target


def test_hard_cuts_are_found_to_the_frame_with_the_sound_in_one_run(
    cut_film: Path, tmp_path: Path
) -> None:
    facts = probe_media(cut_film)
    assert facts.frame_rate == RATE
    cuts: list[float] = []
    listed: list[float] = []
    audio = decode_track(
        cut_film,
        facts.audio_tracks[0],
        tmp_path / "a.s16",
        on_shot_change=cuts.append,
        on_progress=listed.append,
    )
    assert cuts == pytest.approx(CUTS, abs=0.5 / RATE)
    assert audio.duration == pytest.approx(5, abs=0.1)
    assert listed == sorted(listed)
    assert listed[-1] == pytest.approx(5, abs=0.2)


def test_the_sound_is_the_same_with_and_without_watching(cut_film: Path, tmp_path: Path) -> None:
    track = probe_media(cut_film).audio_tracks[0]
    with_picture = decode_track(cut_film, track, tmp_path / "a", on_shot_change=lambda cut: None)
    alone = decode_track(cut_film, track, tmp_path / "b")
    assert with_picture.path.read_bytes() == alone.path.read_bytes()


def test_shot_changes_of_a_late_video_have_times_of_the_media_file(
    cut_film: Path, tmp_path: Path
) -> None:
    late = tmp_path / "late.mkv"
    subprocess.run(
        [
            *"ffmpeg -v error -f lavfi -i sine=d=8 -itsoffset 2".split(),
            "-i",
            f"file:{cut_film}",
            "-map",
            "0:a",
            "-map",
            "1:v",
            "-c:v",
            "copy",
            late,
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    cuts: list[float] = []
    decode_track(
        late, probe_media(late).audio_tracks[0], tmp_path / "a", on_shot_change=cuts.append
    )
    assert cuts == pytest.approx([cut + 2 for cut in CUTS], abs=0.05)


@pytest.mark.parametrize(("container", "late"), [("mkv", 0.0), ("ts", 0.0), ("mkv", 2.0)])
def test_a_span_has_the_shot_changes_that_the_whole_film_has_in_it(
    cut_film: Path, tmp_path: Path, container: str, late: float
) -> None:
    film, scratch = tmp_path / f"film.{container}", tmp_path / "scratch"
    inputs = f"ffmpeg -v error -nostdin -f lavfi -i sine=d=8 -itsoffset {late}".split()
    copied = [*inputs, "-i", f"file:{cut_film}", *"-map 1:v -map 0:a -c:v copy".split(), str(film)]
    subprocess.run(copied, check=True)
    facts = probe_media(film)
    source = CutSource(path=film, tracks=facts.audio_tracks, start_time=facts.start_time)
    for start, end in ((0.0, 9.0), (1.0, 5.0), (1.45, 2.0), (1.6, 2.0), (2.0, 9.0), (4.2, 4.8)):
        found = find_shot_changes(source, TimeSpan(start + late, end + late), scratch)
        expected = [cut + late for cut in CUTS if start <= cut < end]
        assert found == pytest.approx(expected, abs=0.6 / RATE), (start, end)
        assert not scratch.exists()


def test_a_file_without_a_picture_still_gives_its_sound(tmp_path: Path) -> None:
    sound = tmp_path / "a.flac"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=2", sound],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    cuts: list[float] = []
    audio = decode_track(
        sound, probe_media(sound).audio_tracks[0], tmp_path / "a", on_shot_change=cuts.append
    )
    assert audio.duration == pytest.approx(2, abs=0.05)
    assert cuts == []


def test_a_picture_that_does_not_change_has_no_cuts(
    film: Callable[..., Path], tmp_path: Path
) -> None:
    media = film("a.mkv")
    cuts: list[float] = []
    decode_track(
        media, probe_media(media).audio_tracks[0], tmp_path / "a", on_shot_change=cuts.append
    )
    assert cuts == []


@pytest.mark.parametrize("line", ["", "frame:", "frame:0 pts:1 pts_time:", "frame=3", "pts_time:4"])
def test_what_is_no_cut_is_none(line: str) -> None:
    reader = ShotReader()
    assert reader.read_line(line) is None
    assert reader.read_line("lavfi.scene_score=0.5") is None


def test_only_a_frame_with_a_score_is_a_cut() -> None:
    reader = ShotReader()
    assert reader.read_line("frame:3 pts:9 pts_time:2.5") is None
    assert reader.read_line("lavfi.aphasemeter.out_phase_start=2.5") is None
    assert reader.read_line("frame:4 pts:12 pts_time:3.5") is None
    assert reader.read_line("lavfi.scene_score=0.9") == 3.5
