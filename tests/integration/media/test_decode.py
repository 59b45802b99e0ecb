"""Decoding from time 0: complete or refused, with no partial file left."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from subtitled.media import decode
from subtitled.media.channels import write_channel
from subtitled.media.decode import decode_channels, decode_track
from subtitled.media.errors import FileGoneError, NotMediaError, TruncatedError
from subtitled.media.probe import AudioTrack, probe_media
from subtitled.plugin import Audio, SetupError, TimeSpan, TransientError

Film = Callable[..., Path]
RATE = 16_000


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], check=True)


def _first(path: Path) -> AudioTrack:
    return probe_media(path).audio_tracks[0]


def _heard(audio: Audio, second: float = 0.1) -> list[tuple[float, float]]:
    """Return start and end of the energy in a file, in steps of 0.1 s."""
    samples = audio.read_samples(TimeSpan(0, audio.duration))
    step = round(RATE * second)
    blocks = samples[: len(samples) // step * step].reshape(-1, step)
    loud = np.sqrt((blocks**2).mean(axis=1)) > 0.01
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    return [(a * second, b * second) for a, b in edges.reshape(-1, 2)]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_audio_is_16_khz_mono_of_16_bits_and_as_long_as_the_media_file(
    film: Film, tmp_path: Path
) -> None:
    media = film("a.mkv", "sine=f=440:d=3:r=44100", ("-ac", "2"))
    audio = decode_track(media, _first(media), tmp_path / "a.s16")
    assert audio.path == tmp_path / "a.s16"
    assert audio.duration == pytest.approx(3.0, abs=0.05)
    spectrum = np.abs(np.fft.rfft(audio.read_samples(TimeSpan(1, 2))))
    assert int(spectrum.argmax()) == 440  # the pitch is right, so rate and sample width are


def test_the_chosen_track_is_the_one_that_is_decoded(tmp_path: Path) -> None:
    media = tmp_path / "two.mka"
    _ffmpeg(
        *"-f lavfi -i sine=f=300:d=2 -f lavfi -i sine=f=900:d=2".split(),
        "-map",
        "0",
        "-map",
        "1",
        "-c:a",
        "flac",
        media,
    )
    for track, pitch in zip(probe_media(media).audio_tracks, (300, 900), strict=True):
        audio = decode_track(media, track, tmp_path / "out")
        assert int(np.abs(np.fft.rfft(audio.read_samples(TimeSpan(0, 1)))).argmax()) == pitch


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov", "ts", "m2ts", "mpg"])
def test_a_track_that_starts_late_is_padded_so_that_times_are_the_mediums(
    tmp_path: Path, ending: str
) -> None:
    media = tmp_path / f"late.{ending}"
    _ffmpeg(
        *"-f lavfi -i testsrc2=s=64x36:r=25:d=5".split(),
        *"-itsoffset 2 -f lavfi -i sine=d=3 -c:v libx264".split(),
        "-preset",
        "ultrafast",
        "-c:a",
        "mp2" if ending == "mpg" else "aac",
        media,
    )
    audio = decode_track(media, _first(media), tmp_path / "late.s16")
    ((start, end),) = _heard(audio)
    assert start == pytest.approx(2.0, abs=0.15)
    assert end == pytest.approx(5.0, abs=0.15)
    assert np.abs(audio.read_samples(TimeSpan(0, 1.8))).max() < 0.001


@pytest.mark.parametrize("ending", ["mkv", "mov", "ts", "m2ts", "mpg"])
def test_microphones_that_start_late_are_padded_each_by_its_own_gap(
    tmp_path: Path, ending: str
) -> None:
    media = tmp_path / f"late.{ending}"
    _ffmpeg(
        *"-f lavfi -i testsrc2=s=64x36:r=25:d=5 -itsoffset 1 -f lavfi -i sine=d=3".split(),
        *"-itsoffset 2 -f lavfi -i sine=d=2 -map 0 -map 1 -map 2 -c:v mpeg2video".split(),
        *f"-c:a {'pcm_s16le' if ending in ('mkv', 'mov') else 'mp2'}".split(),
        media,
    )
    channels = decode_channels(media, probe_media(media).audio_tracks, tmp_path / "late.s16")
    assert channels.channels == 2
    for number, gap in enumerate((1.0, 2.0)):
        write_channel(channels, number, tmp_path / "one.s16")
        assert _heard(Audio(tmp_path / "one.s16"))[0][0] == pytest.approx(gap, abs=0.15)


def test_a_hole_in_a_track_is_silence_so_that_what_follows_keeps_its_time(tmp_path: Path) -> None:
    media = tmp_path / "hole.mka"
    _ffmpeg(
        *"-f lavfi -i sine=d=4 -af aselect='not(between(t,1,2.5))'".split(),
        "-c:a",
        "pcm_s16le",
        media,
    )
    audio = decode_track(media, _first(media), tmp_path / "hole.s16")
    (before, after) = _heard(audio)
    assert before == pytest.approx((0.0, 1.0), abs=0.15)
    assert after == pytest.approx((2.5, 4.0), abs=0.15)


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Make a minute of video and audio as a file with a given extension."""
    folder = tmp_path_factory.mktemp("minute")

    def make(ending: str) -> Path:
        target = folder / f"whole.{ending}"
        if not target.exists():
            _ffmpeg(
                *"-f lavfi -i testsrc2=s=64x36:r=5:d=60".split(),
                *"-f lavfi -i sine=d=60 -c:v libx264 -preset ultrafast".split(),
                "-g",
                "25",
                "-c:a",
                "aac",
                "-movflags",
                "faststart",
                target,
            )
        return target

    return make


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
@pytest.mark.parametrize("kept", [0.3, 0.75])
def test_a_truncated_file_is_refused_and_leaves_nothing(
    minute: Callable[[str], Path], tmp_path: Path, ending: str, kept: float
) -> None:
    whole = minute(ending).read_bytes()
    cut = tmp_path / f"cut.{ending}"
    cut.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(TruncatedError, match="cut off: it states 60 s") as caught:
        decode_track(cut, _first(cut), tmp_path / "cut.s16")
    assert "again" in caught.value.hint
    assert list(tmp_path.iterdir()) == [cut]


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_the_same_file_whole_is_accepted(
    minute: Callable[[str], Path], tmp_path: Path, ending: str
) -> None:
    media = minute(ending)
    audio = decode_track(media, _first(media), tmp_path / "whole.s16")
    assert audio.duration == pytest.approx(60, abs=0.2)


def test_an_mp4_whose_index_is_missing_is_refused(tmp_path: Path) -> None:
    media = tmp_path / "a.mp4"
    _ffmpeg("-f", "lavfi", "-i", "sine=d=20", "-c:a", "aac", media)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(media.read_bytes()[: media.stat().st_size // 2])
    with pytest.raises(NotMediaError, match="cut.mp4"):
        probe_media(cut)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_sound_that_ends_before_the_picture_of_an_intact_file_is_accepted(
    tmp_path: Path, ending: str
) -> None:
    media = tmp_path / f"short.{ending}"
    _ffmpeg(
        *"-f lavfi -i testsrc2=s=64x36:r=5:d=60 -f lavfi -i sine=d=20".split(),
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-c:a",
        "aac",
        media,
    )
    audio = decode_track(media, _first(media), tmp_path / "short.s16")
    assert audio.duration == pytest.approx(20, abs=0.2)


def test_a_damaged_middle_costs_its_own_seconds_and_no_more(
    minute: Callable[[str], Path], tmp_path: Path
) -> None:
    broken = bytearray(minute("mkv").read_bytes())
    middle = len(broken) // 2
    broken[middle : middle + 2000] = os.urandom(2000)
    media = tmp_path / "broken.mkv"
    media.write_bytes(broken)
    audio = decode_track(media, _first(media), tmp_path / "broken.s16")
    assert audio.duration == pytest.approx(60, abs=0.5)
    transcript = _heard(audio)
    assert transcript[0][0] < 0.2
    assert transcript[-1][1] > 59.5


@pytest.mark.parametrize(
    "name", ["[a] 'b' \"c\" %d.mkv", "-y.mkv", "a:b\nc.mkv", os.fsdecode(b"\xe9\xff.mkv")]
)
def test_names_of_files_and_folders_have_no_meaning_to_ffmpeg(
    film: Film, tmp_path: Path, name: str
) -> None:
    media, folder = tmp_path / name, tmp_path / f"out {name}"
    film("plain.mkv").rename(media)
    folder.mkdir()
    audio = decode_track(media, _first(media), folder / name)
    assert audio.duration == pytest.approx(3.0, abs=0.1)
    assert sorted(tmp_path.iterdir()) == sorted([media, folder])
    assert list(folder.iterdir()) == [folder / name]


def test_progress_goes_up_to_the_end(minute: Callable[[str], Path], tmp_path: Path) -> None:
    listed: list[float] = []
    media = minute("mkv")
    decode_track(media, _first(media), tmp_path / "a", on_progress=listed.append)
    assert listed == sorted(listed)
    assert listed[-1] == pytest.approx(60, abs=0.5)


def test_an_earlier_half_of_the_sound_is_overwritten(film: Film, tmp_path: Path) -> None:
    media = film("a.mkv")
    (tmp_path / "a.s16.part").write_bytes(b"x" * 10_000_000)
    assert decode_track(media, _first(media), tmp_path / "a.s16").duration == pytest.approx(
        3, abs=0.1
    )
    assert not (tmp_path / "a.s16.part").exists()


def test_a_track_that_is_not_there_is_refused_by_number(film: Film, tmp_path: Path) -> None:
    with_sound, silent = film("a.mkv"), film("silent.mkv", sound=None)
    with pytest.raises(NotMediaError, match=r"track 1 of .*silent.mkv cannot be decoded"):
        decode_track(silent, _first(with_sound), tmp_path / "out")
    assert not (tmp_path / "out.part").exists()


def test_media_file_deleted_before_decoding_is_missing(film: Film, tmp_path: Path) -> None:
    media = film("a.mkv")
    track = _first(media)
    media.unlink()
    with pytest.raises(FileGoneError):
        decode_track(media, track, tmp_path / "out")


def test_decoding_past_its_limit_is_ended_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "decoding_timeout", lambda duration, with_shots: 0.05)
    media = tmp_path / "long.mka"
    _ffmpeg("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "5000", "-c:a", "flac", media)
    with pytest.raises(TransientError, match="did not finish"):
        decode_track(media, _first(media), tmp_path / "out")
    assert list(tmp_path.iterdir()) == [media]


def test_a_file_that_went_away_since_it_was_probed_is_gone_and_not_damaged(
    tmp_path: Path,
) -> None:
    media = tmp_path / "gone.mka"
    _ffmpeg("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "2", "-c:a", "flac", media)
    facts = probe_media(media)
    media.unlink()
    with pytest.raises(FileGoneError, match="gone.mka'? does not exist"):
        decode_track(media, facts.audio_tracks[0], tmp_path / "out", facts=facts)
    assert list(tmp_path.iterdir()) == []


def test_missing_ffmpeg_has_the_hint_to_install_it(
    film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = film("a.mkv")
    track = _first(media)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError) as caught:
        decode_track(media, track, tmp_path / "out")
    assert "apt install ffmpeg" in caught.value.hint


def test_a_disk_without_room_is_seen_before_anything_is_written(
    minute: Callable[[str], Path], tiny_disk: Path
) -> None:
    media = minute("mkv")
    with pytest.raises(TransientError, match="disk is full: decoding needs 2 MB") as caught:
        decode_track(media, _first(media), tiny_disk / "out")
    assert "state_dir" in caught.value.hint
    assert list(tiny_disk.iterdir()) == []


def test_full_disk_during_decoding_is_reported_and_its_space_freed(
    tmp_path: Path, tiny_disk: Path
) -> None:
    media = tmp_path / "streamed.mkv"  # written to a pipe, so it states no length
    sound = ["-f", "lavfi", "-i", "sine=d=60", "-c:a", "aac", "-f", "matroska", "pipe:1"]
    with media.open("wb") as file:
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *sound], stdout=file, check=True)
    assert probe_media(media).duration == 0
    with pytest.raises(TransientError, match="disk is full"):
        decode_track(media, _first(media), tiny_disk / "out")
    assert list(tiny_disk.iterdir()) == []
